// A few threads that do what others must not wait for.
//
// Threads: any number may post.  Tasks of one Workers run side by side, begun in the
// order in which they came.
#pragma once

#include <absl/functional/any_invocable.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include "base/guarded.h"

namespace rollcall::etcdapi {

class Workers {
 public:
  using Task = absl::AnyInvocable<void()>;

  explicit Workers(int threads);
  ~Workers();  // after the last of what was posted; nothing may be posted meanwhile
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Tasks must not throw.
  void Post(Task task);
  // False, and nothing is done: `most` or more wait.
  [[nodiscard]] bool PostIfRoom(Task task, std::size_t most);

 private:
  struct Queue {
    std::deque<Task> tasks;
    bool ending = false;
  };
  void Run();

  Guarded<Queue> queue_;
  std::condition_variable arrived_;
  std::vector<std::jthread> threads_;  // last: they use the others
};

}  // namespace rollcall::etcdapi
