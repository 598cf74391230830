// A guard in front of yaml-cpp, whose time doubles with each bracket that is open at once:
// twenty-five of them, in a file of forty octets, take it minutes.
//
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace rollcall {

// More than anybody nests, and still parsed in milliseconds.
inline constexpr std::size_t kMostBrackets = 12;

// The line (from 1) in which `text` has more than kMostBrackets of `[` and `{` open at once;
// nothing: nowhere.  Counts those within quotes and comments as well.
[[nodiscard]] std::optional<std::size_t> TooManyBrackets(std::string_view text);

}  // namespace rollcall
