// What `rollcall serve` is told, checked.
#pragma once

#include <vector>

#include "answer/resolve.h"
#include "app/settings.h"
#include "app/store_options.h"
#include "base/result.h"
#include "serving/dns/server.h"

namespace rollcall::app {

struct ServeOptions {
  bool embedded = true;
  StoreOptions store;  // if not embedded
  std::string prefix;  // normalized
  answer::Zones::Options zones;
  serving::dns::Options dns;
};

[[nodiscard]] std::vector<Setting> ServeSettings();
// kInvalid: says which setting is wrong, and how.
[[nodiscard]] Result<ServeOptions> ReadServeOptions(const Settings& settings);

}  // namespace rollcall::app
