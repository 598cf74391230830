// Whom an https check believes: the authorities that this system trusts.
//
// Threads: the checker's.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"

// <openssl/types.h>
struct ssl_st;

namespace rollcall::agent {

class TlsTrust {
 public:
  // Reads them when they are first wanted, and again after a while: an agent outlives many
  // of them.
  [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> Get(SteadyTime now);

 private:
  std::shared_ptr<boost::asio::ssl::context> context_;
  SteadyTime read_{};
};

// That the peer has to show a certificate for `host`, which an authority has signed.
// False: no memory.
[[nodiscard]] bool ExpectHost(ssl_st* connection, const std::string& host);

// Why the peer's certificate was not believed; nothing: it was, or none came that far.
[[nodiscard]] std::optional<std::string> WhyNotBelieved(const ssl_st* connection);

}  // namespace rollcall::agent
