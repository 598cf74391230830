// What the keeper knows and has written, for a scrape.
#pragma once

#include "app/metrics.h"
#include "keeper/keeper.h"

namespace rollcall::app {

void CollectKeeper(const keeper::State& state, const keeper::Counters& counters, Metrics& metrics);

}  // namespace rollcall::app
