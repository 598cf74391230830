// What a server has to write, by what its view shows.
//
// Pure but for the sightings, which remember since when something has been seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "catalog/view.h"
#include "keeper/sightings.h"
#include "registry/records.h"

namespace rollcall::keeper {

// In the order in which they are carried out.
enum class Verb : std::uint8_t {
  kHold,            // what vanished, and this server goes on serving by its own word
  kUnhold,          // it is back
  kForgetLost,      // it is alive again, or nobody's, or gone
  kDateLost,        // its owner shows no sign of life
  kFinishStopping,  // it was stopped, and did not come back
  kForgetStopping,  // it was stopped, and is gone
  kRetire,          // it has been lost for as long as its owner allowed
  kEndMaintenance,  // its end is past
};
inline constexpr std::size_t kVerbs = 8;
[[nodiscard]] std::string_view ToString(Verb verb);  // "hold", "unhold", ...

struct Want {
  Verb verb = Verb::kHold;
  registry::Seen seen;    // kEndMaintenance: key and record only
  std::string host = {};  // kEndMaintenance of a host; then the key is ""
  registry::Records::Found found = registry::Records::Found::kAlive;  // kForgetLost
  registry::Reason reason = {};
  std::string value = {};                           // kHold
  catalog::RegistrationPtr registration = nullptr;  // kRetire

  // The same for the same want about the same revisions.
  [[nodiscard]] std::string Id() const;
};

// How it stands, for metrics.
struct Tally {
  std::size_t lost = 0;                  // name an owner that shows no sign of life
  std::size_t held = 0;                  // removals that protection holds
  std::size_t held_here = 0;             // of those: not in the store yet
  std::size_t stopping = 0;              // stopped, and to be deregistered unless they come back
  std::size_t maintenance = 0;           // names and hosts, not instances
  std::size_t retained = 0;              // lost, and to be deregistered after a while
  std::optional<WallTime> next_retired;  // when the first of those is due at the earliest
};

struct Looked {
  std::vector<Want> wants;  // at most LookOptions::most_wants, the others another time
  Tally tally;
};

struct LookOptions {
  std::string by;      // "serve@ns1": who writes
  std::string prefix;  // of the registrations that the view has
  std::size_t most_wants = 10'000;
};

// One look at a view that is known to be that of the store.  The caller ends it in the
// sightings.
//
// A deregistration given in advance (`retain`) needs both clocks: the wall clock is past
// its date, and this server has itself seen the loss for min(retain, 10 min); so a clock
// that is set, or a server that was away, takes nothing away.  Maintenance does not count:
// who is expected to be away is not lost.  A stop needs to have been seen for its grace
// (or 10 min of it, once the wall clock is past its end).
[[nodiscard]] Looked Look(const catalog::View& view, const LookOptions& options, SteadyTime now,
                          WallTime wall_now, Sightings& sightings);

}  // namespace rollcall::keeper
