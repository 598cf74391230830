// Who asks for what and how far behind he is, for a scrape.
//
// Threads: any.
#pragma once

#include "app/metrics.h"
#include "catalog/publisher.h"
#include "serving/seen/book.h"

namespace rollcall::app {

// Of so many consumers at most, those that asked last.
inline constexpr std::size_t kMostConsumersShown = 1'000;

// Visits the view by `reader`, a moment at a time.
void CollectConsumers(serving::seen::Book& book, catalog::Publisher::Reader& reader,
                      Metrics& metrics);

}  // namespace rollcall::app
