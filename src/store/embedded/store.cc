#include "store/embedded/store.h"

#include <random>
#include <stop_token>
#include <thread>

#include "store/embedded/core.h"
#include "store/embedded/watch.h"

namespace rollcall::store::embedded {
namespace {

constexpr std::chrono::milliseconds kExpiryInterval{500};
// A thousand a second, as in etcd: leases that end together, after an outage, must
// not hold up the writes of those who come back.
constexpr std::size_t kMostExpiries = 500;

std::uint64_t DrawClusterId() {
  std::mt19937_64 random{std::random_device{}()};
  std::uint64_t id = 0;
  while (id == 0) id = random();
  return id;
}

class Memory final : public EmbeddedStore {
 public:
  Memory(const Options& options, const Clock& clock)
      : clock_(clock),
        shared_(
            std::make_shared<Shared>(options.cluster_id ? options.cluster_id : DrawClusterId())) {
    if (options.timer) {
      timer_ = std::jthread([this](const std::stop_token& stop) { RunTimer(stop); });
    }
  }

  ~Memory() override {
    timer_.request_stop();
    if (timer_.joinable()) timer_.join();
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->closed = true;
    }
    shared_->changed.notify_all();
  }

  Result<RangeResponse> Range(const RangeRequest& request, Deadline) override {
    auto found = shared_->Read([&](const Core& core) { return core.Range(request); });
    if (!found) return Fail(std::move(found.error()));
    // Copied outside the lock: a large page does not hold up writers.
    RangeResponse response{found->header, {}, found->more, found->count};
    response.kvs.reserve(found->records.size());
    for (const Record& record : found->records) {
      if (!request.keys_only) {
        response.kvs.push_back(*record);
        continue;
      }
      response.kvs.push_back({record->key,
                              {},
                              record->create_revision,
                              record->mod_revision,
                              record->version,
                              record->lease});
    }
    return response;
  }

  Result<TxnResponse> Txn(const TxnRequest& request, Deadline) override {
    return shared_->Write([&](Core& core) { return core.Txn(request, clock_.Now()); });
  }

  Result<std::unique_ptr<Watch>> StartWatch(const WatchRequest& request, Deadline) override {
    const std::lock_guard lock(shared_->mutex);
    if (request.ranges.empty()) return Fail(ErrorCode::kInvalid, "a watch of no range");
    return std::make_unique<PullWatch>(shared_, request);
  }

  Result<Lease> LeaseGrant(std::chrono::seconds ttl, LeaseId id, Deadline) override {
    return shared_->Write([&](Core& core) { return core.Grant(ttl, id, clock_.Now()); });
  }

  Result<std::chrono::seconds> LeaseKeepAlive(LeaseId id, Deadline) override {
    return shared_->Write([&](Core& core) { return core.KeepAlive(id, clock_.Now()); });
  }

  Result<void> LeaseRevoke(LeaseId id, Deadline) override {
    return shared_->Write([&](Core& core) { return core.Revoke(id, clock_.Now()); });
  }

  Result<LeaseTimes> LeaseTimeToLive(LeaseId id, Deadline) override {
    return shared_->Read([&](const Core& core) { return core.TimeToLive(id, clock_.Now()); });
  }

  Result<void> Compact(Revision revision) override {
    return shared_->Write([&](Core& core) { return core.Compact(revision); });
  }

  void ExpireLeases() override {
    shared_->Write([&](Core& core) { core.Expire(clock_.Now(), kMostExpiries); });
  }

  Header header() const override {
    return shared_->Read([](const Core& core) { return core.header(); });
  }

 private:
  void RunTimer(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      stopped.wait_for(lock, stop, kExpiryInterval, [] { return false; });
      if (!stop.stop_requested()) ExpireLeases();
    }
  }

  const Clock& clock_;
  std::shared_ptr<Shared> shared_;
  std::jthread timer_;
};

}  // namespace

std::unique_ptr<EmbeddedStore> Open(const Options& options, const Clock& clock) {
  return std::make_unique<Memory>(options, clock);
}

}  // namespace rollcall::store::embedded
