// From the results of single checks to a health that does not flutter.
//
// The first result decides at once, so that a start is fast and honest.  After that it
// takes `rise` results in a row that are better, or `fall` that are worse; what is then
// said is what all of them bear out, the mildest change among them.
//
// Only counting: no clock, no threads.
#pragma once

#include <algorithm>
#include <optional>

#include "model/state.h"

namespace rollcall::agent {

class HealthCount {
 public:
  // Below 1 counts as 1.
  HealthCount(int rise, int fall) : rise_(std::max(rise, 1)), fall_(std::max(fall, 1)) {}

  // The new health, if this result changes it.
  std::optional<model::Health> Add(model::Health result) {
    if (!health_) return health_ = result;
    const bool better = result < *health_;
    if (result == *health_ || (count_ > 0 && better != better_)) count_ = 0;
    if (result == *health_) return std::nullopt;
    mildest_ =
        count_ == 0 ? result : (better ? std::max(mildest_, result) : std::min(mildest_, result));
    better_ = better;
    if (++count_ < (better ? rise_ : fall_)) return std::nullopt;
    count_ = 0;
    return health_ = mildest_;
  }

  // Nothing: no result yet.
  [[nodiscard]] std::optional<model::Health> health() const { return health_; }

 private:
  static_assert(model::Health::kPassing < model::Health::kWarning &&
                model::Health::kWarning < model::Health::kCritical);

  int rise_;
  int fall_;
  std::optional<model::Health> health_;
  int count_ = 0;        // results in a row that are better, or that are worse
  bool better_ = false;  // which of the two
  model::Health mildest_ = model::Health::kPassing;
};

}  // namespace rollcall::agent
