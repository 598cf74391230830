#include "app/consumer_metrics.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "serving/api/consumers.h"

namespace rollcall::app {
namespace {

using serving::seen::Consumer;

struct Row {
  const Consumer* last = nullptr;
  std::uint64_t asks = 0;
  store::Revision lag = 0;
  Metrics::Labels labels = {};
};

// The programs of one client (curl beside Prometheus) are one row, that of who asked last.
std::vector<Row> RowsOf(const std::vector<Consumer>& consumers,
                        catalog::Publisher::Reader& reader) {
  std::vector<Row> rows;
  std::map<Metrics::Labels, std::size_t> at;
  for (const Consumer& one : consumers) {
    Metrics::Labels labels{{"consumer", one.client},
                           {"name", LowerCase(one.name)},
                           {"mechanism", std::string(ToString(one.mechanism))}};
    if (const auto known = at.find(labels); known != at.end()) {
      rows[known->second].asks += one.asks;
      continue;
    }
    if (rows.size() == kMostConsumersShown) continue;
    at.emplace(labels, rows.size());
    rows.push_back({.last = &one, .asks = one.asks, .labels = std::move(labels)});
    const auto name = serving::api::PlainName(one.name);
    if (name) rows.back().lag = serving::api::LagOf(*reader.Enter(), *name, one.revision);
  }
  return rows;
}

}  // namespace

void CollectConsumers(serving::seen::Book& book, catalog::Publisher::Reader& reader,
                      Metrics& metrics) {
  const std::vector<Consumer> consumers = book.List();
  const std::vector<Row> rows = RowsOf(consumers, reader);
  for (const Row& row : rows) {
    metrics.Counter("consumer_asks_total", "Times that a consumer asked for a name.",
                    static_cast<double>(row.asks), row.labels);
  }
  for (const Row& row : rows) {
    if (!row.last->interval) continue;
    metrics.Gauge("consumer_interval_seconds", "How often it asks, as it says or as was seen.",
                  std::chrono::duration<double>(*row.last->interval).count(), row.labels);
  }
  for (const Row& row : rows) {
    const auto since = row.last->last_seen.time_since_epoch();
    metrics.Gauge("consumer_last_seen_timestamp_seconds", "When it asked last.",
                  std::chrono::duration<double>(since).count(), row.labels);
  }
  for (const Row& row : rows) {
    metrics.Gauge("consumer_revision_lag",
                  "By how many revisions the last change of the name is ahead of what it was told; "
                  "0: it has all.",
                  static_cast<double>(row.lag), row.labels);
  }
  const auto counters = book.counters();
  metrics.Gauge("consumers", "Consumers that are remembered, shown here or not.",
                static_cast<double>(counters.consumers));
  metrics.Counter("consumers_forgotten_total", "Consumers forgotten for want of room.",
                  static_cast<double>(counters.forgotten));
  metrics.Counter("consumer_asks_dropped_total", "Asks by DNS that could not be noted.",
                  static_cast<double>(counters.dropped));
}

}  // namespace rollcall::app
