// The instances of a name with their states, taken out of the view in short visits.
//
// Threads: any; what is returned is the caller's own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "answer/instances.h"
#include "base/clock.h"
#include "catalog/readers.h"
#include "model/state.h"

namespace rollcall::serving::sd {

struct Target {
  answer::Instance instance;
  model::State state = model::State::kStatic;
};

// As of when something was gathered, or is asked for.
struct Moment {
  std::uint64_t touched = 0;  // answer::TouchedAt() of the name
  std::uint64_t changes = 0;  // of the view
};

struct Gathered {
  Moment moment;
  store::Revision revision = 0;  // of the view
  answer::Presence presence = answer::Presence::kAbsent;
  bool elsewhere = false;  // see answer::Instances
  // When a maintenance ends by the clock, and with it the states here.
  std::optional<WallTime> good_until;
  std::vector<Target> targets;
};

// One visit takes the instances, about 0.1 us for each of the name; further ones the states, a
// few thousand at a time, so that nobody who wants to write waits long.  A state may so be of a
// later view than the instances; then the view has changed since `moment`, and who compares
// sees that this is old.
[[nodiscard]] Gathered Gather(catalog::Readers& readers, const answer::Zones& zones,
                              const answer::Zone& zone, const answer::Choice& choice,
                              answer::Hosts hosts, WallTime wall_now);

// How well the instance is, as Consul has it: `lost` is critical, what nobody watches passing.
[[nodiscard]] std::string_view HealthOf(model::State state);

// What its name is below the zone, without the instance's own label: "node", "node.a"; "":
// it lies directly below the zone.  In lower case.
[[nodiscard]] std::string ServiceOf(const catalog::Registration& registration,
                                    const answer::Zone& zone);
// The first label of its name.
[[nodiscard]] std::string InstanceOf(const catalog::Registration& registration);
// Without the final dot.
[[nodiscard]] std::string ZoneText(const answer::Zone& zone);

// Where it is, as text: an IP literal without brackets, or a name without its final dot.
void AppendAddress(const answer::Instance& instance, std::string& out);

}  // namespace rollcall::serving::sd
