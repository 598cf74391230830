#include "base/quote.h"

#include <fmt/format.h>

#include <cstddef>
#include <iterator>

#include "base/utf8.h"

namespace rollcall {
std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const std::size_t size = Utf8CharacterSize(text);
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
