#include "serving/sd/json_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/utf8.h"

namespace rollcall::serving::sd {
namespace {

constexpr std::uint64_t Each(std::uint64_t octet) {
  return octet * 0x0101010101010101U;
}
constexpr std::uint64_t kHigh = Each(0x80);

// Has the high bit of an octet set, if that is 0 (and maybe those of the octets before it).
std::uint64_t Zeros(std::uint64_t word) {
  return (word - Each(1)) & ~word & kHigh;
}

// Eight octets at once; the exact place does not matter.
bool HasOdd(std::uint64_t word) {
  const std::uint64_t control = (word - Each(0x20)) & ~word;
  return ((word | control) & kHigh) != 0 || Zeros(word ^ Each('"')) != 0 ||
         Zeros(word ^ Each('\\')) != 0;
}

bool NeedsEscape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

}  // namespace

bool JsonWriter::IsPlain(std::string_view text) {
  std::uint64_t word = 0;
  while (text.size() >= sizeof(word)) {
    std::memcpy(&word, text.data(), sizeof(word));
    if (HasOdd(word)) return false;
    text.remove_prefix(sizeof(word));
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return !NeedsEscape(c) && static_cast<unsigned char>(c) < 0x80;
  });
}

void JsonWriter::PutLong(std::string_view text) {
  Flush();
  if (text.size() <= block_.size()) return Put(text);
  text_ += text;
}

void JsonWriter::PutEscaped(std::string_view text) {
  good_ = good_ && IsUtf8(text);
  while (!text.empty()) {
    const auto odd = std::find_if(text.begin(), text.end(), NeedsEscape);
    Put(text.substr(0, static_cast<std::size_t>(odd - text.begin())));
    if (odd == text.end()) return;
    if (*odd == '"' || *odd == '\\') {
      Put('\\');
      Put(*odd);
    } else {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const auto octet = static_cast<unsigned char>(*odd);
      Put("\\u00");
      Put(kDigits[octet >> 4U]);
      Put(kDigits[octet & 0xFU]);
    }
    text.remove_prefix(static_cast<std::size_t>(odd - text.begin()) + 1);
  }
}

std::string JsonWriter::Cut() {
  Flush();
  std::string next;
  next.reserve(text_.capacity());
  return std::exchange(text_, std::move(next));
}

void JsonWriter::Rewind(Place place) {
  if (place.size >= text_.size()) {
    used_ = place.size - text_.size();
  } else {
    text_.resize(place.size);
    used_ = 0;
  }
  comma_ = place.comma;
  good_ = true;
}

}  // namespace rollcall::serving::sd
