// What an engine, its writer and its watchers share.
#pragma once

#include "base/clock.h"
#include "base/guarded.h"
#include "store/embedded/core.h"
#include "store/embedded/lease_clock.h"
#include "store/embedded/page_counts.h"
#include "store/embedded/watch.h"

namespace rollcall::store::embedded {

struct State {
  explicit State(Core::Limits limits) : core(limits) {}
  Core core;
  WatchHub hub;
  PageCounts page_counts;
};

struct Shared {
  Shared(Core::Limits limits, const Clock& clock)
      : state(std::in_place, limits), lease_clock(clock) {}
  // Held for turns of at most some thousand keys.
  Guarded<State> state;
  LeaseClock lease_clock;
};

}  // namespace rollcall::store::embedded
