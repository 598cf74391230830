// What the HTTP side has done, for a scrape.
#pragma once

#include "app/metrics.h"
#include "app/web_policy.h"
#include "serving/http/server.h"

namespace rollcall::app {

void CollectWeb(const serving::http::Counters& counters, const WebPolicy& policy, Metrics& metrics);

}  // namespace rollcall::app
