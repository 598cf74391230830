// What a scrape is told, in Prometheus's text format.
//
// Collected anew for each scrape from the rooms' own counters, so that nothing is counted
// twice and nothing on the way of a query knows of metrics.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/delay_histogram.h"

namespace rollcall::app {

// Threads: a value.
class Metrics {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // `name` without "rollcall_", or one that every process has ("process_..."); the rows of one
  // name follow each other.
  void Counter(std::string_view name, std::string_view help, double value,
               const Labels& labels = {});
  void Gauge(std::string_view name, std::string_view help, double value, const Labels& labels = {});
  void Histogram(std::string_view name, std::string_view help, const DelayHistogram& delays);

  [[nodiscard]] std::string Text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace rollcall::app
