// Time that stands still until a test moves it.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"

namespace rollcall::etcdapi::testing {

class MovableClock : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime(std::chrono::milliseconds(now_)); }
  WallTime WallNow() const override { return WallTime(std::chrono::milliseconds(now_)); }
  void Advance(std::chrono::milliseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_{1'000'000};
};

}  // namespace rollcall::etcdapi::testing
