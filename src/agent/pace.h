// When to come back to a store that was away.
//
// Ten thousand agents lose one store at the same moment, and find it again at the same
// moment.  Each waits for a time drawn from nothing to the whole of a step (full jitter), so
// that they are spread over the step however long it was away.
//
// Only arithmetic on the times it is given.  Not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

#include "base/clock.h"

namespace rollcall::agent {

class Pace {
 public:
  using Duration = std::chrono::milliseconds;

  // `first`: the first step; `most`: the last.
  Pace(Duration first, Duration most) : first_(first), most_(most), step_(first) {}

  // The store was there until now: it is missed by all of its agents at once.
  [[nodiscard]] Duration AfterBreak() {
    step_ = most_;
    return Within(most_);
  }
  [[nodiscard]] Duration AfterFailure() {
    const Duration step = step_;
    step_ = std::min(most_, step_ * 2);
    return Within(step);
  }
  void Succeeded() { step_ = first_; }

  // From nothing to `span`.
  [[nodiscard]] Duration Within(Duration span) {
    std::uniform_int_distribution<Duration::rep> draw(0, span.count());
    return Duration(draw(random_));
  }
  // `span`, give or take a fifth.
  [[nodiscard]] Duration About(Duration span) { return span * 4 / 5 + Within(span * 2 / 5); }

 private:
  Duration first_;
  Duration most_;
  Duration step_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace rollcall::agent
