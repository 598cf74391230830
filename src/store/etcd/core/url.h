// An etcd endpoint as people write it, taken apart.
//
// Pure functions; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rollcall::store::etcd {

struct Endpoint {
  std::string name;    // for messages: "http://192.0.2.1:2379"
  std::string target;  // "192.0.2.1:2379", "[::1]:2379", "etcd1.example:2379"
  bool tls = false;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// "http://HOST:PORT", "https://HOST:PORT", or bare "HOST:PORT" (http); HOST is a
// name, an IPv4 address or an IPv6 address in brackets; a missing port is 2379;
// one trailing slash is allowed.  kInvalid: anything else.
[[nodiscard]] Result<Endpoint> ParseEndpoint(std::string_view url);

// kInvalid also for an empty list, and for http beside https: what is meant to be
// encrypted must not fall back to plain text.
[[nodiscard]] Result<std::vector<Endpoint>> ParseEndpoints(std::span<const std::string> urls);

}  // namespace rollcall::store::etcd
