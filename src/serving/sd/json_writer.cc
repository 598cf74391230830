#include "serving/sd/json_writer.h"

#include <algorithm>

namespace rollcall::serving::sd {
namespace {

bool IsPlain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

}  // namespace

void JsonWriter::More(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;;) {
    const char* const odd = std::find_if_not(at, end, IsPlain);
    out_.append(at, odd);
    if (odd == end) return;
    if (*odd == '"' || *odd == '\\') {
      out_ += '\\';
      out_ += *odd;
    } else {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const auto octet = static_cast<unsigned char>(*odd);
      out_ += "\\u00";
      out_ += kDigits[octet >> 4U];
      out_ += kDigits[octet & 0xFU];
    }
    at = odd + 1;
  }
}

}  // namespace rollcall::serving::sd
