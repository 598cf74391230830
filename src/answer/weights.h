// SRV weights: each service's part of 100 among those of its priority.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>

#include "catalog/registration.h"

namespace rollcall::answer {

// 0 is unset and counts as 10.
[[nodiscard]] inline std::int64_t PriorityOf(const catalog::Registration::Service& service) {
  return service.priority == 0 ? 10 : service.priority;
}

// Add() every service of the answer, those without a record too, then ask for each.
class Weights {
 public:
  void Clear() { sums_.clear(); }
  void Add(const catalog::Registration::Service& service);

  // CoreDNS's arithmetic bit for bit, so that both serve the same numbers:
  // floor((100.0 / sum) * weight) in doubles, in that order (161 alone gives 99),
  // cut to 16 bits, at least 1.  Requires: `service` was added.
  [[nodiscard]] std::uint16_t Of(const catalog::Registration::Service& service) const;

 private:
  absl::flat_hash_map<std::int64_t, std::int64_t> sums_;  // by priority
};

}  // namespace rollcall::answer
