#include "serving/http/target.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "base/ascii.h"
#include "base/quote.h"

namespace rollcall::serving::http {
namespace {

tl::unexpected<Error> Bad(std::string why) {
  return Fail(ErrorCode::kInvalid, std::move(why));
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The octets of one well-formed character at the front of `text` (Unicode table 3-7); 0: there
// is none.
std::size_t CharacterLength(std::string_view text) {
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto tail = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return at(i) >= low && at(i) <= high;
  };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool second = tail(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
    return second && tail(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool second = tail(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

// Nothing, if it is printable UTF-8.
std::optional<std::string_view> WhatIsWrong(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = CharacterLength(text);
    if (length == 0) return "is not UTF-8";
    const auto first = static_cast<unsigned char>(text[0]);
    const bool c1 = length == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    if (c1 || first < 0x20 || first == 0x7F) return "has a control character";
    text.remove_prefix(length);
  }
  return std::nullopt;
}

enum class Where : std::uint8_t { kPath, kQuery };

Result<std::string> Decode(std::string_view text, Where where) {
  const std::string_view what = where == Where::kPath ? "path" : "query";
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = high < 0 ? -1 : HexDigit(text[i + 2]);
      if (low < 0) return Bad(fmt::format("the {} has a % that begins no escape", what));
      c = static_cast<char>(high * 16 + low);
      if (c == '/' && where == Where::kPath) return Bad("the path has an escaped slash");
      i += 2;
    } else if (c == '+' && where == Where::kQuery) {
      c = ' ';
    }
    decoded += c;
  }
  if (const auto wrong = WhatIsWrong(decoded)) return Bad(fmt::format("the {} {}", what, *wrong));
  return decoded;
}

Result<std::string> ParsePath(std::string_view raw) {
  auto path = Decode(raw, Where::kPath);
  if (!path || *path == "/") return path;
  for (std::size_t begin = 1; begin <= path->size();) {
    const std::size_t end = std::min(path->find('/', begin), path->size());
    const std::string_view segment = std::string_view(*path).substr(begin, end - begin);
    if (segment.empty()) return Bad("the path has an empty segment");
    if (segment == "." || segment == "..") return Bad("the path has a segment of dots");
    begin = end + 1;
  }
  return path;
}

Result<std::vector<Field>> ParseQuery(std::string_view raw) {
  std::vector<Field> parameters;
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find('&'), raw.size());
    const std::string_view piece = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (piece.empty()) continue;
    if (parameters.size() == kMostParameters) {
      return Fail(ErrorCode::kExhausted,
                  fmt::format("the query has more than {} parameters", kMostParameters));
    }
    const std::size_t equals = std::min(piece.find('='), piece.size());
    auto name = Decode(piece.substr(0, equals), Where::kQuery);
    if (!name) return Fail(std::move(name.error()));
    if (name->empty()) return Bad("the query has a parameter without a name");
    auto value = Decode(piece.substr(std::min(equals + 1, piece.size())), Where::kQuery);
    if (!value) return Fail(std::move(value.error()));
    parameters.push_back({*std::move(name), *std::move(value)});
  }
  return parameters;
}

// inet_pton() would take a zero octet for the end of the text.
bool IsWhole(const std::string& text) {
  return text.find('\0') == std::string::npos;
}

bool IsIPv6(const std::string& text) {
  in6_addr address{};
  return IsWhole(text) && inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool IsIPv4(const std::string& text) {
  in_addr address{};
  return IsWhole(text) && inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

}  // namespace

Result<Target> ParseTarget(std::string_view text) {
  const auto plain = [](char c) { return c > ' ' && c < '\x7f' && c != '#'; };
  if (!std::all_of(text.begin(), text.end(), plain)) {
    return Bad("the target has a character that has to be percent-encoded");
  }
  Target target;
  if (!text.starts_with('/')) {
    const std::size_t scheme = text.find("://");
    const std::string name = LowerCase(text.substr(0, std::min(scheme, text.size())));
    if (scheme == std::string_view::npos || (name != "http" && name != "https")) {
      return Bad("the target does not begin with a slash");
    }
    text.remove_prefix(scheme + 3);
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    target.authority = text.substr(0, end);
    if (auto ok = ParseAuthority(target.authority); !ok) return Fail(std::move(ok.error()));
    text.remove_prefix(end);
  }
  const std::size_t question = std::min(text.find('?'), text.size());
  const std::string_view raw_path = text.substr(0, question);
  auto path = ParsePath(raw_path.empty() ? "/" : raw_path);
  if (!path) return Fail(std::move(path.error()));
  auto parameters = ParseQuery(text.substr(std::min(question + 1, text.size())));
  if (!parameters) return Fail(std::move(parameters.error()));
  target.path = *std::move(path);
  target.parameters = *std::move(parameters);
  return target;
}

Result<Authority> ParseAuthority(std::string_view text) {
  const auto none = [&] { return Bad(fmt::format("{} is not HOST or HOST:PORT", Quote(text))); };
  Authority authority;
  std::string_view rest = text;
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    if (close == std::string_view::npos) return none();
    authority.host = LowerCase(rest.substr(1, close - 1));
    if (!IsIPv6(authority.host)) return none();
    authority.literal = true;
    rest.remove_prefix(close + 1);
  } else {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    authority.host = LowerCase(rest.substr(0, colon));
    authority.literal = IsIPv4(authority.host);
    if (authority.host.ends_with('.')) authority.host.pop_back();
    rest.remove_prefix(colon);
    const std::string& host = authority.host;
    const bool labels = !host.empty() && !host.starts_with('.') && !host.ends_with('.') &&
                        host.find("..") == std::string::npos;
    const bool name =
        labels && host.size() <= 255 && std::all_of(host.begin(), host.end(), IsNameCharacter);
    if (!name) return none();
  }
  if (rest.empty()) return authority;
  rest.remove_prefix(1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
  const bool number = error == std::errc() && end == rest.data() + rest.size();
  if (text[text.size() - rest.size() - 1] != ':' || (!rest.empty() && !number)) return none();
  authority.port = rest;
  return authority;
}

std::string CanonicalAddress(std::string_view text) {
  const std::string copy(text);
  std::array<char, INET6_ADDRSTRLEN> shown{};
  in6_addr six{};
  if (!IsWhole(copy) || inet_pton(AF_INET6, copy.c_str(), &six) != 1) return copy;
  if (IN6_IS_ADDR_V4MAPPED(&six)) {
    in_addr four{};
    std::copy_n(&six.s6_addr[12], 4, reinterpret_cast<unsigned char*>(&four));
    return inet_ntop(AF_INET, &four, shown.data(), shown.size());
  }
  return inet_ntop(AF_INET6, &six, shown.data(), shown.size());
}

bool IsLoopback(std::string_view address) {
  return address == "::1" || (address.starts_with("127.") && IsIPv4(std::string(address)));
}

}  // namespace rollcall::serving::http
