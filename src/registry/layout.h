// Where registrations lie in the store.
//
// Pure functions of their arguments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace rollcall::registry {

// From the configuration, or from ETCD_BASE_PATH.
struct Layout {
  std::string prefix = "/skydns";      // normalized, see model::NormalizePrefix
  std::string zone = "prom.internal";  // "": none, services are whole names
  std::string base_path;               // ETCD_BASE_PATH, normalized: overrides prefix and zone
};

// Under which `service` and its instances lie: PREFIX/reversed(SERVICE.ZONE), or
// BASE_PATH/reversed(SERVICE).  "" gives the directory of the whole layout.
[[nodiscard]] Result<std::string> DirectoryOf(const Layout& layout, std::string_view service);

// The key of an instance of a service.
[[nodiscard]] Result<std::string> InstanceKey(const Layout& layout, std::string_view service,
                                              std::string_view instance);

// The prefix by which model::NameOf makes names of this layout's keys.  A base
// path outside the prefix counts as CoreDNS counts: its first component is the
// prefix.
[[nodiscard]] std::string NamingPrefix(const Layout& layout);

}  // namespace rollcall::registry
