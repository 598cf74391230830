// What discovery over HTTP has done, as metrics.
#pragma once

#include "app/metrics.h"
#include "serving/sd/discovery.h"

namespace rollcall::app {

void CollectDiscovery(const serving::sd::Counters& counters, Metrics& metrics);

}  // namespace rollcall::app
