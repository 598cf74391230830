// The bounded queue between the reader of a watch stream and the caller of Next().
//
// No gRPC here.  Threads: one producer (Push, End), one consumer (Pop), and any
// thread may Cancel() or End().
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <optional>

#include "base/guarded.h"
#include "store/store.h"

namespace rollcall::store::etcd {

class BatchQueue {
 public:
  // Holds batches up to `max_bytes` of keys and values together; one batch always
  // fits, however large.
  explicit BatchQueue(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // The stream is confirmed; ends WaitConfirmed().
  void Confirm();
  // True: confirmed.  False: ended or cancelled before, or `deadline` is past.
  [[nodiscard]] bool WaitConfirmed(SteadyTime deadline);

  // Waits for room.  False: ended or cancelled, `batch` is dropped.
  [[nodiscard]] bool Push(WatchBatch batch);

  // The first of End() and Cancel() counts.  What was pushed before an End() is
  // still delivered, then the error, again and again.
  void End(Error error);
  // Nothing more is delivered; a waiting Pop() and Push() return at once.
  void Cancel();

  // As store::Watch::Next().
  [[nodiscard]] Result<WatchBatch> Pop(SteadyTime deadline);

  [[nodiscard]] bool over();
  [[nodiscard]] std::optional<Error> error();

 private:
  struct State {
    std::deque<WatchBatch> batches;
    std::size_t bytes = 0;
    bool confirmed = false;
    bool cancelled = false;
    std::optional<Error> end;

    [[nodiscard]] bool over() const { return cancelled || end.has_value(); }
  };

  const std::size_t max_bytes_;
  Guarded<State> state_;
  std::condition_variable changed_;
};

}  // namespace rollcall::store::etcd
