// How many registrations there are of each state, for metrics.
//
// Counting goes through all of them, so it is done in pieces, between which the view's
// writer goes on, and seldom.
//
// Threads: one.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "catalog/publisher.h"
#include "model/state.h"

namespace rollcall::keeper {

class Census {
 public:
  static constexpr std::size_t kStates = 6;
  using Counts = std::array<std::size_t, kStates>;  // by model::State

  explicit Census(catalog::Publisher::Reader& reader) : reader_(reader) {}

  // Counts anew if that is due: something has changed, or maintenance may have ended, and
  // the last time is `pause` ago, and 50 times as long ago as it took.  False: it was not.
  bool CountIfDue(std::chrono::milliseconds pause, const Clock& clock);
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  // Up to kPiece of those behind last_, into `counts`.  False: these were the last.
  bool CountPiece(Counts& counts, WallTime now);

  catalog::Publisher::Reader& reader_;
  Counts counts_{};
  std::uint64_t changes_ = 0;  // View::changes when it was counted
  bool time_matters_ = false;  // something was in maintenance
  SteadyTime next_{};
  std::string last_;  // key
};

}  // namespace rollcall::keeper
