// How to reach the store, and where things lie in it: the --etcd.* flags, --prefix,
// --zone, and the environment that the unit files of the old scripts set.
#pragma once

#include <string>
#include <vector>

#include "app/settings.h"
#include "base/result.h"
#include "registry/layout.h"
#include "store/etcd/client.h"

namespace rollcall::app {

struct StoreOptions {
  store::etcd::Options etcd;                 // endpoints: empty, if they are to be found by SRV
  std::string discovery_srv;                 // the domain to find them in; "": none
  std::vector<std::string> remembered = {};  // once found there, for when the domain is silent

  // Tells one store from another, without secrets:
  // "http://a:2379,http://b:2379" or "srv:prom.local".
  [[nodiscard]] std::string Identity() const;
};

[[nodiscard]] std::vector<Setting> StoreSettings();

// `use_environment`: ETCD_ENDPOINT counts where no flag says otherwise; a URL,
// HOST:PORT, several of them with commas, or a domain for discovery by SRV.
// kInvalid: an endpoint that is none, a password in it, a file that cannot be read.
[[nodiscard]] Result<StoreOptions> ReadStoreOptions(const Settings& settings, bool use_environment);

// --zone of the commands that name instances; one zone.
[[nodiscard]] Setting ZoneSetting();
// --prefix and --zone, or ETCD_BASE_PATH, which overrides both.
[[nodiscard]] Result<registry::Layout> ReadLayout(const Settings& settings);

// The host within an endpoint, without brackets, and its port.
struct HostPort {
  std::string host;
  std::string port;
};
[[nodiscard]] Result<HostPort> SplitEndpoint(const std::string& url);

}  // namespace rollcall::app
