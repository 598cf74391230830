// Finds etcd's endpoints by SRV, as etcd's own clients do:
// `_etcd-client-ssl._tcp.DOMAIN` (https) first, `_etcd-client._tcp.DOMAIN` (http)
// next; all that are found count.
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

// URLs, in the order of priority.  kNotFound: no such records; kUnavailable: no
// name server answered.
[[nodiscard]] Result<std::vector<std::string>> Discover(const DiscoveryOptions& options,
                                                        SteadyTime deadline);

}  // namespace rollcall::store::etcd
