// Whether the store has lately proved that it is there, and that we hear it.
//
// Threads: any may call anything; no locks.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/clock.h"
#include "catalog/view.h"

namespace rollcall::catalog {

class Contact {
 public:
  explicit Contact(std::chrono::nanoseconds stale_after) : stale_after_(stale_after) {}

  // A linearizable read that was sent at `sent` has been answered.
  void Prove(SteadyTime sent) {
    std::int64_t last = last_;
    while (last < Count(sent) && !last_.compare_exchange_weak(last, Count(sent))) {
    }
  }
  // What was known at `seen` is in the view, from the disk.
  void Restored(SteadyTime seen) { restored_ = Count(seen); }
  // A whole list is in the view.
  void Listed() { listed_ = true; }
  // The watch is there; it was lost at `now`, unless it was lost before.
  void WatchHeld() { watch_lost_ = kNotLost; }
  void WatchLost(SteadyTime now) {
    std::int64_t held = kNotLost;
    watch_lost_.compare_exchange_strong(held, Count(now));
  }

  [[nodiscard]] Standing StandingAt(SteadyTime now) const {
    if (!listed_) return restored_ == kNever ? Standing::kNever : Standing::kStale;
    const std::int64_t oldest = Count(now) - stale_after_.count();
    return last_ > oldest && watch_lost_ > oldest ? Standing::kSynced : Standing::kStale;
  }
  [[nodiscard]] SteadyTime last() const {
    return last_ == kNever ? SteadyTime{} : SteadyTime(std::chrono::nanoseconds(last_.load()));
  }
  // When the view was last known to be that of the store.  None: never.
  [[nodiscard]] std::optional<SteadyTime> sure_at() const {
    const std::int64_t at = listed_ ? std::min(last_.load(), watch_lost_.load()) : restored_.load();
    if (at == kNever) return std::nullopt;
    return SteadyTime(std::chrono::nanoseconds(at));
  }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t kNotLost = std::numeric_limits<std::int64_t>::max();
  static std::int64_t Count(SteadyTime time) {
    return std::chrono::nanoseconds(time.time_since_epoch()).count();
  }

  const std::chrono::nanoseconds stale_after_;
  std::atomic<bool> listed_{false};
  std::atomic<std::int64_t> restored_{kNever};
  std::atomic<std::int64_t> last_{kNever};
  std::atomic<std::int64_t> watch_lost_{kNotLost};
};

}  // namespace rollcall::catalog
