// The store contract (store/store.h) on an engine in this process.
#pragma once

#include <memory>

#include "base/clock.h"
#include "store/embedded/engine.h"
#include "store/store.h"

namespace rollcall::store::embedded {

// Borrows the engine for its own life.  Its watches may outlive both.
[[nodiscard]] std::unique_ptr<Store> MakeStore(Engine& engine);

// A store with its own engine that keeps nothing, as tests want one.
class EmbeddedStore : public Store {
 public:
  // Forgets all history before `revision`; watches from before it end with
  // kCompacted.  kInvalid: in the future; kCompacted: already done.
  [[nodiscard]] virtual Result<void> Compact(Revision revision) = 0;
  // Ends the leases whose time has come by the clock given at start.
  virtual void ExpireLeases() = 0;
  [[nodiscard]] virtual Header header() const = 0;
  [[nodiscard]] virtual Engine& engine() = 0;
};

struct Options {
  std::uint64_t cluster_id = 0;  // 0: drawn by chance
  bool timer = true;             // false: the test calls ExpireLeases()
};

[[nodiscard]] std::unique_ptr<EmbeddedStore> Open(const Options& options,
                                                  const Clock& clock = SystemClock());

}  // namespace rollcall::store::embedded
