#include "store/embedded/watch.h"

#include <algorithm>

namespace rollcall::store::embedded {
namespace {

// Bounds for one turn under the lock: a watch that starts far back must not hold
// up writers, nor make a batch without end.
constexpr std::size_t kMostEvents = 1000;
constexpr Revision kMostRevisions = 10'000;

}  // namespace

PullWatch::PullWatch(std::shared_ptr<Shared> shared, const WatchRequest& request)
    : shared_(std::move(shared)),
      ranges_(request.ranges),
      next_(request.start_revision > 0 ? request.start_revision
                                       : shared_->core.history().last() + 1) {
}

bool PullWatch::Wanted(const KeyValue& kv) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [&kv](const KeyRange& range) { return range.Contains(kv.key); });
}

std::vector<Record> PullWatch::Pull() {
  std::vector<Record> pulled;
  const History& history = shared_->core.history();
  const Revision last = std::min(history.last(), next_ + kMostRevisions - 1);
  // Revision 1 is the empty store: nothing to tell.
  next_ = std::max(next_, std::min(history.first(), last + 1));
  while (next_ <= last && pulled.size() < kMostEvents) {
    const History::Change& change = history.At(next_++);
    std::copy_if(change.begin(), change.end(), std::back_inserter(pulled),
                 [this](const Record& record) { return Wanted(*record); });
  }
  return pulled;
}

Result<WatchBatch> PullWatch::Next(Deadline deadline) {
  std::vector<Record> pulled;
  {
    std::unique_lock lock(shared_->mutex);
    const Core& core = shared_->core;
    while (pulled.empty()) {
      const bool woken = shared_->changed.wait_until(lock, deadline, [&] {
        return cancelled_ || shared_->closed || next_ <= core.history().last();
      });
      if (cancelled_) return Fail(ErrorCode::kCancelled, "watch cancelled");
      if (shared_->closed) return Fail(ErrorCode::kUnavailable, "the store is closed");
      if (!woken) return Fail(ErrorCode::kDeadline, "no event by the deadline");
      if (next_ < core.compacted()) {
        return Fail(ErrorCode::kCompacted, "required revision has been compacted");
      }
      pulled = Pull();
      if (pulled.empty()) {  // a turn for others
        lock.unlock();
        lock.lock();
      }
    }
  }
  WatchBatch batch;
  batch.revision = pulled.back()->mod_revision;
  batch.events.reserve(pulled.size());
  for (const Record& record : pulled) {
    batch.events.push_back(
        {IsTombstone(*record) ? Event::Type::kDelete : Event::Type::kPut, *record});
  }
  return batch;
}

void PullWatch::Cancel() {
  {
    const std::lock_guard lock(shared_->mutex);
    cancelled_ = true;
  }
  shared_->changed.notify_all();
}

}  // namespace rollcall::store::embedded
