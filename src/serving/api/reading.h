// The thread on which the API reads the view: whatever looks at registrations is done there, in
// short visits, so that neither the server's own threads nor the writer of the view wait for it.
//
// Threads: one of its own; any may call Run().
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>

#include "base/guarded.h"
#include "catalog/publisher.h"

namespace rollcall::serving::api {

class Reading {
 public:
  using Work = std::function<void(catalog::Publisher::Reader&)>;

  explicit Reading(catalog::Publisher& publisher, std::size_t most_waiting = 256);
  ~Reading();  // after the work under way; what has not begun is dropped
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  // False: too much is waiting.
  [[nodiscard]] bool Run(Work work);

 private:
  struct State {
    std::deque<Work> waiting;
    bool stopping = false;
  };
  void Loop();

  const std::size_t most_waiting_;
  catalog::Publisher::Reader reader_;  // of the thread
  Guarded<State> state_;
  std::condition_variable changed_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace rollcall::serving::api
