// What `serve` makes of the last known view: found at its start, told to who asks.
#pragma once

#include <functional>

#include "app/metrics.h"
#include "app/serve_options.h"
#include "catalog/feed.h"
#include "catalog/last_known_start.h"

namespace rollcall::app {

// Before the first thread.  `meanwhile`: as catalog::ReadLastKnown()'s.
[[nodiscard]] catalog::LastKnownStart FindLastKnown(const ServeOptions& options,
                                                    const std::function<void()>& meanwhile);

// Has the feed answer from what was found, if anything was, and the log say so.
void AnswerFromLastKnown(catalog::LastKnownStart& found, catalog::Feed& feed);

// `last_known` may be null: nothing is kept.
void CollectLastKnown(const catalog::LastKnown* last_known, Metrics& metrics);

}  // namespace rollcall::app
