// Where the store itself is found: the SRV records by which etcd's clients look for
// their endpoints, written by the server whose store it is.
//
// Beside each lies a record of our own, since it is ours to take away again, and not to
// be copied into another store.
//
// Threads: none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "registry/layout.h"
#include "store/store.h"

namespace rollcall::registry {

struct StoreAddress {
  std::string host;  // an address, or a name
  std::uint16_t port = 0;
  bool tls = false;  // found as _etcd-client-ssl._tcp, else _etcd-client._tcp
};

// That `instance` (the server's host) publishes `address` in the layout's zone, and no
// other; none: nothing.  Leaves alone what is so already, and what others wrote.
[[nodiscard]] Result<void> Advertise(store::Store& store, const Layout& layout,
                                     const std::string& instance,
                                     const std::optional<StoreAddress>& address,
                                     store::Deadline deadline, const Clock& clock = SystemClock());

}  // namespace rollcall::registry
