// Refuses a transaction that cannot be done whole, before any of it is done.
#pragma once

#include "base/result.h"
#include "store/embedded/request.h"

namespace rollcall::store::embedded {

inline constexpr std::size_t kMostOps = 128;  // etcd's default; nested ones share it

// kInvalid: too many operations, a key that is empty, put twice, or put and deleted; a
// value or lease beside the order to keep the old one.  Looks at all branches,
// whichever will be taken.
[[nodiscard]] Result<void> Check(const Txn& txn);

}  // namespace rollcall::store::embedded
