#include "base/brackets.h"

namespace rollcall {

std::optional<std::size_t> TooManyBrackets(std::string_view text) {
  std::size_t line = 1;
  std::size_t open = 0;
  for (const char c : text) {
    if (c == '\n') ++line;
    if (c == '[' || c == '{') {
      if (++open > kMostBrackets) return line;
    } else if ((c == ']' || c == '}') && open > 0) {
      --open;
    }
  }
  return std::nullopt;
}

}  // namespace rollcall
