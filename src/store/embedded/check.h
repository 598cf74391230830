// Refuses a transaction that cannot be done whole, before any of it is done.
#pragma once

#include "base/result.h"
#include "store/store.h"

namespace rollcall::store::embedded {

inline constexpr std::size_t kMostOps = 128;  // etcd's default

// kInvalid: too many operations, a key that is empty, put twice, or put and deleted.
// Looks at both branches, whichever will be taken.
[[nodiscard]] Result<void> Check(const TxnRequest& request);

}  // namespace rollcall::store::embedded
