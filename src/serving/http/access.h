// Who may do what: the right of a route, held against what is known of who asks.
//
// Two things are asked of a request.  Is he who sends it allowed to?  And, for he may be a
// browser that a foreign page gave orders: does it come from where it seems to?
//
// | nobody said who he is | kRead | kWrite |
// |---|---|---|
// | no logins are configured | yes, if Host is ours | from this machine, if Host is ours |
// | logins are, anonymous_read too | yes, if Host is ours | no |
// | logins are | no | no |
//
// Host is ours if it is an IP address, localhost, or a name that was configured: a page whose
// name was made to point here (DNS rebinding) comes with its own.  Who has logged in needs no such
// rule, since a page cannot log in under a name that the browser was never asked for.  A write has
// to be JSON and must not come from a page of another origin, whoever sends it.
//
// Pure; any number of threads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "serving/http/exchange.h"

namespace rollcall::serving::http {

// What a request says of who sends it (RFC 7617, RFC 6750).
struct Login {
  enum class Kind : std::uint8_t { kNone, kBasic, kBearer, kMalformed };
  Kind kind = Kind::kNone;
  std::string user;    // of kBasic
  std::string secret;  // the password, or the token
};
[[nodiscard]] Login ReadLogin(const Request& request);

// Who somebody has proved to be.
struct Identity {
  std::string user;  // as Peer::user; "": nobody
  bool read = false;
  bool write = false;
  Scope scope = {};
};

struct AccessRules {
  bool basic = false;                   // there are users
  bool bearer = false;                  // there are tokens
  bool anonymous_read = false;          // who does not log in may read, though others log in
  std::vector<std::string> names = {};  // that Host may have, in lower case, without a final dot
};

// Nothing: go on.  Else the answer: 401, 403, 415 or 421.
// Requires: `identity` is what the request's Login, or the peer's certificate, proved.
[[nodiscard]] std::optional<Response> Refusal(const Request& request, Right right,
                                              const Identity& identity, const AccessRules& rules);
// 401, with the ways to log in.
[[nodiscard]] Response LoginWanted(const AccessRules& rules, std::string_view why);

// For handlers of routes with kWrite: whether the writer may write the registration of this name
// ("web1.node.prom.internal", the case and a final dot do not count) with this address.
// kRefused: why not, in a sentence for a 403.
[[nodiscard]] Result<void> MayWrite(const Request& request, std::string_view name,
                                    std::string_view address);
// The same for what concerns the whole server, which no scope covers.
[[nodiscard]] Result<void> MayWriteAll(const Request& request);

}  // namespace rollcall::serving::http
