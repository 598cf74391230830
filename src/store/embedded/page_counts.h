// How many keys are left behind a page that was read, for the next page.
//
// Each page of a list has to say how many keys the whole range has.  To count them anew
// for each makes a list cost the square of its size.
//
// Threads: none of its own; the caller locks.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "store/store.h"

namespace rollcall::store::embedded {

class PageCounts {
 public:
  void Remember(KeyRange rest, Revision revision, std::int64_t count) {
    entries_[next_++ % entries_.size()] = {std::move(rest), revision, count};
  }
  [[nodiscard]] std::optional<std::int64_t> Find(const KeyRange& keys, Revision revision) const {
    for (const Entry& entry : entries_) {
      if (entry.revision == revision && entry.keys == keys) return entry.count;
    }
    return std::nullopt;
  }

 private:
  struct Entry {
    KeyRange keys;
    Revision revision = -1;
    std::int64_t count = 0;
  };
  std::array<Entry, 16> entries_;  // lists that go on at once
  std::size_t next_ = 0;
};

}  // namespace rollcall::store::embedded
