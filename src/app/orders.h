// From flags and environment to an order, and from an order to the store.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/command.h"
#include "app/lazy_etcd.h"
#include "app/pending.h"
#include "base/result.h"
#include "registry/registry.h"

namespace rollcall::app {

// How long a command tries to reach the store before it takes it for away.
inline constexpr std::chrono::milliseconds kStorePatience{5000};
// The same for what takes many transactions.
inline constexpr std::chrono::milliseconds kReleasePatience{300'000};

// --zone, --pending.path and the --etcd.* flags: of every command that writes.
[[nodiscard]] std::vector<Setting> ClientSettings();
// --port, --host, --instance.
[[nodiscard]] std::vector<Setting> InstanceSettings();
// --label, --ttl.
[[nodiscard]] std::vector<Setting> ValueSettings();
// --reason: why somebody does it.  kInvalid: longer than 512 octets, or with control characters.
[[nodiscard]] Setting ReasonSetting();
[[nodiscard]] Result<std::string> ReadReason(const Settings& settings, std::string_view fallback);

// The store, and the orders that wait for it.
class Session {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Session>> Open(const Settings& settings);
  // For what waits only: each order says itself where in the store it belongs.
  [[nodiscard]] static std::unique_ptr<Session> OpenToFlush(StoreOptions options);

  [[nodiscard]] LazyEtcd& store() { return store_; }
  [[nodiscard]] const StoreOptions& store_options() const { return store_.options(); }
  [[nodiscard]] const registry::Layout& layout() const { return layout_; }
  [[nodiscard]] const Pending& pending() const { return pending_; }

  // Which address the order registers: its own, or the one the store sees.
  [[nodiscard]] Result<std::string> AddressOf(const PendingOrder& order, store::Deadline deadline);

  // `terms`: on which it is registered.  A kStop whose time is past deregisters.
  [[nodiscard]] Result<registry::Written> CarryOut(const PendingOrder& order,
                                                   store::Deadline deadline,
                                                   const registry::Terms& terms = {});

  // CarryOut() of what was ordered just now: meanwhile nobody else touches what waits about
  // the same instance, and once the store has spoken, that waits no more.  What is
  // deregistered while its registration still waited counts as done: `revision` is 0.
  [[nodiscard]] Result<registry::Written> Settle(const PendingOrder& order,
                                                 store::Deadline deadline,
                                                 const registry::Terms& terms = {});

  // What its owner says of what was registered by `order`, which names its address.
  [[nodiscard]] Result<registry::Found> SayAlive(const PendingOrder& order,
                                                 const registry::Terms& terms,
                                                 store::Deadline deadline);
  // It is started again: a kStop about it that still waits is void.
  void TakeBackStop(const PendingOrder& order);

  // Carries out what waits, the oldest first, but not what is about `except`, which
  // a newer order is about to settle.  `all`: also what was meant for another store.
  // What never can be done is set aside; the first error of a store that is away
  // ends it.  What the store refuses to our user waits on, and is the error once all
  // others have been tried.  Returns how many were carried out.
  [[nodiscard]] Result<std::size_t> Flush(const std::string& except, bool all,
                                          store::Deadline deadline);
  // For those who only read: first what waits, so that they see what was ordered.
  void FlushOrWarn(store::Deadline deadline);

 private:
  [[nodiscard]] Result<registry::Registry> RegistryOf(const PendingOrder& order,
                                                      store::Deadline deadline);
  Session(StoreOptions options, registry::Layout layout, std::filesystem::path pending)
      : store_(std::move(options)), layout_(std::move(layout)), pending_(std::move(pending)) {}

  LazyEtcd store_;
  registry::Layout layout_;
  Pending pending_;
  bool foreign_told_ = false;  // in the log; once is enough for those who try again and again
};

// The order that the command line and the environment describe; SERVICE is the
// first word or EXPORTER_TYPE.  Checked but for what only the store can tell.
[[nodiscard]] Result<PendingOrder> ReadOrder(const Invocation& invocation, const Session& session,
                                             Verb verb);

// Carries the order out after those that wait, and prints one line; with the store
// away leaves it among them, warns, and returns kDone (`require_store`: kFailed).
[[nodiscard]] int Submit(Session& session, const PendingOrder& order, bool require_store);

// Leaves the order among those that wait, with a warning; kFailed if that fails too.
[[nodiscard]] int KeepForLater(const Session& session, const PendingOrder& order, const Error& why);

// A line in the log, if another registration stood where this one was written.
void WarnIfReplaced(const registry::Written& written);

// The store is away or has no room, which passes; as opposed to: it answered and would not.
[[nodiscard]] bool IsAway(const Error& error);

}  // namespace rollcall::app
