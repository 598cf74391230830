// Who may come in and how, at one moment: what the files say that protect the server.
//
// Threads: immutable once made.  A server asks for the one that counts with each connection and
// with each request, so a change needs no restart.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "serving/http/exchange.h"
#include "serving/http/passwords.h"
#include "serving/http/rate_limit.h"
#include "serving/http/tls.h"
#include "serving/http/tokens.h"

namespace rollcall::serving::http {

struct Policy {
  std::shared_ptr<const TlsContext> tls = nullptr;  // null: plain HTTP
  std::vector<Field> headers = {};                  // of every answer
  Users users = {};                                 // they may all
  std::optional<Tokens> tokens = {};                // none: there is no file of them
  Rate rate = {};                                   // requests of each address
};
using PolicyPtr = std::shared_ptr<const Policy>;

// Any thread calls it, often; it must not wait.  Never null.
using PolicySource = std::function<PolicyPtr()>;

}  // namespace rollcall::serving::http
