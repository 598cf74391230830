// Whether a writer may write what he wants to: his scope, held against it.
//
// Pure.
#pragma once

#include <string_view>

#include "base/result.h"
#include "serving/http/exchange.h"

namespace rollcall::serving::api {

// The registration of this name (in lower case, as names.h spells it), with this address.
// kRefused: why not, in a sentence.
[[nodiscard]] Result<void> MayWriteInstance(const http::Request& request, std::string_view name,
                                            std::string_view address);

// Something that is said of all at or below a name, or of a host (name: "").
[[nodiscard]] Result<void> MayWriteBelow(const http::Request& request, std::string_view name);

// 403, where Failure() would blame the store.
[[nodiscard]] http::Response Forbidden(const Error& error);

}  // namespace rollcall::serving::api
