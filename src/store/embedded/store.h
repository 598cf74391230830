// The store contract in this process: a multi-version core without a disk.
//
// Semantics are etcd's (revisions, history until compaction, leases, watches from
// any kept revision), so that it serves the tests as the store and, with a durable
// half under it, the program.
#pragma once

#include <memory>

#include "base/clock.h"
#include "store/store.h"

namespace rollcall::store::embedded {

class EmbeddedStore : public Store {
 public:
  // Forgets all history before `revision`; watches from before it end with
  // kCompacted.  kInvalid: in the future; kCompacted: already done.
  [[nodiscard]] virtual Result<void> Compact(Revision revision) = 0;
  // Ends the leases whose time has come by the clock given at start, as the
  // store's own timer does twice a second.
  virtual void ExpireLeases() = 0;
  [[nodiscard]] virtual Header header() const = 0;
};

struct Options {
  std::uint64_t cluster_id = 0;  // 0: drawn by chance
  bool timer = true;             // false: the test calls ExpireLeases()
};

[[nodiscard]] std::unique_ptr<EmbeddedStore> Open(const Options& options,
                                                  const Clock& clock = SystemClock());

}  // namespace rollcall::store::embedded
