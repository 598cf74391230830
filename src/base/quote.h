// Text of others as a message shows it: in quotes, on one line, and as what it is.
//
// Not by fmt's {:?}: that of Debian 12 ends the program over a text that stops in the
// midst of a UTF-8 character.
//
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace rollcall {

// "a\"b\n\xff": quotes, backslashes and what is not printable are escaped; so is every octet
// that is not part of valid UTF-8.
[[nodiscard]] std::string Quote(std::string_view text);

}  // namespace rollcall
