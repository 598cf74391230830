#include "model/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <optional>

#include "base/ascii.h"

namespace rollcall::model {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// The code unit of a \uXXXX that starts `text`.
std::optional<std::uint16_t> UnicodeEscape(std::string_view text) {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  std::uint16_t unit = 0;
  const char* const end = text.data() + 6;
  const auto [rest, error] = std::from_chars(text.data() + 2, end, unit, 16);
  if (error != std::errc() || rest != end) return std::nullopt;
  return unit;
}

bool IsHighSurrogate(std::uint16_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}

bool IsLowSurrogate(std::uint16_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

// Octets of the one well-formed character that starts `text` (Unicode, table
// 3-7); 0: there is none.
std::size_t CharacterSize(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = octet(0);
  if (first < 0x80) return 1;
  std::size_t size = 0;
  unsigned char least = 0x80;  // of the second octet
  unsigned char most = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    size = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    size = 3;
    if (first == 0xE0) least = 0xA0;
    if (first == 0xED) most = 0x9F;  // no surrogates
  } else if (first >= 0xF0 && first <= 0xF4) {
    size = 4;
    if (first == 0xF0) least = 0x90;
    if (first == 0xF4) most = 0x8F;
  }
  if (size == 0 || text.size() < size || octet(1) < least || octet(1) > most) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if (octet(i) < 0x80 || octet(i) > 0xBF) return 0;
  }
  return size;
}

}  // namespace

std::string MendSurrogateEscapes(std::string_view json) {
  std::string mended(json);
  for (std::size_t at = mended.find('\\'); at < mended.size(); at = mended.find('\\', at)) {
    const std::string_view rest = std::string_view(mended).substr(at);
    const auto unit = UnicodeEscape(rest);
    if (!unit) {
      at += 2;  // the octet behind a backslash starts no escape of its own
      continue;
    }
    if (IsHighSurrogate(*unit)) {
      const auto next = UnicodeEscape(rest.substr(6));
      if (next && IsLowSurrogate(*next)) {
        at += 12;
        continue;
      }
    }
    if (IsHighSurrogate(*unit) || IsLowSurrogate(*unit)) mended.replace(at, 6, "\\ufffd");
    at += 6;
  }
  return mended;
}

std::string MendUtf8(std::string_view text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return std::string(text);
  std::string mended;
  mended.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = CharacterSize(text);
    mended.append(size > 0 ? text.substr(0, size) : kReplacement);
    text.remove_prefix(size > 0 ? size : 1);
  }
  return mended;
}

std::string FoldName(std::string_view name) {
  std::string folded;
  folded.reserve(name.size());
  while (!name.empty()) {
    if (name.starts_with("\u017F")) {
      folded += 's';
      name.remove_prefix(2);
    } else if (name.starts_with("\u212A")) {
      folded += 'k';
      name.remove_prefix(3);
    } else {
      folded += ToLower(name.front());
      name.remove_prefix(1);
    }
  }
  return folded;
}

void AppendJsonString(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : MendUtf8(text)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace rollcall::model
