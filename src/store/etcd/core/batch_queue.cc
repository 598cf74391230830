#include "store/etcd/core/batch_queue.h"

#include <utility>

namespace rollcall::store::etcd {
namespace {

std::size_t BytesOf(const WatchBatch& batch) {
  std::size_t bytes = 0;
  for (const Event& event : batch.events) bytes += event.kv.key.size() + event.kv.value.size();
  return bytes;
}

}  // namespace

void BatchQueue::Confirm() {
  state_.Lock()->confirmed = true;
  changed_.notify_all();
}

bool BatchQueue::WaitConfirmed(SteadyTime deadline) {
  auto state = state_.Lock();
  state.WaitUntil(changed_, deadline, [&] { return state->confirmed || state->over(); });
  return state->confirmed;
}

bool BatchQueue::Push(WatchBatch batch) {
  batch.heard = SystemClock().Now();
  const std::size_t bytes = BytesOf(batch);
  {
    auto state = state_.Lock();
    const auto has_room = [&] {
      return state->over() || state->batches.empty() || state->bytes + bytes <= max_bytes_;
    };
    while (!has_room()) {
      // No deadline of its own: Pop(), End() and Cancel() all notify.
      state.WaitUntil(changed_, std::chrono::steady_clock::now() + std::chrono::hours(1), has_room);
    }
    if (state->over()) return false;
    state->bytes += bytes;
    state->batches.push_back(std::move(batch));
  }
  changed_.notify_all();
  return true;
}

void BatchQueue::End(Error error) {
  {
    auto state = state_.Lock();
    if (!state->over()) state->end = std::move(error);
  }
  changed_.notify_all();
}

void BatchQueue::Cancel() {
  {
    auto state = state_.Lock();
    state->cancelled = true;
    state->batches.clear();
    state->bytes = 0;
  }
  changed_.notify_all();
}

Result<WatchBatch> BatchQueue::Pop(SteadyTime deadline) {
  WatchBatch batch;
  {
    auto state = state_.Lock();
    state.WaitUntil(changed_, deadline, [&] { return state->over() || !state->batches.empty(); });
    if (state->cancelled) return Fail(ErrorCode::kCancelled, "watch cancelled");
    if (state->batches.empty()) {
      if (state->end) return Fail(*state->end);
      return Fail(ErrorCode::kDeadline, "no change in the time given");
    }
    batch = std::move(state->batches.front());
    state->batches.pop_front();
    state->bytes -= BytesOf(batch);
  }
  changed_.notify_all();
  return batch;
}

bool BatchQueue::over() {
  return state_.Lock()->over();
}

std::optional<Error> BatchQueue::error() {
  return state_.Lock()->end;
}

}  // namespace rollcall::store::etcd
