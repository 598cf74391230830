// Finds equal entries of a growing list, without allocating once it is warm.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rollcall::answer {

// A hash table of positions in a list that its user keeps: open addressing, at
// most half full.
class Index {
 public:
  // Forgets all; room for `most` positions.
  void Reset(std::size_t most) {
    mask_ = std::bit_ceil(std::max<std::size_t>(16, most * 2)) - 1;
    slots_.assign(mask_ + 1, 0);
  }

  // The position of an entry equal to the one at `position`, which is entered if
  // there is none: then it returns `position` itself.  `equal(other)` compares the
  // new entry with the one at `other`.
  template <typename Equal>
  std::size_t FindOrAdd(std::size_t hash, std::size_t position, const Equal& equal) {
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      if (slots_[at] == 0) {
        slots_[at] = static_cast<std::uint32_t>(position + 1);
        return position;
      }
      if (equal(slots_[at] - 1)) return slots_[at] - 1;
    }
  }

 private:
  std::vector<std::uint32_t> slots_;  // 0: free; else position + 1
  std::size_t mask_ = 0;
};

}  // namespace rollcall::answer
