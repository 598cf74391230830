// What a request to Consul's API asks for, as far as we answer it.
//
// Pure.  Every octet of it comes from outside: see fuzz/consul_ask_fuzz.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "serving/http/exchange.h"
#include "serving/sd/sd_ask.h"

namespace rollcall::serving::sd {

struct ConsulAsk {
  const answer::Zone* zone = nullptr;  // Consul's data centre
  bool passing = false;                // only what passes
  std::vector<std::string> tags;       // all of which it must have; in lower case
  // A blocking query: not before the answer's index is another one than this, or the time is
  // over.  0: at once.
  std::uint64_t index = 0;
  std::chrono::milliseconds wait{0};
};

inline constexpr std::chrono::minutes kDefaultWait{5};
inline constexpr std::chrono::minutes kMostWait{10};

// Borrows `zones`, of which the first is the default.
//
// 400 with a sentence: `filter`, and whatever else would leave instances out if it were heeded,
// as are parameters that nobody knows; a value that cannot be.  500, as Consul says it: a data
// centre that is none of the zones.  Accepted, and the same as without: near, stale, consistent,
// cached, max_stale, token, pretty, and `default` for ns and partition.
[[nodiscard]] Asked<ConsulAsk> ParseConsulAsk(const answer::Zones& zones,
                                              const std::vector<http::Field>& parameters);

// A service as Consul's clients name it: SERVICE of SERVICE.ZONE, selectors before it.
// 400: it is none.
[[nodiscard]] Asked<answer::Choice> ParseServiceName(const answer::Zone& zone,
                                                     std::string_view service);

}  // namespace rollcall::serving::sd
