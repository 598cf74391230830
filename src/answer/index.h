// Finds equal entries of a growing list, without allocating once it is warm.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rollcall::answer {

// Positions in a list that its user keeps.  A few are compared one by one, which costs less than
// to hash one; more are in a hash table: open addressing, at most half full.
class Index {
 public:
  // Forgets all; room for `most` positions.
  void Reset(std::size_t most) {
    few_ = most <= kFew;
    count_ = 0;
    if (few_) return;
    mask_ = std::bit_ceil(most * 2) - 1;
    slots_.assign(mask_ + 1, 0);
  }

  // The position of an entry equal to the one at `position`, which is entered if
  // there is none: then it returns `position` itself.  `hash()` is of the new entry, and
  // `equal(other)` compares it with the one at `other`.
  template <typename Hash, typename Equal>
  std::size_t FindOrAdd(const Hash& hash, std::size_t position, const Equal& equal) {
    return few_ ? FindAmongFew(position, equal) : FindInTable(hash(), position, equal);
  }

 private:
  static constexpr std::size_t kFew = 8;

  template <typename Equal>
  std::size_t FindAmongFew(std::size_t position, const Equal& equal) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (equal(entered_[i])) return entered_[i];
    }
    entered_[count_++] = position;
    return position;
  }

  template <typename Equal>
  std::size_t FindInTable(std::size_t hash, std::size_t position, const Equal& equal) {
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      if (slots_[at] == 0) {
        slots_[at] = static_cast<std::uint32_t>(position + 1);
        return position;
      }
      if (equal(slots_[at] - 1)) return slots_[at] - 1;
    }
  }

  bool few_ = true;
  std::size_t count_ = 0;
  std::array<std::size_t, kFew> entered_{};
  std::vector<std::uint32_t> slots_;  // 0: free; else position + 1
  std::size_t mask_ = 0;
};

}  // namespace rollcall::answer
