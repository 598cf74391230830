#include "serving/api/reading.h"

#include <exception>
#include <utility>

#include "base/log.h"

namespace rollcall::serving::api {

Reading::Reading(catalog::Publisher& publisher, std::size_t most_waiting)
    : most_waiting_(most_waiting), reader_(publisher.AddReader()), thread_([this] { Loop(); }) {
}

Reading::~Reading() {
  state_.Lock()->stopping = true;
  changed_.notify_all();
}

bool Reading::Run(Work work) {
  {
    auto state = state_.Lock();
    if (state->stopping || state->waiting.size() >= most_waiting_) return false;
    state->waiting.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

void Reading::Loop() {
  constexpr std::chrono::hours kTurn{1};
  for (;;) {
    Work work;
    {
      auto state = state_.Lock();
      state.WaitUntil(changed_, SystemClock().Now() + kTurn,
                      [&] { return state->stopping || !state->waiting.empty(); });
      if (state->stopping) return;
      if (state->waiting.empty()) continue;
      work = std::move(state->waiting.front());
      state->waiting.pop_front();
    }
    try {
      work(reader_);
    } catch (const std::exception& error) {
      log::Error("an answer of the API was given up", {{"error", error.what()}});
    }
  }
}

}  // namespace rollcall::serving::api
