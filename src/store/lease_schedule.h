// When a lease is to be renewed next.
//
// Only arithmetic on the times it is given: no clock, no store, no threads.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/backoff.h"
#include "base/clock.h"

namespace rollcall::store {

// A third of the time to live leaves two more tries before the store's patience
// ends.  Not thread-safe.
class LeaseSchedule {
 public:
  using Duration = std::chrono::milliseconds;

  // Requires: ttl > 0.
  LeaseSchedule(Duration ttl, SteadyTime now)
      : step_(ttl / 3), retry_(step_ / 16, step_ / 2), next_(now + step_) {}

  [[nodiscard]] SteadyTime next() const { return next_; }

  // How long one renewal may take: so that a lost answer costs one try, not all.
  [[nodiscard]] Duration patience() const {
    return std::clamp(step_, Duration(500), Duration(5000));
  }

  // The store may have changed the time to live.
  void Renewed(Duration ttl, SteadyTime now) { *this = LeaseSchedule(ttl, now); }
  void Failed(SteadyTime now) { next_ = now + retry_.Next(); }
  void RenewAtOnce(SteadyTime now) { next_ = now; }

 private:
  Duration step_;
  Backoff retry_;
  SteadyTime next_;
};

}  // namespace rollcall::store
