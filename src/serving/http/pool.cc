#include "serving/http/pool.h"

#include <utility>

namespace rollcall::serving::http {
namespace {

constexpr std::chrono::hours kForever{24};  // a wait ends all the same, and begins anew

}  // namespace

Pool::Pool(std::size_t threads, std::size_t most_waiting) : most_waiting_(most_waiting) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

Pool::~Pool() {
  std::deque<std::function<void()>> dropped;  // goes without the lock: who is dropped may ask back
  {
    auto state = state_.Lock();
    state->stopping = true;
    dropped.swap(state->waiting);
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Pool::Run(std::function<void()> work) {
  {
    auto state = state_.Lock();
    if (state->stopping || state->waiting.size() >= most_waiting_) return false;
    state->waiting.push_back(std::move(work));
  }
  changed_.notify_all();
  return true;
}

void Pool::Drain(SteadyTime deadline) {
  auto state = state_.Lock();
  state.WaitUntil(changed_, deadline, [&] { return state->waiting.empty() && state->busy == 0; });
}

void Pool::Work() {
  for (;;) {
    std::function<void()> work;
    {
      auto state = state_.Lock();
      state.WaitUntil(changed_, std::chrono::steady_clock::now() + kForever,
                      [&] { return state->stopping || !state->waiting.empty(); });
      if (state->stopping) return;
      if (state->waiting.empty()) continue;
      work = std::move(state->waiting.front());
      state->waiting.pop_front();
      ++state->busy;
    }
    work();
    work = nullptr;  // what it holds goes before it counts as done
    {
      auto state = state_.Lock();
      --state->busy;
    }
    changed_.notify_all();
  }
}

}  // namespace rollcall::serving::http
