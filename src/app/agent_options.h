// What `rollcall agent` is told.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/definitions.h"
#include "app/settings.h"
#include "app/store_options.h"
#include "base/result.h"
#include "registry/layout.h"

namespace rollcall::app {

struct AgentOptions {
  StoreOptions store;
  registry::Layout layout;
  agent::HostDefaults host;
  std::filesystem::path services;  // the directory of definitions
  std::filesystem::path state;
  std::chrono::seconds lease_ttl{30};
  std::chrono::milliseconds stop_grace{60'000};
};

[[nodiscard]] std::vector<Setting> AgentSettings();
[[nodiscard]] Result<AgentOptions> ReadAgentOptions(const Settings& settings);

}  // namespace rollcall::app
