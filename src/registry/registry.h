// The write verbs: all validation of what people register, and the transactions
// that carry it into the store.  Everything that writes goes through here, and
// reaches readers only by the watch.
//
// Threads: a Registry has no state of its own; any number of threads may use one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/service.h"
#include "store/store.h"
#include "wire/name.h"

namespace rollcall::registry {

// Where things are kept, from the configuration or from ETCD_BASE_PATH.
struct Layout {
  std::string prefix = "/skydns";  // normalized
  std::string zone = "prom.internal";
  std::string base_path;  // ETCD_BASE_PATH, verbatim: overrides prefix and zone
};

// What somebody asks to be registered.
struct Order {
  std::string service;   // "node", "node.a", "ns.dns"
  std::string instance;  // "": HOST, or HOST-PORT where HOST is held with another port
  std::string host;      // short host name
  model::Service value;  // host = the address
};

struct Written {
  std::string key;
  store::Revision revision = 0;  // of the registration
  bool changed = false;          // false: it stood there so already
};

struct Listed {
  std::string key;
  wire::Name name;
  std::optional<model::Service> service;  // empty: the value cannot be read
  std::string problem;                    // why
  store::LeaseId lease = 0;
  store::Revision mod_revision = 0;
};

class Registry {
 public:
  Registry(store::Store& store, Layout layout);

  // Checks an order without the store; kInvalid says in one sentence what is
  // wrong: address, port, service or instance name, label names (those that
  // http_sd could not carry), selectors (`_healthy`, `_shardIofN`) as names.
  [[nodiscard]] static Result<void> Validate(const Order& order);

  // Puts the registration.  Safe to repeat: what stands there already is left as
  // it is.  `lease` 0: it persists.  Removes the `gone` mark in the same
  // transaction.
  [[nodiscard]] Result<Written> Register(const Order& order, store::LeaseId lease,
                                         store::Deadline deadline);

  // Deletes it and leaves the `gone` mark (a lease of 7 days) in the same
  // transaction.  kNotFound: it was not there.
  [[nodiscard]] Result<Written> Deregister(const std::string& service, const std::string& instance,
                                           const std::string& by, const std::string& why,
                                           store::Deadline deadline);

  // Everything at or below a service ("" for all of the zone), in key order.
  [[nodiscard]] Result<std::vector<Listed>> List(const std::string& service,
                                                 store::Deadline deadline);

  // The key of an instance.
  [[nodiscard]] Result<std::string> KeyOf(const std::string& service,
                                          const std::string& instance) const;

  // Raises the serial offset so that the serial served at `revision_now` is above
  // `serial_before` (RFC 1982), unless another replica already did.
  [[nodiscard]] Result<void> RaiseSerial(std::uint32_t serial_before, store::Revision revision_now,
                                         store::Deadline deadline);

 private:
  store::Store& store_;
  Layout layout_;
};

}  // namespace rollcall::registry
