// How long to wait before the next try.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace rollcall {

// Doubles from `first` to `most`, each wait drawn between half and the whole of
// the step, so that many clients of one server do not return together.
// Not thread-safe; one per loop.
class Backoff {
 public:
  using Duration = std::chrono::milliseconds;

  Backoff(Duration first, Duration most) : first_(first), most_(most), step_(first) {}

  [[nodiscard]] Duration Next() {
    const Duration step = step_;
    step_ = std::min(most_, step_ * 2);
    std::uniform_int_distribution<Duration::rep> draw(step.count() / 2, step.count());
    return Duration(draw(random_));
  }

  // After a success.
  void Reset() { step_ = first_; }

 private:
  Duration first_;
  Duration most_;
  Duration step_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace rollcall
