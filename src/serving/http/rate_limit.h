// How often each client may do something: a bucket of tokens for each address.
//
// Threads: none of its own, one at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace rollcall::serving::http {

struct Rate {
  std::chrono::nanoseconds interval{0};  // a token comes so often; 0: there is no limit
  int burst = 1;                         // tokens that a bucket holds, at least one

  bool operator==(const Rate&) const = default;
};

// Bounded: with `most` addresses, those whose buckets are full again are forgotten, which changes
// nothing for them; if that gains nothing, new ones share a bucket.
class RateLimit {
 public:
  explicit RateLimit(Rate rate, std::size_t most = 16'384);

  // Takes a token.  False: there is none.
  [[nodiscard]] bool Take(std::string_view address, SteadyTime now);
  // Whether there is one, without taking it.
  [[nodiscard]] bool Has(std::string_view address, SteadyTime now);
  // Until the next one comes.
  [[nodiscard]] std::chrono::seconds Wait() const;
  [[nodiscard]] const Rate& rate() const { return rate_; }

 private:
  // The moment at which the bucket is full, which says all about it (the "virtual scheduling"
  // form of a token bucket).
  SteadyTime& FullAt(std::string_view address, SteadyTime now);

  Rate rate_;
  std::chrono::nanoseconds interval_;  // of rate_, bounded as the clock is
  std::chrono::nanoseconds room_;      // how far ahead of now a bucket may be full
  std::size_t most_;
  std::unordered_map<std::string, SteadyTime> full_at_;
  SteadyTime next_sweep_{};
};

// What stands for a client: the address, of IPv6 the /64 that one host has to itself.
[[nodiscard]] std::string ClientKey(std::string_view address);

}  // namespace rollcall::serving::http
