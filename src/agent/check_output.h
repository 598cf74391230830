// What a check says, fit for a record in the store and for people: one line of printable
// text in UTF-8, and short.
//
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace rollcall::agent {

inline constexpr std::size_t kMostOutput = 200;

// The first line of `text` that is not blank, in at most `most` octets; what was cut off
// is three dots.
[[nodiscard]] std::string FirstLine(std::string_view text, std::size_t most = kMostOutput);

}  // namespace rollcall::agent
