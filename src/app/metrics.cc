#include "app/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>

namespace rollcall::app {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric& Row(std::vector<MetricFamily>& families, std::string_view name, std::string_view help,
                  MetricType type, const Metrics::Labels& labels) {
  const bool common = name.starts_with("process_");
  const std::string whole = (common ? "" : "rollcall_") + std::string(name);
  if (families.empty() || families.back().name != whole) {
    families.push_back({whole, std::string(help), type, {}});
  }
  ClientMetric& row = families.back().metric.emplace_back();
  for (const auto& [key, value] : labels) row.label.push_back({key, value});
  return row;
}

}  // namespace

struct Metrics::Families {
  std::vector<MetricFamily> all;
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {
}

Metrics::~Metrics() = default;

void Metrics::Counter(std::string_view name, std::string_view help, double value,
                      const Labels& labels) {
  Row(families_->all, name, help, MetricType::Counter, labels).counter.value = value;
}

void Metrics::Gauge(std::string_view name, std::string_view help, double value,
                    const Labels& labels) {
  Row(families_->all, name, help, MetricType::Gauge, labels).gauge.value = value;
}

void Metrics::Histogram(std::string_view name, std::string_view help,
                        const DelayHistogram& delays) {
  auto& row = Row(families_->all, name, help, MetricType::Histogram, {}).histogram;
  for (std::size_t i = 0; i < delays.counts.size(); ++i) {
    row.sample_count += delays.counts[i];
    const bool last = i == DelayHistogram::kBounds.size();
    row.bucket.push_back({row.sample_count, last ? std::numeric_limits<double>::infinity()
                                                 : DelayHistogram::kBounds[i]});
  }
  row.sample_sum = delays.sum;
}

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(families_->all);
}

}  // namespace rollcall::app
