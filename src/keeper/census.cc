#include "keeper/census.h"

#include <algorithm>
#include <utility>

#include "catalog/marks.h"

namespace rollcall::keeper {
namespace {

constexpr std::size_t kPiece = 2000;
constexpr int kPauseTimes = 50;

}  // namespace

bool Census::CountIfDue(std::chrono::milliseconds pause, const Clock& clock) {
  const SteadyTime began = clock.Now();
  if (began < next_) return false;
  {
    const auto view = reader_.Enter();
    const bool ends =
        std::exchange(time_matters_, !view->marks.Of(model::Area::kMaintenance).empty());
    if (view->changes == changes_ && !ends) return false;
    changes_ = view->changes;
  }
  Counts counts{};
  last_.clear();
  const WallTime now = clock.WallNow();
  while (CountPiece(counts, now)) {
  }
  counts_ = counts;
  const SteadyTime ended = clock.Now();
  next_ = ended + std::max<SteadyTime::duration>(pause, kPauseTimes * (ended - began));
  return true;
}

bool Census::CountPiece(Counts& counts, WallTime now) {
  const auto view = reader_.Enter();
  std::size_t left = kPiece;
  view->tree.VisitFrom(last_, [&](const catalog::Registration& registration) {
    if (registration.key == last_) return true;  // it was the last of the piece before
    if (left == 0) return false;
    if (--left == 0) last_ = registration.key;
    if (!registration.usable()) return true;
    ++counts[static_cast<std::size_t>(catalog::StateOf(registration, view->marks, now))];
    return true;
  });
  return left == 0;
}

}  // namespace rollcall::keeper
