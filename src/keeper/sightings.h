// Since when this server itself has seen something, by the clock that nobody can set.
//
// Threads: a plain value.
#pragma once

#include <string>

#include "base/clock.h"
#include "catalog/text_map.h"
#include "store/store.h"

namespace rollcall::keeper {

class Sightings {
 public:
  // It is there, in the record of this revision.  Since when it has been seen, at each
  // look, in that record.
  SteadyTime See(const std::string& what, store::Revision revision, SteadyTime now) {
    Sighting& sighting = seen_[what];
    if (sighting.revision != revision) sighting = {revision, now};
    sighting.look = look_;
    return sighting.since;
  }
  // The look is over: what it has not seen is forgotten.
  void EndLook() {
    absl::erase_if(seen_, [this](const auto& entry) { return entry.second.look != look_; });
    ++look_;
  }
  // Nobody has been looking.
  void Clear() { seen_.clear(); }

 private:
  struct Sighting {
    store::Revision revision = -1;
    SteadyTime since{};
    unsigned look = 0;  // the last that saw it
  };
  catalog::TextMap<Sighting> seen_;
  unsigned look_ = 1;
};

}  // namespace rollcall::keeper
