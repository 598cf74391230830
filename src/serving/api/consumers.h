// Whom the book of consumers has for a name.
//
// Pure.
#pragma once

#include <optional>
#include <string_view>

#include "wire/name.h"

namespace rollcall::serving::api {

// The name that a consumer asks for, without selectors (`_healthy.`).  Nothing: it is none.
[[nodiscard]] std::optional<wire::Name> PlainName(std::string_view asked);

}  // namespace rollcall::serving::api
