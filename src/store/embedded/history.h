// All changes from the last compaction on, in order, so that a watch can be given
// any of them again.
//
// Threads: none of its own; the caller locks.
#pragma once

#include <algorithm>
#include <deque>

#include "store/embedded/record.h"

namespace rollcall::store::embedded {

class History {
 public:
  using Iterator = std::deque<Record>::const_iterator;

  // The first change of `revision` or later.
  [[nodiscard]] Iterator From(Revision revision) const {
    return std::partition_point(changes_.begin(), changes_.end(), [revision](const Record& record) {
      return record->mod_revision() < revision;
    });
  }
  [[nodiscard]] Iterator begin() const { return changes_.begin(); }
  [[nodiscard]] Iterator end() const { return changes_.end(); }
  [[nodiscard]] bool empty() const { return changes_.empty(); }
  [[nodiscard]] std::size_t size() const { return changes_.size(); }

  // Requires: not before the last one's revision.
  void Append(Record change) { changes_.push_back(std::move(change)); }
  // Drops the oldest.  Requires: not empty.
  void PopFront() { changes_.pop_front(); }

 private:
  std::deque<Record> changes_;
};

}  // namespace rollcall::store::embedded
