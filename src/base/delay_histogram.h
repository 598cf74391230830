// How often something took how long, in the buckets that Prometheus shows.
//
// Threads: a value.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rollcall {

struct DelayHistogram {
  // Seconds, of which each bucket but the last has at most so many.
  static constexpr std::array<double, 14> kBounds = {
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30};

  void Observe(std::chrono::duration<double> delay, std::uint64_t times = 1) {
    const double seconds = std::max(delay.count(), 0.0);
    const auto* const bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
    counts[static_cast<std::size_t>(bound - kBounds.begin())] += times;
    sum += seconds * static_cast<double>(times);
  }

  std::array<std::uint64_t, kBounds.size() + 1> counts{};  // by bucket, not cumulative
  double sum = 0;                                          // seconds
};

}  // namespace rollcall
