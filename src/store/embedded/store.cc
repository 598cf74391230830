#include "store/embedded/store.h"

#include <condition_variable>
#include <future>
#include <mutex>
#include <utility>

namespace rollcall::store::embedded {
namespace {

// --- from the contract's requests, and back

Get ToGet(const RangeRequest& request) {
  return {.keys = request.keys,
          .revision = request.revision,
          .limit = request.limit,
          .count_only = request.count_only};
}

struct ToOperation {
  Operation operator()(const PutOp& op) const {
    return Put{.key = op.key, .value = op.value, .lease = op.lease};
  }
  Operation operator()(const DeleteOp& op) const { return Delete{.keys = op.keys}; }
  Operation operator()(const GetOp& op) const { return Get{.keys = op.keys}; }
};

Txn ToTxn(const TxnRequest& request) {
  Txn txn;
  for (const Compare& compare : request.compares) {
    txn.conditions.push_back({KeyRange::Single(compare.key), compare.target, compare.relation,
                              compare.number, compare.value});
  }
  for (const Op& op : request.then) txn.then.push_back(std::visit(ToOperation{}, op));
  for (const Op& op : request.otherwise) txn.otherwise.push_back(std::visit(ToOperation{}, op));
  return txn;
}

std::vector<KeyValue> ToKeyValues(const std::vector<Record>& records, bool keys_only) {
  std::vector<KeyValue> kvs;
  kvs.reserve(records.size());
  for (const Record& record : records) kvs.push_back(ToKeyValue(*record, keys_only));
  return kvs;
}

OpResult ToOpResult(const Outcome& outcome) {
  if (const auto* found = std::get_if<Found>(&outcome)) {
    return {ToKeyValues(found->records, false), 0};
  }
  const auto* deleted = std::get_if<Deleted>(&outcome);
  return {{}, deleted ? deleted->count : 0};
}

// --- waiting for an answer

// Calls `submit(done)` and waits for it.
template <typename T, typename Submit>
Result<T> Await(Deadline deadline, Submit submit) {
  auto answer = std::make_shared<std::promise<Result<T>>>();
  auto future = answer->get_future();
  submit([answer](Result<T> result) { answer->set_value(std::move(result)); });
  if (future.wait_until(deadline) != std::future_status::ready) {
    return Fail(ErrorCode::kDeadline, "the store did not answer in time; it may still be done");
  }
  return future.get();
}

// --- watching

class PullWatch final : public Watch {
 public:
  PullWatch(Engine& engine, const WatchRequest& request)
      : bell_(std::make_shared<Bell>()),
        watcher_(engine.Watch({.ranges = {request.ranges.begin(), request.ranges.end()},
                               .start = request.start_revision},
                              [bell = bell_] { bell->Ring(); })) {}

  Result<WatchBatch> Next(Deadline deadline) override {
    for (;;) {
      if (bell_->IsCancelled()) return Fail(ErrorCode::kCancelled, "watch cancelled");
      Delivery delivery = watcher_->Take();
      switch (delivery.kind) {
        case Delivery::Kind::kChanges:
          return ToBatch(delivery);
        case Delivery::Kind::kCompacted:
          return Fail(ErrorCode::kCompacted, "required revision has been compacted");
        case Delivery::Kind::kClosed:
          return Fail(ErrorCode::kUnavailable, "the store is closed");
        case Delivery::Kind::kNothing:
          break;
      }
      if (!bell_->Wait(deadline)) return Fail(ErrorCode::kDeadline, "no event by the deadline");
    }
  }

  void Cancel() override { bell_->Cancel(); }

 private:
  // What the engine rings; outlives the watch while it does.
  class Bell {
   public:
    void Ring() { Set(rung_); }
    void Cancel() { Set(cancelled_); }
    [[nodiscard]] bool IsCancelled() {
      const std::lock_guard lock(mutex_);
      return cancelled_;
    }
    // False: neither by the deadline.
    [[nodiscard]] bool Wait(Deadline deadline) {
      std::unique_lock lock(mutex_);
      if (!changed_.wait_until(lock, deadline, [this] { return rung_ || cancelled_; })) {
        return false;
      }
      rung_ = false;
      return true;
    }

   private:
    void Set(bool& what) {
      {
        const std::lock_guard lock(mutex_);
        what = true;
      }
      changed_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    bool rung_ = false;
    bool cancelled_ = false;
  };

  static WatchBatch ToBatch(const Delivery& delivery) {
    WatchBatch batch;
    batch.heard = delivery.noticed;
    batch.revision = delivery.changes.back().record->mod_revision();
    batch.events.reserve(delivery.changes.size());
    for (const Change& change : delivery.changes) {
      batch.events.push_back(
          {change.record->is_tombstone() ? Event::Type::kDelete : Event::Type::kPut,
           ToKeyValue(*change.record)});
    }
    return batch;
  }

  const std::shared_ptr<Bell> bell_;
  const std::unique_ptr<Engine::Watcher> watcher_;
};

// --- the contract

template <typename Base>
class Face : public Base {
 public:
  explicit Face(Engine& engine) : engine_(engine) {}

  Result<RangeResponse> Range(const RangeRequest& request, Deadline) override {
    auto found = engine_.Range(ToGet(request));
    if (!found) return Fail(std::move(found.error()));
    return RangeResponse{HeaderAt(found->revision), ToKeyValues(found->records, request.keys_only),
                         found->more, found->count};
  }

  Result<TxnResponse> Txn(const TxnRequest& request, Deadline deadline) override {
    auto done = Await<TxnDone>(deadline, [&](Engine::Done<TxnDone> finish) {
      engine_.Apply(ToTxn(request), std::move(finish));
    });
    if (!done) return Fail(std::move(done.error()));
    TxnResponse response{HeaderAt(done->revision), done->succeeded, {}};
    for (const Outcome& outcome : done->outcomes) response.results.push_back(ToOpResult(outcome));
    return response;
  }

  Result<std::unique_ptr<Watch>> StartWatch(const WatchRequest& request, Deadline) override {
    if (request.ranges.empty()) return Fail(ErrorCode::kInvalid, "a watch of no range");
    return std::make_unique<PullWatch>(engine_, request);
  }

  Result<Lease> LeaseGrant(std::chrono::seconds ttl, LeaseId id, Deadline deadline) override {
    return Await<Lease>(
        deadline, [&](Engine::Done<Lease> finish) { engine_.Grant(ttl, id, std::move(finish)); });
  }

  Result<std::chrono::seconds> LeaseKeepAlive(LeaseId id, Deadline) override {
    return engine_.KeepAlive(id);
  }

  Result<void> LeaseRevoke(LeaseId id, Deadline deadline) override {
    auto revoked = Await<Revision>(
        deadline, [&](Engine::Done<Revision> finish) { engine_.Revoke(id, std::move(finish)); });
    if (!revoked) return Fail(std::move(revoked.error()));
    return {};
  }

  Result<LeaseTimes> LeaseTimeToLive(LeaseId id, Deadline) override {
    const auto info = engine_.TimeToLive(id, false);
    if (!info) return Fail(info.error());
    return LeaseTimes{info->granted, info->left};
  }

 protected:
  [[nodiscard]] Header HeaderAt(Revision revision) const {
    return {engine_.identity().cluster_id, revision};
  }
  Engine& engine_;
};

class Memory final : public Face<EmbeddedStore> {
 public:
  explicit Memory(std::unique_ptr<Engine> engine) : Face(*engine), owned_(std::move(engine)) {}

  Result<void> Compact(Revision revision) override {
    auto done = Await<Revision>(Deadline::max(), [&](Engine::Done<Revision> finish) {
      engine_.Compact(revision, std::move(finish));
    });
    if (!done) return Fail(std::move(done.error()));
    return {};
  }
  void ExpireLeases() override { engine_.Tick(); }
  Header header() const override { return HeaderAt(engine_.revision()); }
  Engine& engine() override { return engine_; }

 private:
  const std::unique_ptr<Engine> owned_;
};

}  // namespace

std::unique_ptr<Store> MakeStore(Engine& engine) {
  return std::make_unique<Face<Store>>(engine);
}

std::unique_ptr<EmbeddedStore> Open(const Options& options, const Clock& clock) {
  EngineOptions kept_nowhere;
  kept_nowhere.cluster_id = options.cluster_id;
  kept_nowhere.timer = options.timer;
  // Without a directory there is nothing that could fail.
  return std::make_unique<Memory>(*Engine::Open(kept_nowhere, clock));
}

}  // namespace rollcall::store::embedded
