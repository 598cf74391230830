// The zones we are authoritative for, and the numbers that answers take from the
// configuration.  Immutable once made.
#pragma once

#include <cstdint>
#include <vector>

#include "wire/name.h"

namespace rollcall::answer {

// A zone with the names that hang on it, all in lower case.
struct Zone {
  wire::Name name;
  wire::Name mname;  // ns.dns.ZONE: the SOA's primary, and where the name servers are registered
  wire::Name rname;  // hostmaster.ZONE
  wire::Name apex;   // apex.dns.ZONE: what the zone's own name answers
};

class Zones {
 public:
  struct Options {
    std::vector<wire::Name> names;
    std::uint32_t default_ttl = 15;
    std::uint32_t negative_ttl = 5;  // of the SOA, and its minimum
    std::uint32_t min_lease_ttl = 30;
    std::uint32_t max_lease_ttl = 86'400;
  };
  explicit Zones(Options options);

  // The longest zone that `name` is at or below; null: none.
  [[nodiscard]] const Zone* Match(wire::NameView name) const;
  [[nodiscard]] const Options& options() const { return options_; }

 private:
  Options options_;
  std::vector<Zone> zones_;  // longest name first
};

}  // namespace rollcall::answer
