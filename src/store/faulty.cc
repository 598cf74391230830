#include "store/faulty.h"

#include <optional>

namespace rollcall::store {

class FaultyStore::FaultyWatch : public Watch {
 public:
  FaultyWatch(FaultyStore& owner, std::unique_ptr<Watch> watch)
      : owner_(owner), watch_(std::move(watch)) {
    owner_.state_.Lock()->watches.insert(this);
  }
  ~FaultyWatch() override { owner_.state_.Lock()->watches.erase(this); }

  Result<WatchBatch> Next(Deadline deadline) override {
    if (!held_) {
      auto batch = watch_->Next(deadline);
      auto state = owner_.state_.Lock();
      if (broken_) return Fail(*broken_, "fault injected: watch broken");
      if (!batch) return batch;
      held_ = *std::move(batch);
    }
    // What came through a hanging connection is held back, not lost.
    auto state = owner_.state_.Lock();
    const bool free = state.WaitUntil(owner_.mended_, deadline,
                                      [&] { return broken_ || cancelled_ || !state->hanging; });
    if (broken_) return Fail(*broken_, "fault injected: watch broken");
    if (cancelled_) return Fail(ErrorCode::kCancelled, "watch cancelled");
    if (!free) return Fail(ErrorCode::kDeadline, "fault injected: hanging");
    WatchBatch batch = *std::move(held_);
    held_.reset();
    return batch;
  }

  void Cancel() override {
    {
      auto state = owner_.state_.Lock();
      cancelled_ = true;
    }
    owner_.mended_.notify_all();
    watch_->Cancel();
  }

  // Requires: the owner's state is locked.
  void Break(ErrorCode code) {
    broken_ = code;
    watch_->Cancel();
  }

 private:
  FaultyStore& owner_;
  std::unique_ptr<Watch> watch_;
  std::optional<WatchBatch> held_;   // of the thread that calls Next()
  std::optional<ErrorCode> broken_;  // these two: under the owner's lock
  bool cancelled_ = false;
};

FaultyStore::FaultyStore(Store& target) {
  state_.Lock()->target = &target;
}

FaultyStore::~FaultyStore() = default;

void FaultyStore::FailNext(Call call, int times, ErrorCode code) {
  state_.Lock()->faults[call] = {times, code};
}

void FaultyStore::FailAlways(Call call, ErrorCode code) {
  FailNext(call, -1, code);
}

void FaultyStore::Hang() {
  state_.Lock()->hanging = true;
}

void FaultyStore::Mend() {
  {
    auto state = state_.Lock();
    state->hanging = false;
    state->faults.clear();
  }
  mended_.notify_all();
}

void FaultyStore::BreakWatches(ErrorCode code) {
  {
    auto state = state_.Lock();
    for (FaultyWatch* watch : state->watches) watch->Break(code);
  }
  mended_.notify_all();
}

void FaultyStore::SwitchTo(Store& target, Watches watches) {
  state_.Lock()->target = &target;
  if (watches == Watches::kBreak) BreakWatches();
}

void FaultyStore::AnswerAs(std::uint64_t cluster_id) {
  state_.Lock()->cluster_id = cluster_id;
}

int FaultyStore::calls(Call call) const {
  return state_.Lock()->calls[call];
}

Result<Store*> FaultyStore::Pass(Call call, Deadline deadline) {
  auto state = state_.Lock();
  ++state->calls[call];
  if (!state.WaitUntil(mended_, deadline, [&] { return !state->hanging; })) {
    return Fail(ErrorCode::kDeadline, "fault injected: hanging");
  }
  Fault& fault = state->faults[call];
  if (fault.times == 0) return state->target;
  if (fault.times > 0) --fault.times;
  return Fail(fault.code, "fault injected");
}

void FaultyStore::Disguise(Header& header) const {
  auto state = state_.Lock();
  if (state->cluster_id != 0) header.cluster_id = state->cluster_id;
}

Result<RangeResponse> FaultyStore::Range(const RangeRequest& request, Deadline deadline) {
  auto target = Pass(Call::kRange, deadline);
  if (!target) return Fail(std::move(target.error()));
  auto response = (*target)->Range(request, deadline);
  if (response) Disguise(response->header);
  return response;
}

Result<TxnResponse> FaultyStore::Txn(const TxnRequest& request, Deadline deadline) {
  auto target = Pass(Call::kTxn, deadline);
  if (!target) return Fail(std::move(target.error()));
  auto response = (*target)->Txn(request, deadline);
  if (response) Disguise(response->header);
  return response;
}

Result<std::unique_ptr<Watch>> FaultyStore::StartWatch(const WatchRequest& request,
                                                       Deadline deadline) {
  auto target = Pass(Call::kStartWatch, deadline);
  if (!target) return Fail(std::move(target.error()));
  auto watch = (*target)->StartWatch(request, deadline);
  if (!watch) return watch;
  return std::make_unique<FaultyWatch>(*this, *std::move(watch));
}

Result<Lease> FaultyStore::LeaseGrant(std::chrono::seconds ttl, LeaseId id, Deadline deadline) {
  auto target = Pass(Call::kGrant, deadline);
  if (!target) return Fail(std::move(target.error()));
  return (*target)->LeaseGrant(ttl, id, deadline);
}

Result<std::chrono::seconds> FaultyStore::LeaseKeepAlive(LeaseId id, Deadline deadline) {
  auto target = Pass(Call::kKeepAlive, deadline);
  if (!target) return Fail(std::move(target.error()));
  return (*target)->LeaseKeepAlive(id, deadline);
}

Result<void> FaultyStore::LeaseRevoke(LeaseId id, Deadline deadline) {
  auto target = Pass(Call::kRevoke, deadline);
  if (!target) return Fail(std::move(target.error()));
  return (*target)->LeaseRevoke(id, deadline);
}

Result<LeaseTimes> FaultyStore::LeaseTimeToLive(LeaseId id, Deadline deadline) {
  auto target = Pass(Call::kTimeToLive, deadline);
  if (!target) return Fail(std::move(target.error()));
  return (*target)->LeaseTimeToLive(id, deadline);
}

}  // namespace rollcall::store
