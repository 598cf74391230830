#include "app/server_store.h"

#include <utility>

#include "app/embedded_server.h"
#include "app/lazy_etcd.h"
#include "base/log.h"

namespace rollcall::app {
namespace {

class EtcdServerStore final : public ServerStore {
 public:
  explicit EtcdServerStore(StoreOptions options) : etcd_(std::move(options)) {}

  store::Store& store() override { return etcd_; }
  bool MayHoldV2() const override { return true; }
  void LogCounters() override {
    const auto counters = etcd_.counters();
    log::Info("store counters", {{"store_range_requests", counters.range_requests},
                                 {"store_txn_requests", counters.txn_requests},
                                 {"store_watch_streams", counters.watch_streams},
                                 {"store_lease_requests", counters.lease_requests},
                                 {"store_failovers", counters.failovers}});
  }
  void Collect(Metrics& metrics) const override {
    const auto now = etcd_.TryCounters();
    if (!now) return;
    const auto& counters = *now;
    const auto request = [&](const char* kind, std::uint64_t count) {
      metrics.Counter("store_requests_total", "Requests to etcd.", static_cast<double>(count),
                      {{"kind", kind}});
    };
    request("range", counters.range_requests);
    request("txn", counters.txn_requests);
    request("watch", counters.watch_streams);
    request("lease", counters.lease_requests);
    metrics.Counter("store_failovers_total", "Moves to another endpoint.",
                    static_cast<double>(counters.failovers));
  }

 private:
  mutable LazyEtcd etcd_;
};

}  // namespace

Result<std::unique_ptr<ServerStore>> ServerStore::Open(const ServeOptions& options,
                                                       std::optional<SparedCheck> check) {
  if (options.embedded) return OpenEmbeddedServer(*options.embedded, options, std::move(check));
  return std::make_unique<EtcdServerStore>(options.store);
}

std::optional<SparedCheck> ServerStore::BeginCheck(const ServeOptions& options) {
  if (!options.embedded) return std::nullopt;
  return app::BeginCheck(*options.embedded);
}

}  // namespace rollcall::app
