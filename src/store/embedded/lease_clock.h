// The clock of leases: it stands still while the process does (stopped, or its machine
// suspended), since nobody could renew then.
//
// Threads: any number may ask; one ticks.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "base/guarded.h"

namespace rollcall::store::embedded {

class LeaseClock {
 public:
  // `clock` is theirs, `machine` tells how long nothing was done.
  explicit LeaseClock(const Clock& clock, const Clock& machine = SystemClock())
      : clock_(clock), machine_(machine) {}

  // Leaves out a standstill that has not been noticed yet as well: whoever is first to run
  // after it may come before the next tick.
  [[nodiscard]] SteadyTime Now() const {
    auto state = state_.Lock();
    return clock_.Now() - state->stood_still - Standstill(*state, machine_.Now());
  }

  // From the first one on expected every `kTick`.  Returns how long the process had stood
  // still; zero: it had not.
  std::chrono::nanoseconds Tick() {
    auto state = state_.Lock();
    const SteadyTime now = machine_.Now();
    const std::chrono::nanoseconds standstill = Standstill(*state, now);
    state->stood_still += standstill;
    state->last_tick = now;
    return standstill;
  }

  static constexpr std::chrono::milliseconds kTick{500};

 private:
  // Between two ticks: less is a busy machine.
  static constexpr std::chrono::milliseconds kStandstill{1500};

  struct State {
    SteadyTime last_tick{};  // zero: nobody ticks
    std::chrono::nanoseconds stood_still{0};
  };
  static std::chrono::nanoseconds Standstill(const State& state, SteadyTime now) {
    const std::chrono::nanoseconds since = now - state.last_tick;
    const bool still = state.last_tick != SteadyTime{} && since > kStandstill;
    return still ? since - kTick : std::chrono::nanoseconds(0);
  }

  const Clock& clock_;
  const Clock& machine_;
  mutable Guarded<State> state_;
};

}  // namespace rollcall::store::embedded
