#include "app/agent_options.h"

#include <fmt/format.h>

#include "app/address.h"
#include "app/command.h"
#include "base/quote.h"
#include "registry/validate.h"

namespace rollcall::app {
namespace {

// Short ones would be lost at every hiccup, long ones after a death only.
constexpr std::chrono::seconds kLeastLease{5};
constexpr std::chrono::seconds kMostLease{600};

Result<std::chrono::seconds> ReadLease(const Settings& settings) {
  const auto ttl = settings.Duration("lease-ttl");
  if (!ttl) return Fail(ttl.error());
  if (ttl->count() % 1000 != 0 || *ttl < kLeastLease || *ttl > kMostLease) {
    return settings.Wrong("lease-ttl", fmt::format("{} is not a whole number of seconds from {} "
                                                   "to {}",
                                                   Quote(settings.Text("lease-ttl")),
                                                   kLeastLease.count(), kMostLease.count()));
  }
  return std::chrono::duration_cast<std::chrono::seconds>(*ttl);
}

}  // namespace

std::vector<Setting> AgentSettings() {
  const std::vector<Setting> own = {
      {"config.file", "FILE", "", "YAML with the flags below; flags win over it."},
      {"services.path", "DIR", "/etc/rollcall/services.d",
       "Directory of definitions (*.yml): what this host has to be registered for."},
      {"state.path", "DIR", "/var/lib/rollcall/agent", "What outlives the agent."},
      {"host", "NAME", "", "Short name of the host (default: this host's)."},
      {"address", "IP", "",
       "Address of the host, for definitions without one (default: the source address of the route "
       "to the store)."},
      {"lease-ttl", "DURATION", "30s", "How long after the agent's death its instances are lost."},
      {"stop-grace", "DURATION", "60s",
       "How long after a clean stop what is `on_stop: deregister` is deregistered, unless the "
       "agent "
       "is back; 0s: at once."},
      ZoneSetting(),
  };
  return Join({own, StoreSettings(), LogSettings()});
}

Result<AgentOptions> ReadAgentOptions(const Settings& settings) {
  AgentOptions options;
  auto store = ReadStoreOptions(settings, true);
  if (!store) return Fail(std::move(store.error()));
  // The renewal of the lease proves the connection as well, at a tenth of the cost.
  store->etcd.keepalive_time = std::chrono::seconds(30);
  options.store = *std::move(store);
  auto layout = ReadLayout(settings);
  if (!layout) return Fail(std::move(layout.error()));
  options.layout = *std::move(layout);
  options.host.name = settings.IsGiven("host") ? settings.Text("host") : ShortHostName();
  options.host.address = settings.Text("address");
  options.host.rules.allow_loopback = AllLoopback(options.store.etcd.endpoints);
  if (auto ok = registry::CheckInstance(options.host.name); !ok) {
    return settings.Wrong("host", ok.error().message);
  }
  if (!options.host.address.empty()) {
    const auto ok = registry::CheckAddress(options.host.address, options.host.rules.allow_loopback);
    if (!ok) return settings.Wrong("address", ok.error().message);
  }
  options.services = settings.Text("services.path");
  options.state = settings.Text("state.path");
  const auto lease = ReadLease(settings);
  if (!lease) return Fail(lease.error());
  options.lease_ttl = *lease;
  const auto grace = settings.Duration("stop-grace");
  if (!grace) return Fail(grace.error());
  options.stop_grace = *grace;
  return options;
}

}  // namespace rollcall::app
