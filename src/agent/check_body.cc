#include "agent/check_body.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

namespace rollcall::agent {
namespace {

constexpr std::string_view kBlank = " \t";

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// One line, from left to right.  What does not fit leaves it in the middle.
class Line {
 public:
  explicit Line(std::string_view rest) : rest_(rest) {}

  [[nodiscard]] bool Done() const { return rest_.empty(); }
  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // True: there was some.
  bool TakeBlanks() {
    const std::size_t size = std::min(rest_.find_first_not_of(kBlank), rest_.size());
    rest_.remove_prefix(size);
    return size > 0;
  }
  std::string_view TakeWord() {
    const std::string_view word = rest_.substr(0, rest_.find_first_of(kBlank));
    rest_.remove_prefix(word.size());
    return word;
  }
  bool TakeName(bool colons) {
    std::size_t size = 0;
    while (size < rest_.size() &&
           (IsLetter(rest_[size]) || rest_[size] == '_' || (colons && rest_[size] == ':') ||
            (size > 0 && IsDigit(rest_[size])))) {
      ++size;
    }
    rest_.remove_prefix(size);
    return size > 0;
  }
  bool TakeQuoted() {
    if (!Take('"')) return false;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      if (rest_[i] == '\\') {
        ++i;
      } else if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return true;
      }
    }
    return false;
  }

 private:
  std::string_view rest_;
};

// {name="value",...}; the name of the metric itself may be the first, in quotes.
bool TakeLabels(Line& line, bool named) {
  if (!line.Take('{')) return named;
  for (;;) {
    line.TakeBlanks();
    if (line.Take('}')) return named;
    if (line.TakeQuoted()) {
      line.TakeBlanks();
      const bool is_label = line.Take('=');
      if (is_label) line.TakeBlanks();
      if (is_label ? !line.TakeQuoted() : named) return false;
      named = named || !is_label;
    } else {
      if (!line.TakeName(false)) return false;
      line.TakeBlanks();
      if (!line.Take('=')) return false;
      line.TakeBlanks();
      if (!line.TakeQuoted()) return false;
    }
    line.TakeBlanks();
    if (line.Take(',')) continue;
    return line.Take('}') && named;
  }
}

// As Go's ParseFloat, but for its underscores: decimal, hexadecimal, Inf and NaN.
bool IsValue(std::string_view word) {
  if (word.starts_with('+') || word.starts_with('-')) word.remove_prefix(1);
  auto format = std::chars_format::general;
  if (word.starts_with("0x") || word.starts_with("0X")) {
    word.remove_prefix(2);
    format = std::chars_format::hex;
  }
  if (word.empty() || word.front() == '-' || word.back() == ')') return false;
  double value = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value, format);
  return stop == end && error != std::errc::invalid_argument;
}

bool IsTimestamp(std::string_view word) {
  std::int64_t time = 0;
  const char* const end = word.data() + word.size();
  return std::from_chars(word.data(), end, time).ptr == end || IsValue(word);
}

bool IsSample(std::string_view text) {
  Line line(text);
  line.TakeBlanks();
  const bool named = line.TakeName(true);
  const bool apart = line.TakeBlanks();
  // Between the labels and the value there need not be a blank.
  const bool labelled = text.find('{') != std::string_view::npos;
  if (!TakeLabels(line, named) || (!labelled && !apart)) return false;
  line.TakeBlanks();
  if (!IsValue(line.TakeWord())) return false;
  line.TakeBlanks();
  if (line.Done() || line.Take('#')) return true;  // an exemplar may follow
  if (!IsTimestamp(line.TakeWord())) return false;
  line.TakeBlanks();
  return line.Done() || line.Take('#');
}

// "# HELP name ...", "# EOF".
bool IsMetadata(std::string_view text) {
  Line line(text);
  line.TakeBlanks();
  if (!line.Take('#')) return false;
  line.TakeBlanks();
  const std::string_view word = line.TakeWord();
  if (word == "EOF") return line.Done();
  if (word != "HELP" && word != "TYPE" && word != "UNIT") return false;
  line.TakeBlanks();
  return line.TakeName(true) || line.TakeQuoted();
}

bool IsComment(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  return first == std::string_view::npos || text[first] == '#';
}

}  // namespace

bool IsMetrics(std::string_view body) {
  while (!body.empty()) {
    const std::string_view line = body.substr(0, body.find('\n'));
    if (IsMetadata(line)) return true;
    if (!IsComment(line)) return IsSample(line);
    body.remove_prefix(std::min(line.size() + 1, body.size()));
  }
  return false;
}

}  // namespace rollcall::agent
