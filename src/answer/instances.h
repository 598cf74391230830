// The instances that a name stands for: those that its SRV answer names, by the same rules
// (subtree, wildcards, groups, selectors), without the limits of DNS.  For discovery over HTTP.
//
// Pure, as Resolve(): no I/O, no clock, no lock; any number of threads at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "answer/zones.h"
#include "base/clock.h"
#include "catalog/view.h"
#include "model/service.h"
#include "wire/name.h"

namespace rollcall::answer {

// A name, and which of its registrations are meant.
struct Choice {
  wire::Name name;       // plain, in lower case
  bool healthy = false;  // only what is in a healthy state
  unsigned shard = 0;    // only what belongs to it, see model::ShardOf()
  unsigned shards = 0;   // of so many; 0: all
};

// What `asked` means with its leading selectors.  Requires: it is at or below `zone`.
[[nodiscard]] Choice Choose(const Zone& zone, wire::NameView asked);

// The target of its SRV record, without the final dot; registrations may share one.
[[nodiscard]] std::string TargetText(const catalog::Registration& registration);
// Its port as SRV has it.
[[nodiscard]] inline std::uint16_t PortOf(const catalog::Registration& registration) {
  return static_cast<std::uint16_t>(registration.service.port);
}

struct Instance {
  catalog::RegistrationPtr registration;
  // Where it is: its own address, or the first one that the name it has for a host leads to
  // (kIpv4, kIpv6, A before AAAA); kName: nobody here knows.
  model::HostKind kind = model::HostKind::kName;
  std::array<std::uint8_t, 16> address{};
};

enum class Presence : std::uint8_t {
  kThere,       // something is at or below the name, though maybe nothing that is chosen
  kAbsent,      // nothing is
  kUnreadable,  // all that is there are values that cannot be read
};

struct Instances {
  Presence presence = Presence::kAbsent;
  // A host was looked up by its name, so that what this says may change with what lies
  // elsewhere, which TouchedAt() does not tell.
  bool elsewhere = false;
  std::vector<Instance> all;  // in key order
};

enum class Hosts : std::uint8_t {
  kAsWritten,
  kResolved,  // as far as our zones go, and for kMostHostReads at most
};
// Registrations looked at on behalf of hosts, for one name: above it hosts go by their names.
inline constexpr std::size_t kMostHostReads = 1'000'000;

// `wall_now`: by which maintenance has an end.  About 0.1 us for each registration at or below
// the name, while the view is held.
[[nodiscard]] Instances FindInstances(const catalog::View& view, const Zones& zones,
                                      const Zone& zone, const Choice& choice, Hosts hosts,
                                      WallTime wall_now);

// When that answer, or how one of its instances is, may have changed last: counted as
// View::changes, and never smaller than it was.  One hash for each label.
[[nodiscard]] std::uint64_t TouchedAt(const catalog::View& view, const Zone& zone,
                                      wire::NameView name);
// An upper bound of how many they are.
[[nodiscard]] std::size_t MostAt(const catalog::View& view, const Zone& zone, wire::NameView name);

}  // namespace rollcall::answer
