// When endpoints that were found by SRV are to be looked up again.
//
// No clock of its own.  Not thread-safe: one lock around it.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/result.h"

namespace rollcall::app {

class Rediscovery {
 public:
  static constexpr std::chrono::seconds kPatience{30};

  // What came of a call that ended at `now`; null: it succeeded.  A refusal is an
  // answer too.
  void Note(const Error* error, SteadyTime now) {
    const bool nobody =
        error && (error->code == ErrorCode::kUnavailable || error->code == ErrorCode::kDeadline);
    if (!nobody) {
      silent_since_.reset();
    } else if (!silent_since_) {
      silent_since_ = now;
    }
  }

  // Nobody answered the last call.
  [[nodiscard]] bool silent() const { return silent_since_.has_value(); }

  // Nobody has answered for kPatience, nor was this said within it.
  [[nodiscard]] bool Due(SteadyTime now) {
    if (!silent_since_ || now - *silent_since_ < kPatience) return false;
    silent_since_ = now;
    return true;
  }

 private:
  std::optional<SteadyTime> silent_since_;
};

}  // namespace rollcall::app
