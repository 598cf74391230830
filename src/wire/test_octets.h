// For this room's tests: octets as they are written in RFCs, and names.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "wire/name.h"
#include "wire/record.h"

namespace rollcall::wire {

// How gtest shows a record.
inline void PrintTo(const Record& record, std::ostream* to) {
  *to << ToText(record);
}

}  // namespace rollcall::wire

namespace rollcall::wire::test {

using Octets = std::vector<std::uint8_t>;

// "00 07 'node' 05" is the two octets, the four of the text, and one more.
inline Octets FromHex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  Octets octets;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
    } else if (text[i] == '\'') {
      const std::size_t end = text.find('\'', i + 1);
      octets.insert(octets.end(), text.begin() + static_cast<std::ptrdiff_t>(i + 1),
                    text.begin() + static_cast<std::ptrdiff_t>(end));
      i = end + 1;
    } else {
      octets.push_back(static_cast<std::uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
      i += 2;
    }
  }
  return octets;
}

// Requires: a good name; throws otherwise, which fails the test.
inline Name N(std::string_view text) {
  return Name::FromText(text).value();
}

}  // namespace rollcall::wire::test
