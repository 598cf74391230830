#include "app/answer_sizes.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "serving/api/consumers.h"
#include "wire/types.h"

namespace rollcall::app {
namespace {

double RatioOf(const serving::api::AnswerSize& size) {
  return static_cast<double>(size.octets) / static_cast<double>(wire::kMaxMessageSize);
}

}  // namespace

AnswerSizes::AnswerSizes(catalog::Publisher& publisher, const answer::Zones& zones,
                         const Clock& clock)
    : zones_(zones), clock_(clock), reader_(publisher.AddReader()) {
}

bool AnswerSizes::MeasureOne(const std::string& name, catalog::Standing standing,
                             Measured& measured) {
  const auto asked = wire::Name::FromText(name);
  const auto plain = serving::api::PlainName(name);
  if (!asked || !plain) return false;
  const auto view = reader_.Enter();
  const catalog::Node* const node = view->tree.Find(*plain);
  // Each of them gives one record at most, and no selector adds any.
  if (node == nullptr || node->count() <= kManyRecords) {
    measured = {};
    return false;
  }
  if (node->touched() == measured.touched && standing == measured.standing) return false;
  measured = {node->touched(), standing,
              serving::api::SizeOfAnswer(*view, zones_, *asked, standing, clock_)};
  return true;
}

void AnswerSizes::Measure(std::vector<std::string> names, catalog::Standing standing) {
  for (std::string& name : names) name = LowerCase(name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (names.size() > kMostNames) names.resize(kMostNames);
  std::erase_if(sizes_, [&](const auto& one) {
    return !std::binary_search(names.begin(), names.end(), one.first);
  });
  const auto first = std::lower_bound(names.begin(), names.end(), next_);
  std::rotate(names.begin(), first, names.end());
  std::size_t left = kPiece;
  for (const std::string& name : names) {
    if (left == 0) {
      next_ = name;
      break;
    }
    if (MeasureOne(name, standing, sizes_[name])) --left;
  }
  Sizes shown;
  for (const auto& [name, measured] : sizes_) {
    const bool show = measured.size.records > kManyRecords || RatioOf(measured.size) > kMuch;
    if (show) shown.emplace(name, measured);
  }
  *shown_.Lock() = std::move(shown);
}

void AnswerSizes::Collect(Metrics& metrics) const {
  const Sizes shown = *shown_.Lock();
  for (const auto& [name, measured] : shown) {
    if (measured.size.records <= kManyRecords) continue;
    metrics.Gauge("answer_records",
                  "Records of the answer to SRV, of names that have more than 100.",
                  static_cast<double>(measured.size.records), {{"name", name}});
  }
  for (const auto& [name, measured] : shown) {
    if (RatioOf(measured.size) <= kMuch) continue;
    metrics.Gauge(
        "answer_size_ratio",
        "Share of the 65,535 octets of a DNS message that the answer to SRV takes without "
        "glue, of names that take more than half; above 1: it is cut, and Prometheus keeps its "
        "list.",
        RatioOf(measured.size), {{"name", name}});
  }
}

}  // namespace rollcall::app
