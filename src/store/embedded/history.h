// All changes since the last compaction, one entry per revision, so that a watch
// can be given any of them again.
//
// Threads: none of its own; the caller locks.
#pragma once

#include <deque>
#include <vector>

#include "store/embedded/record.h"

namespace rollcall::store::embedded {

class History {
 public:
  using Change = std::vector<Record>;  // of one revision, in order

  // The first revision that is still kept; one above the last, if none is.
  [[nodiscard]] Revision first() const { return first_; }
  [[nodiscard]] Revision last() const {
    return first_ + static_cast<Revision>(changes_.size()) - 1;
  }

  // Requires: first() <= `revision` <= last().
  [[nodiscard]] const Change& At(Revision revision) const {
    return changes_[static_cast<std::size_t>(revision - first_)];
  }
  // As revision last() + 1.
  void Append(Change change) { changes_.push_back(std::move(change)); }

  // Drops the oldest.  Requires: not empty.
  void PopFront() {
    changes_.pop_front();
    ++first_;
  }

 private:
  // An empty store has revision 1 without any change in it.
  Revision first_ = 2;
  std::deque<Change> changes_;
};

}  // namespace rollcall::store::embedded
