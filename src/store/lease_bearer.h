// Carries leases from one store to another, and keeps them alive there.
//
// Threads: one.
#pragma once

#include <chrono>
#include <map>

#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace rollcall::store {

class LeaseBearer {
 public:
  // Borrows both for its life.
  LeaseBearer(Store& from, Store& to, std::chrono::milliseconds call_timeout)
      : from_(from), to_(to), call_timeout_(call_timeout) {}

  // That the lease is there too, under the same id and with the same time to live.
  // False: the source does not know it (any more).  kConflict: the destination has one of
  // that id with another time.
  [[nodiscard]] Result<bool> Carry(LeaseId id);

  // Renews all of them if a third of the shortest time has passed.
  [[nodiscard]] Result<void> RenewIfDue();
  [[nodiscard]] Result<void> RenewAll();

  [[nodiscard]] std::size_t size() const { return carried_.size(); }

 private:
  [[nodiscard]] Result<void> Grant(LeaseId id, std::chrono::seconds ttl);

  Store& from_;
  Store& to_;
  const std::chrono::milliseconds call_timeout_;
  std::map<LeaseId, std::chrono::seconds> carried_;
  std::chrono::milliseconds interval_{std::chrono::hours(1)};
  SteadyTime renewed_{};
};

}  // namespace rollcall::store
