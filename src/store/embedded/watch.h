// A watch that pulls: it keeps no queue, but its place in the shared history, and
// copies from there what it has not yet given out.  A watcher that does not read
// costs nothing, and finds kCompacted when the history has gone on without it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "store/embedded/core.h"
#include "store/store.h"

namespace rollcall::store::embedded {

// What the store and its watches share; a watch may outlive its store.
struct Shared {
  explicit Shared(std::uint64_t cluster_id) : core(cluster_id) {}

  std::mutex mutex;
  std::condition_variable changed;  // the core's revision, a cancellation, the end
  Core core;                        // under the mutex
  bool closed = false;              // under the mutex: the store is gone

  template <typename Call>
  auto Read(Call call) {
    const std::lock_guard lock(mutex);
    return call(std::as_const(core));
  }

  // Wakes the watches if the revision moved or history went.
  template <typename Call>
  auto Write(Call call) {
    struct Waker {
      Shared& shared;
      Revision last;
      Revision compacted;
      ~Waker() {
        if (shared.core.history().last() != last || shared.core.compacted() != compacted) {
          shared.changed.notify_all();
        }
      }
    };
    const std::lock_guard lock(mutex);
    const Waker waker{*this, core.history().last(), core.compacted()};
    return call(core);
  }
};

class PullWatch : public Watch {
 public:
  // Requires: `shared` is locked by the caller.
  PullWatch(std::shared_ptr<Shared> shared, const WatchRequest& request);

  Result<WatchBatch> Next(Deadline deadline) override;
  void Cancel() override;

 private:
  // Takes what is there and moves on behind it.  Requires: the lock.
  [[nodiscard]] std::vector<Record> Pull();
  [[nodiscard]] bool Wanted(const KeyValue& kv) const;

  std::shared_ptr<Shared> shared_;
  std::vector<KeyRange> ranges_;
  Revision next_;           // of the thread that calls Next()
  bool cancelled_ = false;  // under the mutex
};

}  // namespace rollcall::store::embedded
