// When a lease is to be renewed next.
//
// Only arithmetic on the times it is given: no clock, no store, no threads.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

#include "base/backoff.h"
#include "base/clock.h"

namespace rollcall::store {

// A third of the time to live, give or take a fifth of that, leaves two more tries before
// the store's patience ends; by chance, so that the many who came to a store at once do not
// go on coming together.  Not thread-safe.
class LeaseSchedule {
 public:
  using Duration = std::chrono::milliseconds;

  // Requires: ttl > 0.
  LeaseSchedule(Duration ttl, SteadyTime now) : step_(ttl / 3), retry_(step_ / 16, step_ / 2) {
    Renewed(ttl, now);
  }

  [[nodiscard]] SteadyTime next() const { return next_; }

  // How long one renewal may take: so that a lost answer costs one try, not all.
  [[nodiscard]] Duration patience() const {
    return std::clamp(step_, Duration(500), Duration(5000));
  }

  // The store may have changed the time to live.
  void Renewed(Duration ttl, SteadyTime now) {
    if (ttl / 3 != step_) retry_ = Backoff(ttl / 3 / 16, ttl / 3 / 2);
    retry_.Reset();
    step_ = ttl / 3;
    std::uniform_int_distribution<Duration::rep> draw(step_.count() * 4 / 5, step_.count() * 6 / 5);
    next_ = now + Duration(draw(random_));
  }
  void Failed(SteadyTime now) { next_ = now + retry_.Next(); }
  void RenewAtOnce(SteadyTime now) { next_ = now; }

 private:
  Duration step_;
  Backoff retry_;
  SteadyTime next_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace rollcall::store
