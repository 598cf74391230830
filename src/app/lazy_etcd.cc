#include "app/lazy_etcd.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/log.h"
#include "store/etcd/discovery.h"

namespace rollcall::app {

namespace {

bool SameSet(std::vector<std::string> one, std::vector<std::string> other) {
  std::sort(one.begin(), one.end());
  std::sort(other.begin(), other.end());
  return one == other;
}

store::etcd::ClientCounters Sum(const store::etcd::ClientCounters& a,
                                const store::etcd::ClientCounters& b) {
  return {a.range_requests + b.range_requests, a.txn_requests + b.txn_requests,
          a.watch_streams + b.watch_streams, a.lease_requests + b.lease_requests,
          a.failovers + b.failovers};
}

}  // namespace

Result<std::vector<std::string>> LazyEtcd::Look(store::Deadline deadline) const {
  if (options_.discovery_srv.empty()) return options_.etcd.endpoints;
  store::etcd::DiscoveryOptions discovery;
  discovery.domain = options_.discovery_srv;
  auto found =
      store::etcd::Discover(discovery, std::min(deadline, store::After(kDiscoveryTimeout)));
  if (found) return found;
  // The records may come: to whoever waits for the store it is just away.
  return Fail(ErrorCode::kUnavailable, fmt::format("no etcd found by SRV in {}: {}",
                                                   discovery.domain, found.error().message));
}

Result<void> LazyEtcd::Find(State& state, store::Deadline deadline) const {
  if (!state.endpoints.empty()) return {};
  auto found = Look(deadline);
  if (!found && options_.remembered.empty()) return Fail(std::move(found.error()));
  if (!found) {
    log::Warn("etcd is looked for where it was last", {{"reason", found.error().message}});
    found = options_.remembered;
  }
  state.endpoints = std::move(*found);
  return {};
}

void LazyEtcd::FindAgain(State& state, store::Deadline deadline) const {
  auto found = Look(deadline);
  if (!found || SameSet(*found, state.endpoints)) return;
  log::Warn("etcd has moved, by its SRV records",
            {{"from", fmt::format("{}", fmt::join(state.endpoints, ","))},
             {"to", fmt::format("{}", fmt::join(*found, ","))}});
  state.endpoints = std::move(*found);
  state.replaced = Sum(state.replaced, state.client->counters());
  state.client.reset();
}

LazyEtcd::FileTimes LazyEtcd::TimesOfFiles() const {
  const auto time = [](const std::string& file) {
    std::error_code error;
    return file.empty() ? std::filesystem::file_time_type{}
                        : std::filesystem::last_write_time(file, error);
  };
  return {time(options_.etcd.ca_file), time(options_.etcd.cert_file), time(options_.etcd.key_file)};
}

Result<void> LazyEtcd::Connect(State& state) const {
  store::etcd::Options etcd = options_.etcd;
  etcd.endpoints = state.endpoints;
  const FileTimes files = TimesOfFiles();
  auto client = store::etcd::Connect(etcd);
  if (!client) return Fail(std::move(client.error()));
  if (state.client) state.replaced = Sum(state.replaced, state.client->counters());
  state.client = std::move(*client);
  state.files = files;
  return {};
}

Result<std::shared_ptr<store::etcd::Client>> LazyEtcd::Client(store::Deadline deadline) {
  auto state = state_.Lock();
  if (state->client && !options_.discovery_srv.empty() &&
      state->rediscovery.Due(SystemClock().Now())) {
    FindAgain(*state, deadline);
  }
  if (state->client && state->rediscovery.silent() && TimesOfFiles() != state->files) {
    // It fails while only one of two files that go together has been replaced.
    if (Connect(*state)) log::Info("certificate files have changed; connecting anew");
  }
  if (state->client) return state->client;
  if (auto ok = Find(*state, deadline); !ok) return Fail(std::move(ok.error()));
  if (auto ok = Connect(*state); !ok) return Fail(std::move(ok.error()));
  return state->client;
}

template <typename Call>
std::invoke_result_t<Call, store::Store&> LazyEtcd::With(store::Deadline deadline, Call call) {
  const auto client = Client(deadline);
  if (!client) return Fail(client.error());
  auto result = call(**client);
  state_.Lock()->rediscovery.Note(result ? nullptr : &result.error(), SystemClock().Now());
  return result;
}

Result<std::vector<std::string>> LazyEtcd::Endpoints(store::Deadline deadline) {
  auto state = state_.Lock();
  if (auto ok = Find(*state, deadline); !ok) return Fail(std::move(ok.error()));
  return state->endpoints;
}

store::etcd::ClientCounters LazyEtcd::CountersOf(const State& state) {
  return state.client ? Sum(state.replaced, state.client->counters()) : state.replaced;
}

store::etcd::ClientCounters LazyEtcd::counters() {
  return CountersOf(*state_.Lock());
}

std::optional<store::etcd::ClientCounters> LazyEtcd::TryCounters() {
  auto state = state_.TryLock();
  if (!state) return std::nullopt;
  return CountersOf(**state);
}

Result<store::RangeResponse> LazyEtcd::Range(const store::RangeRequest& request,
                                             store::Deadline deadline) {
  return With(deadline, [&](store::Store& etcd) { return etcd.Range(request, deadline); });
}

Result<store::TxnResponse> LazyEtcd::Txn(const store::TxnRequest& request,
                                         store::Deadline deadline) {
  return With(deadline, [&](store::Store& etcd) { return etcd.Txn(request, deadline); });
}

Result<std::unique_ptr<store::Watch>> LazyEtcd::StartWatch(const store::WatchRequest& request,
                                                           store::Deadline deadline) {
  return With(deadline, [&](store::Store& etcd) { return etcd.StartWatch(request, deadline); });
}

Result<store::Lease> LazyEtcd::LeaseGrant(std::chrono::seconds ttl, store::LeaseId id,
                                          store::Deadline deadline) {
  return With(deadline, [&](store::Store& etcd) { return etcd.LeaseGrant(ttl, id, deadline); });
}

Result<std::chrono::seconds> LazyEtcd::LeaseKeepAlive(store::LeaseId id, store::Deadline deadline) {
  return With(deadline, [&](store::Store& etcd) { return etcd.LeaseKeepAlive(id, deadline); });
}

Result<void> LazyEtcd::LeaseRevoke(store::LeaseId id, store::Deadline deadline) {
  return With(deadline, [&](store::Store& etcd) { return etcd.LeaseRevoke(id, deadline); });
}

Result<store::LeaseTimes> LazyEtcd::LeaseTimeToLive(store::LeaseId id, store::Deadline deadline) {
  return With(deadline, [&](store::Store& etcd) { return etcd.LeaseTimeToLive(id, deadline); });
}

}  // namespace rollcall::app
