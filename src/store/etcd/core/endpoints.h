// Which member of the cluster to ask, and for how long.
//
// No gRPC here and no clock of its own: the caller says what time it is, so that
// failover is tested without servers.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace rollcall::store::etcd {

// Remembers which endpoints failed lately.  One endpoint is current; it stays so
// until it fails and another one answers.  Not thread-safe: one lock around it.
class EndpointPicker {
 public:
  // A failure counts for `penalty`: long enough that calls do not stumble over a
  // frozen member again and again, short enough to come back to a mended one.
  // Requires: size > 0.
  explicit EndpointPicker(std::size_t size,
                          std::chrono::milliseconds penalty = std::chrono::seconds(5));

  // All endpoints, best first: those without a fresh failure, the current one
  // leading and the others as they follow it; then the failed ones, longest ago
  // first.
  [[nodiscard]] std::vector<std::size_t> Order(SteadyTime now) const;

  void MarkFailed(std::size_t endpoint, SteadyTime now);

  // `endpoint` answered.  True: it took over from a current one that had failed.
  bool MarkAnswered(std::size_t endpoint);

  [[nodiscard]] std::size_t current() const { return current_; }

 private:
  [[nodiscard]] bool FailedLately(std::size_t endpoint, SteadyTime now) const;

  std::chrono::milliseconds penalty_;
  std::vector<std::optional<SteadyTime>> failed_at_;
  std::size_t current_ = 0;
};

// The time one try may use, when `tries` are left until `deadline`: an equal
// share, so that a silent member does not use up what the others need.
// Requires: tries > 0.
[[nodiscard]] SteadyTime ShareOf(SteadyTime now, SteadyTime deadline, std::size_t tries);

}  // namespace rollcall::store::etcd
