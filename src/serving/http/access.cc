#include "serving/http/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/quote.h"
#include "serving/http/target.h"

namespace rollcall::serving::http {
namespace {

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

int Base64Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  for (int pad = 0; pad < 2 && text.ends_with('='); ++pad) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string decoded;
  unsigned bits = 0;
  int have = 0;
  for (const char c : text) {
    const int digit = Base64Digit(c);
    if (digit < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<unsigned>(digit)) & 0xFFFFFF;
    have += 6;
    if (have < 8) continue;
    have -= 8;
    decoded += static_cast<char>(bits >> have & 0xFF);
  }
  return decoded;
}

Response Refused(unsigned status, std::string why) {
  return {status, std::move(why) + "\n"};
}

bool HostIsOurs(const Request& request, const AccessRules& rules) {
  const std::string* const host = request.Header("host");
  if (host == nullptr) return true;  // HTTP/1.0 and older: no browser
  const auto authority = ParseAuthority(*host);
  if (!authority) return false;
  return authority->literal || authority->host == "localhost" ||
         std::find(rules.names.begin(), rules.names.end(), authority->host) != rules.names.end();
}

// Somebody else asked, far from here: a proxy on this machine only handed it on.
bool WasHandedOn(const Request& request) {
  constexpr std::array<std::string_view, 5> kMarks = {"forwarded", "x-forwarded-for",
                                                      "x-forwarded-host", "x-real-ip", "via"};
  return std::any_of(kMarks.begin(), kMarks.end(),
                     [&](std::string_view mark) { return request.Header(mark) != nullptr; });
}

// A page of ours has the origin under which it was asked for; that of an encrypted one may be
// asked for through a proxy that we do not speak TLS with.
bool FromForeignPage(const Request& request) {
  if (const std::string* const site = request.Header("sec-fetch-site")) {
    if (!EqualsIgnoreCase(*site, "same-origin") && !EqualsIgnoreCase(*site, "none")) return true;
  }
  const std::string* const origin = request.Header("origin");
  if (origin == nullptr) return false;
  const bool encrypted = origin->starts_with("https://");
  if (!encrypted && (request.peer.encrypted || !origin->starts_with("http://"))) return true;
  const auto theirs = ParseAuthority(std::string_view(*origin).substr(encrypted ? 8 : 7));
  const std::string* const host = request.Header("host");
  const auto ours = host == nullptr ? theirs : ParseAuthority(*host);
  if (!theirs || !ours || theirs->host != ours->host) return true;
  const std::string usual = encrypted ? "443" : "80";
  const auto port = [&](const Authority& a) { return a.port.empty() ? usual : a.port; };
  return port(*theirs) != port(*ours);
}

bool IsJson(const Request& request) {
  const std::string* const type = request.Header("content-type");
  if (type == nullptr) return false;
  return EqualsIgnoreCase(Trimmed(std::string_view(*type).substr(0, type->find(';'))),
                          "application/json");
}

// What a page can send without asking the server first (a "simple" request) is no JSON.
bool MustBeJson(const Request& request) {
  if (request.method != "DELETE") return true;
  const std::string* const length = request.Header("content-length");
  return request.Header("transfer-encoding") != nullptr || (length != nullptr && *length != "0");
}

std::optional<Response> NotAnonymously(const Request& request, Right right,
                                       const AccessRules& rules) {
  const bool logins = rules.basic || rules.bearer;
  const bool read = right == Right::kRead;
  if (logins && !(read && rules.anonymous_read)) {
    return LoginWanted(rules, fmt::format("who {} here has to log in", read ? "reads" : "writes"));
  }
  if (!HostIsOurs(request, rules)) {
    if (logins) return LoginWanted(rules, "who asks for this Host has to log in");
    return Refused(421, fmt::format("the Host {} is no name of this server: ask by its address, or "
                                    "name it by --web.host",
                                    Quote(*request.Header("host"))));
  }
  if (read || (request.peer.loopback && !WasHandedOn(request))) return std::nullopt;
  return Refused(403, "without logins, only this machine itself may write: see --web.tokens-file");
}

}  // namespace

Login ReadLogin(const Request& request) {
  const std::string* const field = request.Header("authorization");
  if (field == nullptr) return {};
  const std::size_t space = std::min(field->find(' '), field->size());
  const std::string_view scheme = std::string_view(*field).substr(0, space);
  const std::string_view rest = Trimmed(std::string_view(*field).substr(space));
  if (EqualsIgnoreCase(scheme, "bearer") && !rest.empty()) {
    return {Login::Kind::kBearer, "", std::string(rest)};
  }
  if (!EqualsIgnoreCase(scheme, "basic")) return {Login::Kind::kMalformed, "", ""};
  const auto pair = DecodeBase64(rest);
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  // bcrypt ends at a zero octet, so what follows would not count.
  if (colon == std::string::npos || pair->find('\0') != std::string::npos) {
    return {Login::Kind::kMalformed, "", ""};
  }
  return {Login::Kind::kBasic, pair->substr(0, colon), pair->substr(colon + 1)};
}

Response LoginWanted(const AccessRules& rules, std::string_view why) {
  Response response = Refused(401, std::string(why));
  if (rules.basic) {
    response.headers.push_back({"WWW-Authenticate", R"(Basic realm="rollcall", charset="UTF-8")"});
  }
  if (rules.bearer) {
    response.headers.push_back({"WWW-Authenticate", R"(Bearer realm="rollcall")"});
  }
  return response;
}

std::optional<Response> Refusal(const Request& request, Right right, const Identity& identity,
                                const AccessRules& rules) {
  if (right == Right::kNone) return std::nullopt;
  const bool write = right == Right::kWrite;
  if (identity.user.empty()) {
    if (auto refused = NotAnonymously(request, right, rules)) return refused;
  } else if (!(write ? identity.write : identity.read)) {
    return Refused(403,
                   fmt::format("{} has no right to {}", identity.user, write ? "write" : "read"));
  }
  if (!write) return std::nullopt;
  if (FromForeignPage(request)) return Refused(403, "a page of another origin may not write here");
  if (MustBeJson(request) && !IsJson(request)) {
    return Refused(415, "what is written here has the Content-Type application/json");
  }
  return std::nullopt;
}

Result<void> MayWrite(const Request& request, std::string_view name, std::string_view address) {
  const Scope& scope = request.scope;
  const std::string& who = request.peer.user;
  const auto covers = [&](std::string_view above) {
    if (above.ends_with('.')) above.remove_suffix(1);
    std::string_view at = name;
    if (at.ends_with('.')) at.remove_suffix(1);
    if (!EndsWithIgnoreCase(at, above)) return false;
    return at.size() == above.size() || above.empty() || at[at.size() - above.size() - 1] == '.';
  };
  if (!scope.names.empty() && !std::any_of(scope.names.begin(), scope.names.end(), covers)) {
    return Fail(ErrorCode::kRefused, fmt::format("{} may not write {}", who, Quote(name)));
  }
  if (scope.own_address && CanonicalAddress(address) != CanonicalAddress(request.peer.address)) {
    return Fail(ErrorCode::kRefused, fmt::format("{} may write its own address {} only, not {}",
                                                 who, request.peer.address, Quote(address)));
  }
  return {};
}

Result<void> MayWriteAll(const Request& request) {
  const Scope& scope = request.scope;
  if (scope.names.empty() && !scope.own_address) return {};
  return Fail(ErrorCode::kRefused,
              fmt::format("{} may write {} only", request.peer.user,
                          scope.names.empty() ? "its own address" : "below its names"));
}

}  // namespace rollcall::serving::http
