// Keeps one lease alive on any store, in a thread of its own.
//
//   LeaseKeeper keeper(store, 30s, [&](LeaseId) { wake_the_owner(); });
//   auto lease = keeper.Ensure(After(2s));     // grants one, or the one it has
//   registry.Register(order, *lease, ...);
//
// Renewed at about a third of its time to live.  A lease is lost only when the store says
// so: while the store is away its leases do not run out either (etcd gives them their
// whole time again when it has a leader), so silence is retried, not believed.
//
// Threads: all functions from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <optional>
#include <thread>

#include "base/guarded.h"
#include "store/lease_schedule.h"
#include "store/store.h"

namespace rollcall::store {

class LeaseKeeper {
 public:
  // `on_lost` is called, in the keeper's thread, once for each lease that the store
  // no longer knows; it and the keys under it are gone.  The owner then calls
  // Ensure() and writes its keys again.  It may call into the keeper, but not
  // destroy it.  Borrows `store` until destroyed.
  LeaseKeeper(Store& store, std::chrono::seconds ttl, std::function<void(LeaseId)> on_lost);

  // Stops renewing; the lease ends by itself.  Waits for a renewal under way, 5 s at
  // most.
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  // The lease held; without one, grants it.  Fails as Store::LeaseGrant().
  [[nodiscard]] Result<LeaseId> Ensure(Deadline deadline);

  // 0: none.
  [[nodiscard]] LeaseId held();

  // Renews now rather than when it is due: somebody has seen the lease refused.
  void CheckNow();

  // Ends the lease, and with it its keys.  Even if the store is away (the error says
  // so) it is no longer renewed.
  [[nodiscard]] Result<void> Revoke(Deadline deadline);

  // Renewals that succeeded, since the start.
  [[nodiscard]] std::uint64_t renewals();

 private:
  struct Held {
    LeaseId id;
    LeaseSchedule schedule;
  };
  struct State {
    std::optional<Held> held;
    bool granting = false;  // somebody is at it: one lease, not two
    std::uint64_t renewals = 0;
  };

  void Run(const std::stop_token& stop);
  // Waits until a renewal is due.  Nothing: to stop.
  std::optional<Held> WaitDue(const std::stop_token& stop);
  void Renew(const Held& held);

  Store& store_;
  const std::chrono::seconds ttl_;
  const std::function<void(LeaseId)> on_lost_;
  Guarded<State> state_;
  std::condition_variable changed_;
  std::jthread thread_;  // last: ends before what it uses
};

}  // namespace rollcall::store
