// Every key with its kept versions, in byte order.
//
// Threads: none of its own; the caller locks.
#pragma once

#include <absl/container/btree_set.h>

#include <memory>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "store/embedded/record.h"

namespace rollcall::store::embedded {

// The kept versions of one key, oldest first.  Most keys have one only, so a second
// costs more than the first.
class Versions {
 public:
  explicit Versions(Record only) : kept_(std::move(only)) {}

  [[nodiscard]] const Record& newest() const;
  [[nodiscard]] std::string_view key() const { return newest()->key(); }
  // The one that was current at `revision`; null: none, or a deletion.
  [[nodiscard]] const RecordBody* At(Revision revision) const;

  void Add(Record record);
  // False: it was the only one.
  [[nodiscard]] bool RemoveNewest();
  // Moves those that no read at `revision` or later can see to `dropped`, but for
  // the newest.  False: that one too would have to go.
  [[nodiscard]] bool Compact(Revision revision, std::vector<Record>& dropped);

 private:
  using Several = std::unique_ptr<std::vector<Record>>;  // two or more
  std::variant<Record, Several> kept_;
};

class Index {
 public:
  // The version of `key` that was current at `revision`; null: there was none.
  [[nodiscard]] Record Find(std::string_view key, Revision revision) const;

  // Calls `visit` for each key of `range` that was there at `revision`, in order,
  // until it returns false.
  template <typename Visit>
  void ForEach(const KeyRange& range, Revision revision, Visit visit) const {
    for (auto it = keys_.lower_bound(std::string_view(range.begin));
         it != keys_.end() && range.Contains(it->versions.key()); ++it) {
      const RecordBody* record = it->versions.At(revision);
      if (record && !visit(Record(record))) return;
    }
  }

  // Where a key is, or would be: finding it costs a cache miss for each key on the way.
  // Good until the index is changed.
  class Place;
  [[nodiscard]] Place PlaceOf(std::string_view key) const;
  // The newest version there, unless that is a deletion.
  [[nodiscard]] Record NewestAt(const Place& place) const;

  // Requires: newer than all versions of this key, whose place it is.
  void Add(const Place& place, Record record);
  // Takes the last Add() of this key back.
  void RemoveNewest(std::string_view key);
  // Forgets the versions of `key` that no read at `revision` or later can see, and
  // hands them out.
  void Compact(std::string_view key, Revision revision, std::vector<Record>& dropped);

  // The same for every key.
  void CompactAll(Revision revision, std::vector<Record>& dropped);

  // Fills an empty index.  `records` is in the order of revisions; a key's newest
  // version may be a deletion.
  void Load(std::vector<Record> records);

  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  struct Slot {
    mutable Versions versions;  // its key never changes
  };
  struct Less {
    using is_transparent = void;
    bool operator()(const Slot& a, const Slot& b) const {
      return a.versions.key() < b.versions.key();
    }
    bool operator()(const Slot& a, std::string_view b) const { return a.versions.key() < b; }
    bool operator()(std::string_view a, const Slot& b) const { return a < b.versions.key(); }
  };
  using Keys = absl::btree_set<Slot, Less>;
  Keys keys_;
};

class Index::Place {
  friend class Index;
  Place(Keys::const_iterator behind, bool found) : behind_(behind), found_(found) {}
  Keys::const_iterator behind_;  // the first key that is not before it
  bool found_;
};

}  // namespace rollcall::store::embedded
