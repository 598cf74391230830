// The write verbs: all validation of what people register, and the transactions
// that carry it into the store.  Everything that writes goes through here, and
// reaches readers only by the watch.
//
// Threads: a Registry has no state of its own; any number of threads may use one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/service.h"
#include "model/state.h"
#include "registry/layout.h"
#include "store/store.h"
#include "wire/name.h"

namespace rollcall::registry {

// What somebody asks to be registered.
struct Order {
  std::string service;   // "node", "node.a", "ns.dns"
  std::string instance;  // "": HOST, or HOST-PORT where HOST is held with another port
  std::string host;      // short host name
  model::Service value;  // host = the address
};

// What an order may hold, where that depends on the surroundings.
struct Rules {
  // A loopback address means another machine to each who reads it.  Only where
  // the store itself is on loopback, so that all of it is one machine, is it let in.
  bool allow_loopback = false;
};

// By what an owner shows that its instance is alive: the record `alive`, written by it.
struct SignOfLife {
  store::LeaseId lease = 0;  // the owner's; the record goes with it
  model::Health health = model::Health::kPassing;
  WallTime since{};      // since when it has been so
  std::string why = {};  // what the check says
};

// Who does it and why, for the mark that stays.
struct Reason {
  std::string by;   // "root@server01"; "": nobody says
  std::string why;  // "rollcall deregister"
  // Nobody wanted it gone for good: who defines the instance registers it when he is back.
  bool again = false;
};

// How a registration is held.
struct Terms {
  store::LeaseId lease = 0;              // it goes with this lease; 0: it persists
  std::optional<SignOfLife> alive = {};  // of its owner, in the same transaction
  // Not if somebody has deregistered it since: then kNotFound, which says who.
  bool unless_deregistered = false;
  // When the owner registered it, by the store and by the clock.  A mark that is older by
  // both comes from a backup, and means an earlier one.
  store::Revision registered_revision = 0;
  WallTime registered{};
  // Only while the registration is at this revision (0: while there is none), else kMoved.
  std::optional<store::Revision> only_at = {};
  // Who registers it and why, for the history (see signature.h); an owner is named by the value.
  Reason reason = {};
};

// What an owner finds of its instance.
enum class Presence : std::uint8_t {
  kThere,         // registered as it was, and its sign of life as told
  kMissing,       // gone without a mark, or with one that lets it come back, or held by
                  // another lease: to be registered again
  kDeregistered,  // gone with a mark: somebody meant it
  kReplaced,      // another registration stands there
};
struct Found {
  Presence presence = Presence::kThere;
  std::string detail = {};  // by whom it was deregistered, what stands there
  bool changed = false;     // something had to be written
};

struct Written {
  std::string key;
  store::Revision revision = 0;  // of the registration
  bool changed = false;          // false: it stood there so already
  std::string replaced;          // "ADDRESS:PORT" that stood there before, if another
};

// Which registration to take away.
struct Target {
  std::string service;
  std::string instance;   // "": what Register() would have chosen for `host` and `port`
  std::string host;       // short host name
  std::int64_t port = 0;  // 0: any
  // If set: only while it is held with this address (and port, if given), so
  // that a late order does not take away what somebody else put since.
  std::string address;
  std::string owner = {};  // if set: only while it names this one
  // If set: only while it is at this revision, else kMoved.
  std::optional<store::Revision> only_at = {};
  // If set: only while it is lost, and the record that dates the loss is at this one, else kMoved.
  std::optional<store::Revision> lost_at = {};
};

struct Listed {
  std::string key;
  wire::Name name;                        // the root, if no name can be made of the key
  std::optional<model::Service> service;  // empty: the value cannot be read
  // "": nothing.  Else why it is not served; or, where `service` is there, what is
  // wrong with its member `rollcall`, without which it is served all the same.
  std::string problem;
  store::LeaseId lease = 0;
  store::Revision mod_revision = 0;
};

struct Listing {
  store::Revision revision = 0;  // at which all of it was read
  std::vector<Listed> items;     // in key order
};

class Registry {
 public:
  // Borrows `store` and `clock` for its own life.
  Registry(store::Store& store, Layout layout, Rules rules = {},
           const Clock& clock = SystemClock());

  // Checks an order without the store; kInvalid says in one sentence what is
  // wrong: address, port, service or instance name, what http_sd could not carry (label names,
  // tags, how it is scraped), selectors (`_healthy`, `_shardIofN`) as names.
  [[nodiscard]] static Result<void> Validate(const Order& order, const Rules& rules = {});

  // Puts the registration.  Safe to repeat: what stands there already is left as
  // it is.  Removes the marks `gone` and `stopping` in the same transaction, and leaves the
  // record `registered`, if `terms.reason` says who and the store lets us write it.
  // A registration without a living owner is replaced, and `replaced` says what
  // stood there.  kConflict: another owner, whose `alive` key is there and who is not
  // stopping, holds the instance (both are named); or others kept writing the key.
  // kNotFound: `terms.alive` is of a lease that has ended.  kMoved: see Terms.
  [[nodiscard]] Result<Written> Register(const Order& order, const Terms& terms,
                                         store::Deadline deadline);
  [[nodiscard]] Result<Written> Register(const Order& order, store::LeaseId lease,
                                         store::Deadline deadline);

  // Says for an owner that the instance it has registered is alive, and how; takes the
  // mark `stopping` away, for it is back.  Writes nothing if all is so already, and
  // never the registration.  `order.instance` should be the one that was registered,
  // `terms` what it was registered with.  kNotFound: as Register().
  [[nodiscard]] Result<Found> SayAlive(const Order& order, const Terms& terms,
                                       store::Deadline deadline);

  // Marks it as `stopping`, and its owner's record as critical: a server deregisters it
  // once `until` is past, unless it is back by then.
  // kNotFound, kConflict: as Deregister().
  [[nodiscard]] Result<Written> Stop(const Target& target, WallTime until, const Reason& reason,
                                     store::Deadline deadline);

  // Deletes it and leaves the `gone` mark (a lease of 7 days) in the same
  // transaction, which takes `stopping` away as well.  kNotFound: it was not there; the
  // message says what is.  kConflict: `target.address` or `target.owner` is set and it is
  // held with another.  kMoved: see Target.
  [[nodiscard]] Result<Written> Deregister(const Target& target, const Reason& reason,
                                           store::Deadline deadline);

  // Takes back a deregistration: the mark of it then says that whoever defines the
  // instance may register it again (model::Record::again).  Without a mark, which lasts 7
  // days, it leaves one that says so.  Returns false: it is registered, nothing to take back.
  [[nodiscard]] Result<bool> Readmit(const Target& target, const Reason& reason,
                                     store::Deadline deadline);

  // Everything at or below a service ("": all that the layout covers), read at one
  // revision.  Leaves nothing out: what cannot be served is there with its problem.
  [[nodiscard]] Result<Listing> List(const std::string& service, store::Deadline deadline);

  // The key ranges that List(service) reads, for watching them.
  [[nodiscard]] Result<std::vector<store::KeyRange>> RangesOf(const std::string& service) const;
  // One stored pair as List() gives it.
  [[nodiscard]] Listed Describe(const store::KeyValue& kv) const;

  // The key of an instance.
  [[nodiscard]] Result<std::string> KeyOf(const std::string& service,
                                          const std::string& instance) const;

  // Raises the serial offset so that the serial served at `revision_now` is above
  // `serial_before` (RFC 1982), unless another replica already did.
  [[nodiscard]] Result<void> RaiseSerial(std::uint32_t serial_before, store::Revision revision_now,
                                         store::Deadline deadline);

 private:
  [[nodiscard]] std::string Neighbours(const Target& target, store::Deadline deadline);

  store::Store& store_;
  Layout layout_;
  Rules rules_;
  const Clock& clock_;
};

}  // namespace rollcall::registry
