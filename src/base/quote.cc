#include "base/quote.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace rollcall {
namespace {

// How many octets the character at the front has; 0: none begins there.
std::size_t CharacterSize(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 0;
  if (size == 0 || size > text.size()) return 0;
  std::uint32_t point = first & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
    point = point << 6 | (at(i) & 0x3F);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  return point < kLeast[size] || point > 0x10FFFF || surrogate ? 0 : size;
}

}  // namespace

std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const std::size_t size = CharacterSize(text);
    const char c = text.front();
    if (size == 1 && (c == '"' || c == '\\')) {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n' || c == '\r' || c == '\t') {
      quoted += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (size == 0 || (size == 1 && (c < ' ' || c == '\x7f'))) {
      fmt::format_to(std::back_inserter(quoted), "\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      quoted += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return quoted += '"';
}

}  // namespace rollcall
