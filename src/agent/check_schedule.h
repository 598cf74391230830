// When a check runs.
//
// The first run comes soon, each further one an interval after the last began; all a
// little off, so that the checks of a host, which are all set at once, do not tick
// together.
//
// Only arithmetic on the times it is given: no clock, no threads.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

#include "base/clock.h"

namespace rollcall::agent {

class CheckSchedule {
 public:
  using Duration = std::chrono::microseconds;

  CheckSchedule(std::chrono::milliseconds interval, std::uint32_t seed)
      : interval_(std::max<Duration>(interval, kLeast)), random_(seed) {}

  [[nodiscard]] SteadyTime First(SteadyTime now) {
    return now + Draw(Duration(0), std::min(interval_, kSoon));
  }
  // `began`: the run that has ended `now`.  One that takes longer than the interval leaves
  // some rest to what it checks.
  [[nodiscard]] SteadyTime Next(SteadyTime began, SteadyTime now) {
    return std::max(began + Draw(interval_ * 9 / 10, interval_ * 11 / 10), now + interval_ / 4);
  }

 private:
  static constexpr Duration kLeast = std::chrono::milliseconds(10);
  static constexpr Duration kSoon = std::chrono::seconds(1);

  Duration Draw(Duration least, Duration most) {
    return Duration(
        std::uniform_int_distribution<Duration::rep>(least.count(), most.count())(random_));
  }

  Duration interval_;
  std::minstd_rand random_;
};

}  // namespace rollcall::agent
