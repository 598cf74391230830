// A query as values -> bytes: for the forwarder, the tools and the tests.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "wire/query.h"

namespace rollcall::wire {

struct QueryOptions {
  std::uint16_t id = 0;
  bool recursion_desired = true;
  bool checking_disabled = false;
  std::optional<std::uint16_t> edns_udp_size{};  // none: no OPT
  bool dnssec_ok = false;                        // sent only with an OPT
  bool wants_nsid = false;                       // sent only with an OPT
};

// One question, as ParseQuery() reads it.  Cannot fail.
[[nodiscard]] std::vector<std::uint8_t> BuildQuery(const Question& question,
                                                   const QueryOptions& options);

}  // namespace rollcall::wire
