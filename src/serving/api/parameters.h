// The parameters of a query, each of which is read or refused.
//
// Pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "serving/http/exchange.h"

namespace rollcall::serving::api {

// kInvalid: one that is none of `known`, or stands there twice.  A name in `known` that ends
// with '.' stands for all that begin with it; one that ends with '*' may be repeated.
[[nodiscard]] Result<void> CheckParameters(const http::Request& request,
                                           std::initializer_list<std::string_view> known);

// "": it is not there.
[[nodiscard]] std::string TextParameter(const http::Request& request, std::string_view name);

// A decimal number from 0 to `most`; `otherwise`: it is not there.  kInvalid: anything else.
[[nodiscard]] Result<std::size_t> NumberParameter(const http::Request& request,
                                                  std::string_view name, std::size_t otherwise,
                                                  std::size_t most);

// The revision that a write names, by If-Match or `revision` (0: that there is none).  Nothing:
// it names none.
struct Expected {
  std::optional<std::int64_t> revision;
  bool any = false;  // If-Match: *
};
// kInvalid: neither is a revision, or both are there.
[[nodiscard]] Result<Expected> ExpectedRevision(const http::Request& request);

}  // namespace rollcall::serving::api
