#include "agent/check_output.h"

#include <algorithm>

#include "model/json_text.h"

namespace rollcall::agent {
namespace {

constexpr std::string_view kDots = "...";

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

}  // namespace

std::string FirstLine(std::string_view text, std::size_t most) {
  text = Trim(text);
  text = Trim(text.substr(0, text.find('\n')));
  // More than could be said: the rest need not be looked at.
  std::string line = model::MendUtf8(text.substr(0, most * 4));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, ' ');
  if (line.size() <= most) return line;
  std::size_t end = most - std::min(most, kDots.size());
  while (end > 0 && IsContinuation(line[end])) --end;
  return line.substr(0, end).append(kDots.substr(0, most));
}

}  // namespace rollcall::agent
