// How often somebody else may write into our log.
//
// No gRPC here and no clock of its own.  Not thread-safe: one lock around it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/clock.h"

namespace rollcall::store::etcd {

// The first `burst` messages pass, and then one in each `interval`.
class LogBound {
 public:
  LogBound(unsigned burst, std::chrono::seconds interval)
      : burst_(burst), interval_(interval), left_(burst) {}

  // Lets a message pass, and says how many were held back before it; nothing: this
  // one is held back.
  [[nodiscard]] std::optional<std::uint64_t> Pass(SteadyTime now) {
    if (now >= filled_ + interval_) {
      const auto whole = static_cast<std::uint64_t>((now - filled_) / interval_);
      left_ = static_cast<unsigned>(std::min<std::uint64_t>(burst_, left_ + whole));
      filled_ = now;
    }
    if (left_ == 0) {
      ++held_back_;
      return std::nullopt;
    }
    --left_;
    return std::exchange(held_back_, 0);
  }

 private:
  unsigned burst_;
  std::chrono::seconds interval_;
  unsigned left_;
  SteadyTime filled_{};
  std::uint64_t held_back_ = 0;
};

}  // namespace rollcall::store::etcd
