#include "app/embedded_server.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "app/address.h"
#include "base/log.h"
#include "etcdapi/server.h"
#include "registry/advertise.h"
#include "store/embedded/lmdb_disk.h"
#include "store/embedded/store.h"
#include "store/etcd/grpc_log.h"

namespace rollcall::app {
namespace {

using store::embedded::Engine;
using store::embedded::Health;

constexpr std::chrono::milliseconds kAdvertisePatience{5000};

// HOST:PORT, checked when it was read.
registry::StoreAddress SplitAdvertised(const EmbeddedOptions& options) {
  const std::size_t colon = options.advertise.rfind(':');
  std::string host = options.advertise.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {host, static_cast<std::uint16_t>(std::stoi(options.advertise.substr(colon + 1))),
          !options.cert_file.empty()};
}

std::string_view ToString(Health::State state) {
  switch (state) {
    case Health::State::kGood:
      return "good";
    case Health::State::kFull:
      return "full";
    case Health::State::kFailed:
      return "failed";
  }
  return "unknown";
}

etcdapi::ServerOptions ApiOptions(const EmbeddedOptions& options) {
  etcdapi::ServerOptions api;
  api.listen_addresses = {options.listen};
  if (!options.advertise.empty()) {
    api.advertised_urls = {options.scheme() + "://" + options.advertise};
  }
  api.name = ShortHostName();
  api.cert_file = options.cert_file;
  api.key_file = options.key_file;
  api.client_ca_file = options.client_ca_file;
  api.users_file = options.users_file;
  return api;
}

class EmbeddedServerStore final : public ServerStore {
 public:
  EmbeddedServerStore(std::unique_ptr<Engine> engine, const EmbeddedOptions& embedded,
                      const ServeOptions& options)
      : engine_(std::move(engine)),
        store_(store::embedded::MakeStore(*engine_)),
        embedded_(embedded),
        options_(options),
        api_(*engine_, ApiOptions(embedded)) {}

  store::Store& store() override { return *store_; }

  Result<void> Start() override {
    store::etcd::TakeOverGrpcLog();
    if (auto ok = api_.Start(); !ok) return ok;
    for (const std::string& address : api_.bound()) {
      log::Info("serving the etcd v3 API", {{"address", address}, {"path", embedded_.path}});
    }
    Advertise();
    return {};
  }

  void Stop() override { api_.Stop(); }

  std::string Trouble() const override {
    const Health health = engine_->health();
    return health.state == Health::State::kGood ? "" : health.why;
  }

  void Collect(Metrics& metrics) const override {
    const auto store = engine_->figures();
    const auto api = api_.figures();
    const auto gauge = [&](const char* name, const char* help, auto value) {
      metrics.Gauge(name, help, static_cast<double>(value));
    };
    const auto counter = [&](const char* name, const char* help, auto value) {
      metrics.Counter(name, help, static_cast<double>(value));
    };
    for (const auto state : {Health::State::kGood, Health::State::kFull, Health::State::kFailed}) {
      metrics.Gauge("store_disk_state", "1 for the state that the store's disk is in.",
                    engine_->health().state == state ? 1 : 0,
                    {{"state", std::string(ToString(state))}});
    }
    gauge("store_keys", "Keys of the store.", store.keys);
    gauge("store_leases", "Leases of the store.", store.leases);
    gauge("store_watches", "Watches of the store, the server's own included.", store.watches);
    gauge("store_bytes", "What the newest versions take in memory.", store.bytes);
    gauge("store_history_bytes", "What older versions take in memory.", store.history_bytes);
    gauge("store_file_bytes", "Size of the store's file.", store.disk.file);
    gauge("store_file_used_bytes", "What of the file is in use.", store.disk.used);
    counter("store_writes_total", "Writes answered.", store.writes);
    counter("store_commits_total", "Commits to the disk, each of one or more writes.",
            store.commits);
    counter("lease_expirations_total", "Leases of the store that ran out.", store.expired);
    gauge("store_api_watch_streams", "Watch streams of clients.", api.watch_streams);
    gauge("store_api_lease_streams", "Keep-alive streams of clients.", api.lease_streams);
    counter("store_api_streams_ended_total", "Streams ended because their client did not read.",
            api.watch_streams_ended);
  }

  void LogCounters() override {
    const auto store = engine_->figures();
    const auto api = api_.figures();
    const Health health = engine_->health();
    log::Info("store counters", {{"store_disk", ToString(health.state)},
                                 {"store_revision", engine_->revision()},
                                 {"store_compacted", store.compacted},
                                 {"store_keys", store.keys},
                                 {"store_leases", store.leases},
                                 {"store_watches", store.watches},
                                 {"store_bytes", store.bytes},
                                 {"store_history_bytes", store.history_bytes},
                                 {"store_file_bytes", store.disk.file},
                                 {"store_writes", store.writes},
                                 {"store_commits", store.commits},
                                 {"api_watch_streams", api.watch_streams},
                                 {"api_lease_streams", api.lease_streams},
                                 {"api_streams_ended", api.watch_streams_ended}});
  }

 private:
  // Clients look for the store in the zones that it holds.
  void Advertise() {
    std::optional<registry::StoreAddress> address;
    if (!embedded_.advertise.empty()) address = SplitAdvertised(embedded_);
    for (const wire::Name& zone : options_.zones.names) {
      registry::Layout layout;
      layout.prefix = options_.prefix;
      layout.zone = zone.ToText();
      layout.zone.pop_back();  // the final dot
      if (layout.zone.ends_with(".arpa")) continue;
      const auto said = registry::Advertise(*store_, layout, ShortHostName(), address,
                                            store::After(kAdvertisePatience));
      if (said) continue;
      log::Warn("clients will not find this store by SRV",
                {{"zone", layout.zone}, {"why", said.error().message}});
    }
  }

  const std::unique_ptr<Engine> engine_;
  const std::unique_ptr<store::Store> store_;
  const EmbeddedOptions& embedded_;
  const ServeOptions& options_;
  etcdapi::Server api_;
};

// Stands where the store would: whoever asks hears why it is not there.
class DamagedStore final : public ServerStore, public store::Store {
 public:
  explicit DamagedStore(std::string why) : why_(std::move(why)) {}

  store::Store& store() override { return *this; }
  void LogCounters() override { log::Error("the store is damaged", {{"why", why_}}); }
  std::string Trouble() const override { return why_; }
  void Collect(Metrics& metrics) const override {
    metrics.Gauge("store_disk_state", "1 for the state that the store's disk is in.", 1,
                  {{"state", "damaged"}});
  }

  Result<store::RangeResponse> Range(const store::RangeRequest&, store::Deadline) override {
    return Refuse();
  }
  Result<store::TxnResponse> Txn(const store::TxnRequest&, store::Deadline) override {
    return Refuse();
  }
  Result<std::unique_ptr<store::Watch>> StartWatch(const store::WatchRequest&,
                                                   store::Deadline) override {
    return Refuse();
  }
  Result<store::Lease> LeaseGrant(std::chrono::seconds, store::LeaseId, store::Deadline) override {
    return Refuse();
  }
  Result<std::chrono::seconds> LeaseKeepAlive(store::LeaseId, store::Deadline) override {
    return Refuse();
  }
  Result<void> LeaseRevoke(store::LeaseId, store::Deadline) override { return Refuse(); }
  Result<store::LeaseTimes> LeaseTimeToLive(store::LeaseId, store::Deadline) override {
    return Refuse();
  }

 private:
  [[nodiscard]] tl::unexpected<Error> Refuse() const { return Fail(ErrorCode::kUnavailable, why_); }
  const std::string why_;
};

std::unique_ptr<ServerStore> Damaged(const EmbeddedOptions& embedded, const Error& error) {
  log::Error(
      "the store's file is damaged: registrations cannot be written, and are known only "
      "as far as they were kept as last known",
      {{"why", error.message},
       {"path", embedded.path},
       {"do",
        "move the file aside and restore a backup: rollcall store restore "
        "--store.path=DIR FILE"}});
  return std::make_unique<DamagedStore>(error.message);
}

}  // namespace

std::optional<SparedCheck> BeginCheck(const EmbeddedOptions& embedded) {
  std::error_code error;
  const std::string file = embedded.path + "/" + store::embedded::kStoreFile;
  if (!std::filesystem::exists(file, error)) return std::nullopt;
  return SparedCheck(embedded.path);
}

Result<std::unique_ptr<ServerStore>> OpenEmbeddedServer(const EmbeddedOptions& embedded,
                                                        const ServeOptions& options,
                                                        std::optional<SparedCheck> check) {
  if (check) {
    if (auto sound = check->Await(); !sound) return Damaged(embedded, sound.error());
  }
  store::embedded::EngineOptions engine_options;
  engine_options.directory = embedded.path;
  engine_options.history_age = embedded.history_age;
  engine_options.history_bytes = embedded.history_bytes;
  auto engine = Engine::Open(engine_options);
  if (!engine) {
    if (engine.error().code == ErrorCode::kInternal) return Damaged(embedded, engine.error());
    return Fail(std::move(engine.error()));
  }
  log::Info("store opened", {{"path", embedded.path},
                             {"revision", (*engine)->revision()},
                             {"keys", (*engine)->figures().keys}});
  return std::make_unique<EmbeddedServerStore>(*std::move(engine), embedded, options);
}

}  // namespace rollcall::app
