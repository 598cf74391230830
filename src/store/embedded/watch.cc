#include "store/embedded/watch.h"

#include <algorithm>
#include <utility>

namespace rollcall::store::embedded {
namespace {

// Bound for one turn under the lock: a watch that starts far back must not hold up
// writers.
constexpr std::size_t kMostLookedAt = 10'000;

}  // namespace

class WatchHub::Place {
 public:
  Place(WatchQuery query, std::function<void()> wake)
      : query_(std::move(query)), wake_(std::move(wake)) {}

  [[nodiscard]] bool Wants(const RecordBody& record) const {
    return IsKindWanted(record) &&
           std::any_of(query_.ranges.begin(), query_.ranges.end(),
                       [&](const KeyRange& range) { return range.Contains(record.key()); });
  }
  [[nodiscard]] bool IsKindWanted(const RecordBody& record) const {
    return record.is_tombstone() ? query_.deletions : query_.puts;
  }

 private:
  friend class WatchHub;

  const WatchQuery query_;
  const std::function<void()> wake_;
  // The first revision that was not delivered yet.  While `up_to_date_` nothing that is
  // wanted has been published from there on, however far the store has gone.
  Revision next_ = 0;
  bool up_to_date_ = true;
  SteadyTime noticed_{};  // see Delivery
  bool woken_ = true;     // until the owner has found nothing to take
};

WatchHub::PlacePtr WatchHub::Add(WatchQuery query, std::function<void()> wake, const Core& core) {
  auto place = std::make_shared<Place>(std::move(query), std::move(wake));
  const Revision start = place->query_.start;
  place->next_ = start > 0 ? start : core.revision() + 1;
  place->up_to_date_ = place->next_ > core.revision();
  for (const KeyRange& range : place->query_.ranges) interests_.Add(range, place.get());
  places_.emplace(place.get(), place);
  return place;
}

void WatchHub::Remove(const PlacePtr& place) {
  for (const KeyRange& range : place->query_.ranges) interests_.Remove(range, place.get());
  places_.erase(place.get());
}

void WatchHub::Notice(std::span<const Record> records, std::vector<PlacePtr>& woken) {
  for (const Record& record : records) {
    interests_.Match(record->key(), [&](Place* place) {
      if (record->mod_revision() < place->next_ || !place->IsKindWanted(*record)) return;
      if (std::exchange(place->up_to_date_, false)) {
        place->next_ = record->mod_revision();
        place->noticed_ = SystemClock().Now();
      }
      if (!std::exchange(place->woken_, true)) woken.push_back(places_.at(place));
    });
  }
}

void WatchHub::All(std::vector<PlacePtr>& places) const {
  for (const auto& [raw, place] : places_) places.push_back(place);
}

void WatchHub::Wake(std::span<const PlacePtr> places) {
  for (const PlacePtr& place : places) place->wake_();
}

Delivery WatchHub::Take(Place& place, const DeliveryBounds& bounds, const Core& core) const {
  Delivery delivery;
  delivery.revision = core.revision();
  if (closed_) {
    delivery.kind = Delivery::Kind::kClosed;
  } else if (place.up_to_date_) {
    place.woken_ = false;
  } else if (place.next_ < core.compacted()) {
    delivery.kind = Delivery::Kind::kCompacted;
    delivery.compacted = core.compacted();
  } else {
    delivery.kind = Delivery::Kind::kChanges;
  }
  if (delivery.kind != Delivery::Kind::kChanges) return delivery;

  std::size_t looked_at = 0;
  std::size_t bytes = 0;
  auto it = core.history().From(place.next_);
  const auto end = core.history().end();
  while (it != end && looked_at < kMostLookedAt && delivery.changes.size() < bounds.changes &&
         bytes < bounds.bytes) {
    const Revision revision = (*it)->mod_revision();
    for (; it != end && (*it)->mod_revision() == revision; ++it, ++looked_at) {
      const RecordBody& record = **it;
      if (!place.Wants(record)) continue;
      Change& change = delivery.changes.emplace_back(Change{*it, nullptr});
      if (place.query_.previous) {
        change.previous = core.index().Find(record.key(), record.mod_revision() - 1);
      }
      bytes += record.size();
    }
    place.next_ = revision + 1;
  }
  delivery.noticed = place.noticed_;
  place.up_to_date_ = it == end;
  return delivery;
}

bool WatchHub::IsUpToDate(const Place& place) const {
  return place.up_to_date_;
}

}  // namespace rollcall::store::embedded
