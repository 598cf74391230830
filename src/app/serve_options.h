// What `rollcall serve` is told, checked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "answer/resolve.h"
#include "app/embedded_options.h"
#include "app/settings.h"
#include "app/store_options.h"
#include "app/web_policy.h"
#include "base/result.h"
#include "catalog/weigher.h"
#include "serving/api/sources.h"
#include "serving/dns/server.h"
#include "serving/http/server.h"

namespace rollcall::app {

struct ServeOptions {
  std::optional<EmbeddedOptions> embedded;
  StoreOptions store;  // if not embedded
  std::string path;    // directory of what is kept: the last known view, and the store
  std::string prefix;  // normalized
  catalog::ProtectOptions protect;
  answer::Zones::Options zones;
  serving::dns::Options dns;
  serving::http::Options web;  // no address: none
  WebPolicy::Files web_files;  // what protects it
  bool web_asked = false;      // else it goes on without, if the address is taken
  bool lifecycle = false;      // /-/reload and /-/quit are there
  serving::api::Facts facts;   // what the API tells of the program

  // By which way pending orders of this host are carried out.  None, if the store of our
  // own wants credentials: whoever ordered has them, this server does not.
  [[nodiscard]] std::optional<StoreOptions> ForOrders() const;
};

[[nodiscard]] std::vector<Setting> ServeSettings();
// kInvalid: says which setting is wrong, and how.
[[nodiscard]] Result<ServeOptions> ReadServeOptions(const Settings& settings);

}  // namespace rollcall::app
