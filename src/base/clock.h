// Time, so that tests can hold it still.
#pragma once

#include <chrono>

namespace rollcall {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

// Any number of threads may read a clock at once.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual SteadyTime Now() const = 0;
  [[nodiscard]] virtual WallTime WallNow() const = 0;
};

// The machine's own; lives as long as the program.
[[nodiscard]] const Clock& SystemClock();

}  // namespace rollcall
