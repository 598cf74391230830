// Threads for what may wait, behind a bounded queue.
//
// Threads: any may give it work.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"

namespace rollcall::serving::http {

class Pool {
 public:
  Pool(std::size_t threads, std::size_t most_waiting);
  ~Pool();  // waits for what is being done; what was not begun is dropped
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // False: the queue is full, or the pool stops; `work` was not taken.
  [[nodiscard]] bool Run(std::function<void()> work);
  // Waits until all is done, at most until then.
  void Drain(SteadyTime deadline);

 private:
  struct State {
    std::deque<std::function<void()>> waiting;
    std::size_t busy = 0;
    bool stopping = false;
  };
  void Work();

  const std::size_t most_waiting_;
  Guarded<State> state_;
  std::condition_variable changed_;
  std::vector<std::thread> threads_;
};

}  // namespace rollcall::serving::http
