// How many registrations there are of each state, of all and of each service, for metrics.
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
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "catalog/publisher.h"
#include "model/state.h"

namespace rollcall::keeper {

class Census {
 public:
  static constexpr std::size_t kStates = 6;
  using Counts = std::array<std::size_t, kStates>;  // by model::State

  // Beyond so many services, in the order of their keys, the rest is counted under kOther, so
  // that what is registered does not make more and more time series.
  static constexpr std::size_t kMostServices = 1'000;
  static constexpr std::string_view kOther = "other";
  struct Service {
    Counts states{};
    std::size_t held = 0;  // by mass-loss protection
  };
  // By the name that instances lie right under, lower case, without the dot at its end.
  using Services = std::map<std::string, Service, std::less<>>;

  explicit Census(catalog::Publisher::Reader& reader) : reader_(reader) {}

  // Counts anew if that is due: something has changed, or maintenance may have ended, and
  // the last time is `pause` ago, and 50 times as long ago as it took.  False: it was not.
  bool CountIfDue(std::chrono::milliseconds pause, const Clock& clock);
  [[nodiscard]] const Counts& counts() const { return counts_; }
  // Of the same count; never null.
  [[nodiscard]] const std::shared_ptr<const Services>& services() const { return services_; }

 private:
  // Up to kPiece of those behind last_, into `counts` and `services`.  False: these were the last.
  bool CountPiece(Counts& counts, Services& services, WallTime now);

  catalog::Publisher::Reader& reader_;
  Counts counts_{};
  std::shared_ptr<const Services> services_ = std::make_shared<const Services>();
  std::uint64_t changes_ = 0;  // View::changes when it was counted
  bool time_matters_ = false;  // something was in maintenance
  SteadyTime next_{};
  std::string last_;  // key
};

}  // namespace rollcall::keeper
