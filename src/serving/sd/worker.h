// One thread for work that is too long for the threads of the server, with a bounded queue.
//
// Threads: any may call Post().
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>

#include "base/guarded.h"

namespace rollcall::serving::sd {

class Worker {
 public:
  explicit Worker(std::size_t most_jobs);
  ~Worker();  // as Stop()
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // False: as many wait already as may.
  [[nodiscard]] bool Post(std::function<void()> job);
  // Waits for the job in hand; the others are dropped.  Not to be called by a job.
  void Stop();

 private:
  struct State {
    std::deque<std::function<void()>> jobs;
    bool stopped = false;
  };
  void Run();

  const std::size_t most_jobs_;
  Guarded<State> state_;
  std::condition_variable more_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace rollcall::serving::sd
