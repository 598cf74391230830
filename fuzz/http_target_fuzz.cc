// The target of a request, and a Host: any text is refused, or leads to one path, host and
// parameters that nobody can read in two ways.
#include <algorithm>
#include <string_view>

#include "require.h"
#include "serving/http/target.h"

using namespace rollcall::serving::http;

namespace {

bool Printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
}

// The path once more, as a careful client writes it.
std::string Escaped(std::string_view path) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (const char c : path) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '/') {
      text += c;
    } else {
      text += {'%', kHex[octet >> 4], kHex[octet & 15]};
    }
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto target = ParseTarget(text)) {
    const std::string& path = target->path;
    REQUIRE(path.starts_with('/') && Printable(path));
    REQUIRE(path == "/" || (path.find("//") == std::string::npos && !path.ends_with('/')));
    REQUIRE((path + "/").find("/../") == std::string::npos);
    REQUIRE((path + "/").find("/./") == std::string::npos);
    REQUIRE(target->parameters.size() <= kMostParameters);
    for (const Field& field : target->parameters) {
      REQUIRE(!field.name.empty() && Printable(field.name) && Printable(field.value));
    }
    const auto again = ParseTarget(Escaped(path));
    REQUIRE(again && again->path == path);
    REQUIRE(target->authority.empty() || ParseAuthority(target->authority));
  } else {
    REQUIRE(!target.error().message.empty());
  }
  if (const auto authority = ParseAuthority(text)) {
    REQUIRE(!authority->host.empty() && Printable(authority->host));
    const std::string host = authority->host.find(':') == std::string::npos
                                 ? authority->host
                                 : "[" + authority->host + "]";
    const auto again = ParseAuthority(host);
    REQUIRE(again && again->host == authority->host);
  }
  const std::string address = CanonicalAddress(text);
  REQUIRE(CanonicalAddress(address) == address);
  return 0;
}
