// An etcd cluster that may not be there yet: finds its endpoints and connects at
// the first call, and again at each call until that has succeeded.
//
// So a program starts whatever state the cluster, or the DNS that names it, is in.
// In the years that a server runs a cluster may move, and certificates are renewed every
// few weeks.  So endpoints found by SRV are looked up again when none has answered for a
// while, and files that were replaced are read again as soon as none answers.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "app/rediscovery.h"
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
  // The same without waiting; nothing, while it is being connected.
  [[nodiscard]] std::optional<store::etcd::ClientCounters> TryCounters();

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
  struct State;
  [[nodiscard]] static store::etcd::ClientCounters CountersOf(const State& state);
  using FileTimes = std::array<std::filesystem::file_time_type, 3>;  // CA, certificate, key
  struct State {
    std::vector<std::string> endpoints;
    // Calls and watches under way keep one that has been replaced.
    std::shared_ptr<store::etcd::Client> client;
    FileTimes files{};                     // of those it connects with
    store::etcd::ClientCounters replaced;  // of all clients before
    Rediscovery rediscovery;
  };
  [[nodiscard]] Result<std::shared_ptr<store::etcd::Client>> Client(store::Deadline deadline);
  [[nodiscard]] Result<std::vector<std::string>> Look(store::Deadline deadline) const;
  [[nodiscard]] Result<void> Find(State& state, store::Deadline deadline) const;
  // Drops the client if the records name other endpoints now.
  void FindAgain(State& state, store::Deadline deadline) const;
  [[nodiscard]] FileTimes TimesOfFiles() const;
  // A new client; the one before stays if that fails.
  [[nodiscard]] Result<void> Connect(State& state) const;
  // One call on the client, by which is seen whether anybody answers.
  template <typename Call>
  std::invoke_result_t<Call, store::Store&> With(store::Deadline deadline, Call call);

  const StoreOptions options_;
  Guarded<State> state_;
};

}  // namespace rollcall::app
