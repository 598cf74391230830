// Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
//
// Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace rollcall {

// How many octets the character at the front has; 0: none begins there.
// Requires: `text` is not empty.
[[nodiscard]] std::size_t Utf8CharacterSize(std::string_view text);

[[nodiscard]] bool IsUtf8(std::string_view text);

}  // namespace rollcall
