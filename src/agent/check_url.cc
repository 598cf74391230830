#include "agent/check_url.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/ascii.h"
#include "base/quote.h"

namespace rollcall::agent {
namespace {

constexpr std::size_t kMostUrl = 2048;
constexpr std::size_t kMostName = 253;

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (ToLower(c) >= 'a' && ToLower(c) <= 'z');
}

// Takes `prefix` from the front of `text`, in small or capital letters.
bool Take(std::string_view& text, std::string_view prefix) {
  if (!StartsWithIgnoreCase(text, prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kMostName && text.front() != '.' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '.' || c == '-' || c == '_'; });
}

bool IsIpv6(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

// `fallback` 0: a port has to be there.
Result<HostPort> Parse(std::string_view text, std::uint16_t fallback) {
  const auto bad = [&](std::string_view why) {
    return Fail(ErrorCode::kInvalid, fmt::format("{}: {}", Quote(text), why));
  };
  HostPort place{{}, fallback};
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return bad("there is no ] after the [");
    place.host = text.substr(1, close - 1);
    if (!IsIpv6(place.host)) return bad("between the brackets is no IPv6 address");
    rest = text.substr(close + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    place.host = text.substr(0, colon);
    rest = text.substr(colon);
    if (rest.find(':', 1) != std::string_view::npos) {
      return bad("an IPv6 address stands in brackets: [::1]:9100");
    }
    if (!IsName(place.host)) return bad("the host is neither an address nor a name");
  }
  if (rest.empty() && fallback != 0) return place;
  if (!rest.starts_with(':')) return bad("a port is missing");
  const auto port = ParsePort(rest.substr(1));
  if (!port) return bad("the port is no number from 1 to 65535");
  place.port = *port;
  return place;
}

}  // namespace

std::string ToText(const HostPort& place) {
  const bool v6 = place.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", place.host, place.port)
            : fmt::format("{}:{}", place.host, place.port);
}

Result<HostPort> ParseHostPort(std::string_view text) {
  return Parse(text, 0);
}

Result<CheckUrl> ParseCheckUrl(std::string_view url) {
  const auto bad = [&](std::string_view why) {
    return Fail(ErrorCode::kInvalid, fmt::format("{}: {}", Quote(url.substr(0, kMostUrl)), why));
  };
  if (url.size() > kMostUrl) return bad(fmt::format("longer than {} octets", kMostUrl));
  std::string_view rest = url;
  CheckUrl parsed;
  if (Take(rest, "https://")) {
    parsed.tls = true;
  } else if (!Take(rest, "http://")) {
    return bad("it starts neither with http:// nor with https://");
  }
  // As it is written it goes into the request, where a space or a line's end would be more
  // than a path.
  if (!std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c <= '~'; })) {
    return bad("a space, or an octet that has to be written as %XX");
  }
  if (rest.find('#') != std::string_view::npos) return bad("a fragment (#) is for browsers");
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  if (authority.find('@') != std::string_view::npos) {
    return bad("a user in a URL is not supported");
  }
  auto place = Parse(authority, parsed.tls ? 443 : 80);
  if (!place) return bad(place.error().message);
  parsed.place = std::move(*place);
  parsed.authority = authority;
  parsed.target = rest.substr(end);
  if (!parsed.target.starts_with('/')) parsed.target.insert(0, "/");
  return parsed;
}

}  // namespace rollcall::agent
