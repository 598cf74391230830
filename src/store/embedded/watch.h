// Watches that pull: each keeps no queue, but its place in the shared history, and
// takes from there what it has not yet had.  One that does not read costs nothing, and
// finds kCompacted once the history has gone on without it.
//
// Threads: WatchHub has none of its own; the engine locks.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "store/embedded/core.h"
#include "store/embedded/interests.h"

namespace rollcall::store::embedded {

struct WatchQuery {
  absl::InlinedVector<KeyRange, 1> ranges;
  Revision start = 0;     // the first revision wanted, even a future one; 0: from now on
  bool previous = false;  // wanted with each change
  bool puts = true;
  bool deletions = true;
};

struct Change {
  Record record;
  Record previous;  // null: not wanted, there was none, or it is compacted
};

struct Delivery {
  enum class Kind {
    kNothing,    // up to date: to be woken
    kChanges,    // whole revisions, in order
    kCompacted,  // the end: what comes next is no longer kept
    kClosed,     // the end: the store is
  };
  Kind kind = Kind::kNothing;
  std::vector<Change> changes;
  SteadyTime noticed{};   // when the first that waited was published; zero: before the watch began
  Revision revision = 0;  // of the store now
  Revision compacted = kNeverCompacted;  // kCompacted: up to where
};

// How much one Delivery brings at most: whole revisions, until one of these is passed.
struct DeliveryBounds {
  std::size_t changes = 1000;
  std::size_t bytes = std::size_t{1} << 20;
};

class WatchHub {
 public:
  // Of one watch.
  class Place;
  using PlacePtr = std::shared_ptr<Place>;

  // `wake` is called, outside the lock, when there may be something to Take() again
  // after a kNothing.  What it captures has to outlive it.
  [[nodiscard]] PlacePtr Add(WatchQuery query, std::function<void()> wake, const Core& core);
  void Remove(const PlacePtr& place);
  // All watches end.
  void Close() { closed_ = true; }

  // Once `records` are published: appends to `woken` whom they concern.
  void Notice(std::span<const Record> records, std::vector<PlacePtr>& woken);
  void All(std::vector<PlacePtr>& places) const;
  static void Wake(std::span<const PlacePtr> places);

  // What comes next for `place`.  Empty kChanges: looked at much and found nothing; ask
  // again, after a turn for others.
  [[nodiscard]] Delivery Take(Place& place, const DeliveryBounds& bounds, const Core& core) const;
  // Whether all that is published has been taken.
  [[nodiscard]] bool IsUpToDate(const Place& place) const;
  [[nodiscard]] std::size_t size() const { return places_.size(); }

 private:
  absl::flat_hash_map<Place*, PlacePtr> places_;
  Interests<Place*> interests_;
  bool closed_ = false;
};

}  // namespace rollcall::store::embedded
