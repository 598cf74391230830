// What an engine, its writer and its watchers share.
#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.h"
#include "base/guarded.h"
#include "store/embedded/core.h"
#include "store/embedded/page_counts.h"
#include "store/embedded/watch.h"

namespace rollcall::store::embedded {

struct State {
  explicit State(Core::Limits limits) : core(limits) {}
  Core core;
  WatchHub hub;
  PageCounts page_counts;
};

// The clock of leases: it stands still while the process does (stopped, or its machine
// suspended), since nobody could renew then.
class LeaseClock {
 public:
  explicit LeaseClock(const Clock& clock) : clock_(clock) {}
  [[nodiscard]] SteadyTime Now() const {
    return clock_.Now() - std::chrono::nanoseconds(stood_still_.load());
  }
  void StoodStill(std::chrono::nanoseconds time) { stood_still_ += time.count(); }

 private:
  const Clock& clock_;
  std::atomic<std::int64_t> stood_still_{0};
};

struct Shared {
  Shared(Core::Limits limits, const Clock& clock)
      : state(std::in_place, limits), lease_clock(clock) {}
  // Held for turns of at most some thousand keys.
  Guarded<State> state;
  LeaseClock lease_clock;
};

}  // namespace rollcall::store::embedded
