#include "serving/sd/worker.h"

#include <chrono>
#include <utility>

namespace rollcall::serving::sd {
namespace {

// Only so that no wait is without an end: whoever posts or stops says so.
constexpr std::chrono::seconds kLongestWait{60};

}  // namespace

Worker::Worker(std::size_t most_jobs) : most_jobs_(most_jobs), thread_([this] { Run(); }) {
}

Worker::~Worker() {
  Stop();
}

void Worker::Stop() {
  state_.Lock()->stopped = true;
  more_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool Worker::Post(std::function<void()> job) {
  {
    auto state = state_.Lock();
    if (state->stopped || state->jobs.size() >= most_jobs_) return false;
    state->jobs.push_back(std::move(job));
  }
  more_.notify_one();
  return true;
}

void Worker::Run() {
  for (;;) {
    std::function<void()> job;
    {
      auto state = state_.Lock();
      const auto ready = [&] { return state->stopped || !state->jobs.empty(); };
      const auto deadline = std::chrono::steady_clock::now() + kLongestWait;
      if (!state.WaitUntil(more_, deadline, ready)) continue;
      if (state->stopped) return;
      job = std::move(state->jobs.front());
      state->jobs.pop_front();
    }
    job();
  }
}

}  // namespace rollcall::serving::sd
