#include "etcdapi/core/workers.h"

#include <chrono>
#include <utility>

namespace rollcall::etcdapi {

Workers::Workers(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

Workers::~Workers() {
  queue_.Lock()->ending = true;
  arrived_.notify_all();
}

void Workers::Post(Task task) {
  queue_.Lock()->tasks.push_back(std::move(task));
  arrived_.notify_one();
}

bool Workers::PostIfRoom(Task task, std::size_t most) {
  {
    auto queue = queue_.Lock();
    if (queue->tasks.size() >= most) return false;
    queue->tasks.push_back(std::move(task));
  }
  arrived_.notify_one();
  return true;
}

void Workers::Run() {
  for (;;) {
    Task task;
    {
      auto queue = queue_.Lock();
      const auto ready = [&] { return queue->ending || !queue->tasks.empty(); };
      while (!queue.WaitUntil(arrived_, std::chrono::steady_clock::now() + std::chrono::hours(1),
                              ready)) {
      }
      if (queue->tasks.empty()) return;
      task = std::move(queue->tasks.front());
      queue->tasks.pop_front();
    }
    std::move(task)();
  }
}

}  // namespace rollcall::etcdapi
