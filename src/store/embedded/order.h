// Sees whether anything is missing among changes that come in the order of revisions.
//
// Threads: none of its own.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/store.h"

namespace rollcall::store::embedded {

// Before the compacted revision only what is current is kept.  Its own change is whole,
// and from there on there is no gap.
class OrderCheck {
 public:
  explicit OrderCheck(Revision compacted)
      : compacted_(compacted), before_(compacted > 1 ? compacted - 1 : 1), last_(before_) {}

  // The next change.  kInternal: names what is missing.
  [[nodiscard]] Result<void> Next(Revision revision, std::uint32_t place) {
    if (revision <= before_) return {};
    const std::uint32_t expected = revision == last_ ? next_place_ : 0;
    if (revision > last_ + 1 || place != expected) return Missing(last_ + 1);
    last_ = revision;
    next_place_ = expected + 1;
    return {};
  }
  // There are no more.
  [[nodiscard]] Result<void> End() const {
    return last_ < compacted_ ? Missing(compacted_) : Result<void>{};
  }
  [[nodiscard]] Revision last() const { return last_; }

 private:
  static tl::unexpected<Error> Missing(Revision revision) {
    return Fail(ErrorCode::kInternal,
                "revision " + std::to_string(revision) + " is missing or not whole");
  }

  const Revision compacted_;
  const Revision before_;
  Revision last_;
  std::uint32_t next_place_ = 0;
};

}  // namespace rollcall::store::embedded
