#include "store/embedded/writer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"

namespace rollcall::store::embedded {
namespace {

using std::chrono::milliseconds;

// What waits at most; beyond it a client that never waits for answers would fill our
// memory.
constexpr std::size_t kMostWaiting = 20'000;
constexpr std::size_t kMostWaitingBytes = std::size_t{64} << 20;
// One commit.
constexpr std::size_t kMostWorks = 2000;
constexpr std::size_t kMostBytes = std::size_t{8} << 20;
constexpr std::size_t kWorksPerTurn = 128;  // under one hold of the lock
constexpr std::size_t kMostDoomed = 500;
constexpr std::size_t kMostTrimmed = 2000;

// A thousand a second, as in etcd: leases that end together, after an outage, must not
// hold up the writes of those who come back.
constexpr std::size_t kMostExpiries = 250;
// After the disk was full.
constexpr std::chrono::seconds kChorePause{1};
constexpr int kSamplesPerAge = 20;

}  // namespace

Writer::Writer(std::shared_ptr<Shared> shared, std::unique_ptr<Disk> disk,
               std::vector<Doomed> doomed, WriterOptions options, const Clock& clock)
    : shared_(std::move(shared)),
      disk_(std::move(disk)),
      options_(options),
      clock_(clock),
      doomed_(std::move(doomed)) {
  if (options_.timer) {
    timer_ = std::jthread([this](const std::stop_token& stop) { RunTimer(stop); });
  }
  thread_ = std::thread([this] { Run(); });
}

Writer::~Writer() {
  timer_.request_stop();
  if (timer_.joinable()) timer_.join();
  queue_.Lock()->stopping = true;
  arrived_.notify_all();
  thread_.join();
  const Error closing{ErrorCode::kUnavailable, "the store is closing"};
  for (const auto& work : queue_.Lock()->works) work->Finish(&closing);
}

void Writer::Submit(std::unique_ptr<Work> work) {
  {
    auto queue = queue_.Lock();
    const bool full = queue->works.size() >= kMostWaiting || queue->bytes >= kMostWaitingBytes;
    if (!full && !queue->stopping) {
      queue->bytes += work->kind().bytes;
      queue->works.push_back(std::move(work));
    }
  }
  if (!work) {
    arrived_.notify_one();
    return;
  }
  const Error full{ErrorCode::kExhausted, "too many requests"};
  work->Finish(&full);  // NOLINT(bugprone-use-after-move): it was not taken
}

// --- the thread

void Writer::Run() {
  Batch batch;
  bool tick = false;
  while (Next(batch, tick)) {
    Write(batch, tick);
    batch.clear();
  }
}

bool Writer::Next(Batch& batch, bool& tick) {
  auto queue = queue_.Lock();
  const auto ready = [&] { return queue->stopping || queue->tick || !queue->works.empty(); };
  // Chores let others go first.
  const auto wait = HasChores() && !failure_ ? milliseconds(5) : milliseconds(1000);
  while (!queue.WaitUntil(arrived_, std::chrono::steady_clock::now() + wait, ready)) {
    if (HasChores() && !failure_ && clock_.Now() >= chores_from_) break;
  }
  if (queue->stopping) return false;
  tick = std::exchange(queue->tick, false);
  std::size_t bytes = 0;
  while (!queue->works.empty() && batch.size() < kMostWorks && bytes < kMostBytes) {
    bytes += queue->works.front()->kind().bytes;
    batch.push_back(std::move(queue->works.front()));
    queue->works.pop_front();
  }
  queue->bytes -= bytes;
  return true;
}

void Writer::Write(Batch& batch, bool tick) {
  if (failure_) return FinishUnwritten(batch, *failure_);
  Stage(batch, tick);
  // Only this thread stages, so nobody changes it while the lock is not held.
  const Staged& staged = shared_->state.Lock()->core.staged();
  const auto durable = MakeDurable(staged, tick);
  std::vector<WatchHub::PlacePtr> woken;
  {
    auto state = shared_->state.Lock();
    if (durable) {
      state->hub.Notice(staged.records, woken);
      state->core.Publish();
      trimming_ = state->core.Trim(kMostTrimmed, doomed_);
    } else {
      state->core.Rollback();
    }
  }
  if (!durable) return FinishUnwritten(batch, durable.error());
  WatchHub::Wake(woken);
  for (const auto& work : batch) work->Finish(nullptr);
  health_.Lock()->counts.writes += batch.size();
}

void Writer::FinishUnwritten(Batch& batch, const Error& why) {
  const Error error = why.code == ErrorCode::kExhausted
                          ? Error{why.code, "mvcc: database space exceeded"}
                          : Error{ErrorCode::kUnavailable, why.message};
  for (const auto& work : batch) {
    if (work->kind().only_reads) {
      work->Stage(shared_->state.Lock()->core, shared_->lease_clock.Now());
    }
    work->Finish(work->kind().only_reads ? nullptr : &error);
  }
}

void Writer::Stage(Batch& batch, bool tick) {
  const SteadyTime now = shared_->lease_clock.Now();
  for (std::size_t i = 0; i < batch.size();) {
    auto state = shared_->state.Lock();  // for a turn: readers come in between
    const std::size_t end = std::min(batch.size(), i + kWorksPerTurn);
    for (; i < end; ++i) batch[i]->Stage(state->core, now);
  }
  if (!tick) return;
  auto state = shared_->state.Lock();
  StageChores(state->core, now);
}

void Writer::StageChores(Core& core, SteadyTime now) {
  const auto ended = core.leases().Ended(now, kMostExpiries);
  for (const LeaseId id : ended) core.RemoveEnded(id);
  if (!ended.empty()) health_.Lock()->counts.expired += ended.size();
  StageCompaction(core);
}

void Writer::StageCompaction(Core& core) {
  const SteadyTime now = clock_.Now();
  if (samples_.empty() || (samples_.back().revision != core.revision() &&
                           now - samples_.back().time >= options_.history_age / kSamplesPerAge)) {
    samples_.push_back({now, core.revision()});
  }
  Revision goal = kNeverCompacted;
  while (!samples_.empty() && now - samples_.front().time >= options_.history_age) {
    goal = samples_.front().revision;
    samples_.pop_front();
  }
  if (core.history_bytes() > options_.history_bytes && !trimming_) {
    const auto half = static_cast<std::ptrdiff_t>(core.history().size() / 2);
    goal = std::max(goal, (*std::next(core.history().begin(), half))->mod_revision());
  }
  if (goal > core.compacted()) (void)core.Compact(goal);
}

Result<void> Writer::MakeDurable(const Staged& staged, bool probe) {
  const std::size_t doomed = std::min(doomed_.size(), kMostDoomed);
  probe = probe &&
          (std::exchange(unproven_, false) || health_.Lock()->health.state == Health::State::kFull);
  if (staged.empty() && doomed == 0 && !probe) return {};
  const auto from = doomed_.end() - static_cast<std::ptrdiff_t>(doomed);
  Result<void> durable = disk_->Commit(staged, std::span(from, doomed_.end()));
  if (durable) doomed_.erase(from, doomed_.end());
  Tell(durable);
  return durable;
}

void Writer::Tell(const Result<void>& durable) {
  auto known = health_.Lock();
  Health& health = known->health;
  if (durable) {
    ++known->counts.commits;
    if (health.state != Health::State::kGood) log::Info("the store's disk takes writes again");
    health = {};
    return;
  }
  const Error& error = durable.error();
  chores_from_ = clock_.Now() + kChorePause;
  const bool passes = error.code == ErrorCode::kExhausted || error.code == ErrorCode::kUnavailable;
  if (!passes) {
    log::Error("the store's disk failed: no more writes until the next start; reads go on",
               {{"why", error.message}});
    health = {Health::State::kFailed, error.message};
    failure_ = Error{ErrorCode::kUnavailable, "the store's disk has failed: " + error.message};
    return;
  }
  if (health.state == Health::State::kGood) {
    log::Error("the store's disk takes no writes; reads go on, and it is tried again",
               {{"why", error.message}});
  }
  health = {Health::State::kFull, error.message};
}

void Writer::RunTimer(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    if (const auto standstill = shared_->lease_clock.Tick(); standstill.count() > 0) {
      log::Warn("this process stood still; leases do not count that time",
                {{"seconds", std::chrono::duration<double>(standstill).count()}});
    }
    queue_.Lock()->tick = true;
    arrived_.notify_one();
    stopped.wait_for(lock, stop, LeaseClock::kTick, [] { return false; });
  }
}

}  // namespace rollcall::store::embedded
