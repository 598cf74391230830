// Letters of ASCII without regard to case, whatever the locale: as DNS, HTTP and URLs compare them.
// (Debian's Abseil takes no std::string_view; its strings are of C++14.)
//
// Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace rollcall {

[[nodiscard]] constexpr char ToLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
// Writes `text` in lower case to `to`, which may be where it is; eight octets at a time, for the
// names of questions.
inline void LowerCaseTo(std::string_view text, char* to) {
  const auto lower = [&](std::size_t at) {
    constexpr std::uint64_t kEach = 0x0101010101010101;
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    // The high bit of an octet's sum says that its low seven bits reach a bound, and none carries
    // into the next.
    const std::uint64_t low = word & (0x7f * kEach);
    const std::uint64_t from_a = low + (0x80 - 'A') * kEach;
    const std::uint64_t beyond_z = low + (0x7f - 'Z') * kEach;
    const std::uint64_t letters = from_a & ~beyond_z & ~word & (0x80 * kEach);
    word |= letters >> 2;  // 0x80 is two bits above 'a' - 'A'
    std::memcpy(to + at, &word, sizeof word);
  };
  const std::size_t size = text.size();
  if (size < 8) {
    std::transform(text.begin(), text.end(), to, ToLower);
    return;
  }
  for (std::size_t at = 0; at + 8 <= size; at += 8) lower(at);
  if (size % 8 != 0) lower(size - 8);  // some of them once more
}
[[nodiscard]] inline std::string LowerCase(std::string_view text) {
  std::string lower(text);
  LowerCaseTo(lower, lower.data());
  return lower;
}

[[nodiscard]] inline bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ToLower(x) == ToLower(y); });
}
[[nodiscard]] inline bool StartsWithIgnoreCase(std::string_view text, std::string_view start) {
  return EqualsIgnoreCase(text.substr(0, start.size()), start);
}
[[nodiscard]] inline bool EndsWithIgnoreCase(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && EqualsIgnoreCase(text.substr(text.size() - end.size()), end);
}

}  // namespace rollcall
