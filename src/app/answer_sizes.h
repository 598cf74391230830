// Which names have answers that DNS may soon have no room for: measured now and then, so that a
// scrape costs nothing.
//
// Threads: Measure() on one; Collect() on any, at the same time as that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "answer/zones.h"
#include "app/metrics.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "catalog/publisher.h"
#include "serving/api/answer_size.h"

namespace rollcall::app {

class AnswerSizes {
 public:
  // Shown are names with more records than a resolver such as BIND takes by default, and those
  // that take more than this share of what a message holds.
  static constexpr std::size_t kManyRecords = 100;
  static constexpr double kMuch = 0.5;
  // Names that are measured in one turn, where more have changed: the next goes on behind them.
  static constexpr std::size_t kPiece = 50;
  static constexpr std::size_t kMostNames = 2'000;

  // Borrows all until destroyed.
  AnswerSizes(catalog::Publisher& publisher, const answer::Zones& zones,
              const Clock& clock = SystemClock());

  // One turn: measures those of `names` (as asked, selectors and all) whose answer may have
  // changed.  Names that are not among them are forgotten.  Enters the view for one at a time.
  void Measure(std::vector<std::string> names, catalog::Standing standing);

  void Collect(Metrics& metrics) const;

 private:
  struct Measured {
    std::uint64_t touched = 0;  // Node::touched() then
    catalog::Standing standing = catalog::Standing::kNever;
    serving::api::AnswerSize size;
  };
  using Sizes = std::map<std::string, Measured, std::less<>>;  // by name, lower case

  // False: it is as it was.
  bool MeasureOne(const std::string& name, catalog::Standing standing, Measured& measured);

  const answer::Zones& zones_;
  const Clock& clock_;
  catalog::Publisher::Reader reader_;
  Sizes sizes_;       // of the thread that measures
  std::string next_;  // where its next turn begins
  mutable Guarded<Sizes> shown_;
};

}  // namespace rollcall::app
