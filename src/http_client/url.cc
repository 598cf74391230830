#include "http_client/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/quote.h"

namespace rollcall::http_client {
namespace {

constexpr std::size_t kMostOctets = 8192;

tl::unexpected<Error> Invalid(std::string_view text, std::string_view why) {
  return Fail(ErrorCode::kInvalid, fmt::format("{} {}", Quote(text), why));
}

bool IsPlain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool IsHostOctet(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

bool TakeScheme(std::string_view& rest, bool& tls) {
  for (const auto& [scheme, secured] : {std::pair{std::string_view("http://"), false},
                                        std::pair{std::string_view("https://"), true}}) {
    if (!StartsWithIgnoreCase(rest, scheme)) continue;
    rest.remove_prefix(scheme.size());
    tls = secured;
    return true;
  }
  return false;
}

// Host and port of an authority; what is wrong with it, or nothing.
std::string_view ReadAuthority(std::string_view authority, Url& url) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return "has a [ without its ]";
    url.host = authority.substr(1, end - 1);
    if (!std::ranges::all_of(url.host, [](char c) { return IsHostOctet(c) || c == ':'; })) {
      return "has no address in its brackets";
    }
    port = authority.substr(end + 1);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, colon);
    if (!std::ranges::all_of(url.host, IsHostOctet)) return "has a host that is no name";
    port = authority.substr(colon);
  }
  if (url.host.empty()) return "has no host";
  url.port = url.tls ? 443 : 80;
  if (port.empty() || port == ":") return "";
  const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), url.port);
  const bool whole = error == std::errc() && end == port.data() + port.size();
  return port[0] == ':' && whole && url.port != 0 ? "" : "has no port from 1 to 65535 behind its :";
}

}  // namespace

Result<Url> ParseUrl(std::string_view text) {
  if (text.size() > kMostOctets) return Invalid(text.substr(0, 60), "is too long for a URL");
  if (!IsPlain(text)) return Invalid(text, "has an octet that does not belong in a URL");
  std::string_view rest = text.substr(0, text.find('#'));
  Url url;
  if (!TakeScheme(rest, url.tls)) return Invalid(text, "begins with neither http:// nor https://");
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  url.authority = rest.substr(0, end);
  if (url.authority.find('@') != std::string::npos) return Invalid(text, "has a user in it");
  if (const auto why = ReadAuthority(url.authority, url); !why.empty()) return Invalid(text, why);
  url.target = rest.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

std::string ToText(const Url& url) {
  return fmt::format("{}://{}{}", url.tls ? "https" : "http", url.authority, url.target);
}

Result<Url> Follow(const Url& url, std::string_view location) {
  if (location.empty()) return Invalid(location, "leads nowhere");
  if (location.find("://") < location.find_first_of("/?#")) return ParseUrl(location);
  Url base = url;
  if (location.starts_with("//")) {
    return ParseUrl(fmt::format("{}:{}", url.tls ? "https" : "http", location));
  }
  if (location.starts_with('/')) {
    base.target.clear();
  } else if (location.starts_with('?')) {
    base.target.resize(std::min(base.target.find('?'), base.target.size()));
  } else {
    base.target.resize(base.target.substr(0, base.target.find('?')).rfind('/') + 1);
  }
  return ParseUrl(ToText(base) + std::string(location));
}

std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      escaped += c;
    } else {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

}  // namespace rollcall::http_client
