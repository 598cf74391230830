// Leading labels that choose among the registrations of a name, and so can name none:
// `_healthy.node.prom.internal`.
//
// Pure; no allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rollcall::model {

struct Selector {
  enum class Kind : std::uint8_t {
    kHealthy,  // `_healthy`: see IsHealthy()
    kShard,    // `_shardIofN`, 0 <= I < N <= 1024, both in plain decimal
  };
  Kind kind = Kind::kHealthy;
  unsigned index = 0;  // kShard: I
  unsigned count = 0;  // kShard: N

  friend bool operator==(const Selector&, const Selector&) = default;
};

// Without regard to case.  Nothing: an ordinary label (`_http`, `_healthy2`).
[[nodiscard]] std::optional<Selector> ParseSelector(std::string_view label);

}  // namespace rollcall::model
