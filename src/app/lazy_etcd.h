// An etcd cluster that may not be there yet: finds its endpoints and connects at
// the first call, and again at each call until that has succeeded.
//
// So a program starts whatever state the cluster, or the DNS that names it, is in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/store_options.h"
#include "base/guarded.h"
#include "store/etcd/client.h"
#include "store/store.h"

namespace rollcall::app {

// Threads: any number may call it.  While the endpoints are being looked for, the
// others wait, at most kDiscoveryTimeout past their deadline.
class LazyEtcd final : public store::Store {
 public:
  static constexpr std::chrono::seconds kDiscoveryTimeout{2};

  explicit LazyEtcd(StoreOptions options) : options_(std::move(options)) {}

  [[nodiscard]] const StoreOptions& options() const { return options_; }
  // The endpoints named, or found by SRV (kUnavailable while they are not).
  [[nodiscard]] Result<std::vector<std::string>> Endpoints(store::Deadline deadline);
  // Zeros while there is no client.
  [[nodiscard]] store::etcd::ClientCounters counters();

  [[nodiscard]] Result<store::RangeResponse> Range(const store::RangeRequest& request,
                                                   store::Deadline deadline) override;
  [[nodiscard]] Result<store::TxnResponse> Txn(const store::TxnRequest& request,
                                               store::Deadline deadline) override;
  [[nodiscard]] Result<std::unique_ptr<store::Watch>> StartWatch(const store::WatchRequest& request,
                                                                 store::Deadline deadline) override;
  [[nodiscard]] Result<store::Lease> LeaseGrant(std::chrono::seconds ttl, store::LeaseId id,
                                                store::Deadline deadline) override;
  [[nodiscard]] Result<std::chrono::seconds> LeaseKeepAlive(store::LeaseId id,
                                                            store::Deadline deadline) override;
  [[nodiscard]] Result<void> LeaseRevoke(store::LeaseId id, store::Deadline deadline) override;
  [[nodiscard]] Result<store::LeaseTimes> LeaseTimeToLive(store::LeaseId id,
                                                          store::Deadline deadline) override;

 private:
  struct State {
    std::vector<std::string> endpoints;
    std::unique_ptr<store::etcd::Client> client;  // once made, it stays
  };
  [[nodiscard]] Result<store::etcd::Client*> Client(store::Deadline deadline);
  [[nodiscard]] Result<void> Find(State& state, store::Deadline deadline) const;

  const StoreOptions options_;
  Guarded<State> state_;
};

}  // namespace rollcall::app
