// When to give the system back the memory that streams which have ended leave behind.
//
// Thousands of clients that come back at once have, for a moment, two connections each, and most
// calls of an hour within a second.  What was theirs lies between what is in use, where the heap
// keeps it; to look through the heap for it takes a while, in which others wait for their memory.
// So that is done once many streams have ended, and no more do.
//
// Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace rollcall::etcdapi {

class Relief {
 public:
  explicit Relief(SteadyTime now) : looked_(now), many_from_(now) {}

  // So many streams are worth a look: some 10 MB.
  static constexpr std::uint64_t kMany = 256;
  // It is calm when no more than so many have ended in the last so many seconds.
  static constexpr std::uint64_t kFew = kMany / 16;
  static constexpr std::chrono::seconds kCalm{10};
  // Where streams come and go all the time, that is not waited for longer than this.
  static constexpr std::chrono::seconds kPatience{120};

  // Asked now and then with the number of streams that have ended so far.  True: now; it is taken
  // as done.
  [[nodiscard]] bool IsDue(std::uint64_t ended, SteadyTime now) {
    if (now - looked_ < kCalm) return false;
    const bool calm = ended - counted_ <= kFew;
    looked_ = now;
    counted_ = ended;
    if (ended - relieved_ < kMany) {
      many_from_ = now;
      return false;
    }
    if (!calm && now - many_from_ < kPatience) return false;
    relieved_ = ended;
    many_from_ = now;
    return true;
  }

 private:
  SteadyTime looked_;
  std::uint64_t counted_ = 0;   // then
  std::uint64_t relieved_ = 0;  // of those that have ended: not counted again
  SteadyTime many_from_;        // or later
};

}  // namespace rollcall::etcdapi
