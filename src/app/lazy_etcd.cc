#include "app/lazy_etcd.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/etcd/discovery.h"

namespace rollcall::app {

Result<void> LazyEtcd::Find(State& state, store::Deadline deadline) const {
  if (!state.endpoints.empty()) return {};
  if (options_.discovery_srv.empty()) {
    state.endpoints = options_.etcd.endpoints;
    return {};
  }
  store::etcd::DiscoveryOptions discovery;
  discovery.domain = options_.discovery_srv;
  auto found =
      store::etcd::Discover(discovery, std::min(deadline, store::After(kDiscoveryTimeout)));
  if (!found) {
    // The records may come: to whoever waits for the store it is just away.
    return Fail(ErrorCode::kUnavailable, fmt::format("no etcd found by SRV in {}: {}",
                                                     discovery.domain, found.error().message));
  }
  state.endpoints = std::move(*found);
  return {};
}

Result<store::etcd::Client*> LazyEtcd::Client(store::Deadline deadline) {
  auto state = state_.Lock();
  if (state->client) return state->client.get();
  if (auto ok = Find(*state, deadline); !ok) return Fail(std::move(ok.error()));
  store::etcd::Options etcd = options_.etcd;
  etcd.endpoints = state->endpoints;
  auto client = store::etcd::Connect(etcd);
  if (!client) return Fail(std::move(client.error()));
  state->client = std::move(*client);
  return state->client.get();
}

Result<std::vector<std::string>> LazyEtcd::Endpoints(store::Deadline deadline) {
  auto state = state_.Lock();
  if (auto ok = Find(*state, deadline); !ok) return Fail(std::move(ok.error()));
  return state->endpoints;
}

store::etcd::ClientCounters LazyEtcd::counters() {
  auto state = state_.Lock();
  return state->client ? state->client->counters() : store::etcd::ClientCounters{};
}

Result<store::RangeResponse> LazyEtcd::Range(const store::RangeRequest& request,
                                             store::Deadline deadline) {
  const auto client = Client(deadline);
  if (!client) return Fail(client.error());
  return (*client)->Range(request, deadline);
}

Result<store::TxnResponse> LazyEtcd::Txn(const store::TxnRequest& request,
                                         store::Deadline deadline) {
  const auto client = Client(deadline);
  if (!client) return Fail(client.error());
  return (*client)->Txn(request, deadline);
}

Result<std::unique_ptr<store::Watch>> LazyEtcd::StartWatch(const store::WatchRequest& request,
                                                           store::Deadline deadline) {
  const auto client = Client(deadline);
  if (!client) return Fail(client.error());
  return (*client)->StartWatch(request, deadline);
}

Result<store::Lease> LazyEtcd::LeaseGrant(std::chrono::seconds ttl, store::LeaseId id,
                                          store::Deadline deadline) {
  const auto client = Client(deadline);
  if (!client) return Fail(client.error());
  return (*client)->LeaseGrant(ttl, id, deadline);
}

Result<std::chrono::seconds> LazyEtcd::LeaseKeepAlive(store::LeaseId id, store::Deadline deadline) {
  const auto client = Client(deadline);
  if (!client) return Fail(client.error());
  return (*client)->LeaseKeepAlive(id, deadline);
}

Result<void> LazyEtcd::LeaseRevoke(store::LeaseId id, store::Deadline deadline) {
  const auto client = Client(deadline);
  if (!client) return Fail(client.error());
  return (*client)->LeaseRevoke(id, deadline);
}

Result<store::LeaseTimes> LazyEtcd::LeaseTimeToLive(store::LeaseId id, store::Deadline deadline) {
  const auto client = Client(deadline);
  if (!client) return Fail(client.error());
  return (*client)->LeaseTimeToLive(id, deadline);
}

}  // namespace rollcall::app
