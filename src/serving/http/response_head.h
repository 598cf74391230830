// The head of an answer, as octets (RFC 9112 section 4).
//
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "serving/http/exchange.h"

namespace rollcall::serving::http {

struct Framing {
  bool old_version = false;  // the client speaks HTTP/1.0
  bool keep_alive = true;
  // Of the body; nothing: it comes in chunks, or to an HTTP/1.0 client until the end.
  std::optional<std::size_t> length;
};

// Whether an answer of this status has a body at all, even an empty one.
[[nodiscard]] bool HasBody(unsigned status);

// `always`: the configured headers, which count where the response says nothing of its own.
// A header of the response that cannot be one (a line break in it) is left out.
[[nodiscard]] std::string MakeHead(const Response& response, const Framing& framing,
                                   const std::vector<Field>& always, std::string_view date);

// "Thu, 26 Nov 2026 01:02:03 GMT"
[[nodiscard]] std::string HttpDate(WallTime time);

}  // namespace rollcall::serving::http
