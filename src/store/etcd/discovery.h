// Finds etcd's endpoints by SRV, as etcd's own clients do:
// `_etcd-client-ssl._tcp.DOMAIN` (https) and `_etcd-client._tcp.DOMAIN` (http).
//
// Where both are published only https counts: a client that can have encryption
// must not be talked out of it.  Any thread may call; blocks until the deadline at
// most.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace rollcall::store::etcd {

struct DiscoveryOptions {
  std::string domain;
  std::vector<std::string> servers;  // "127.0.0.1:5300"; empty: /etc/resolv.conf
};

// URLs, lower priority values first, within one priority by falling weight.  The
// target names are not resolved.  kNotFound: no such records; kUnavailable: no name
// server answered, or none with an answer; kInvalid: the domain or a server is none.
[[nodiscard]] Result<std::vector<std::string>> Discover(const DiscoveryOptions& options,
                                                        SteadyTime deadline);

}  // namespace rollcall::store::etcd
