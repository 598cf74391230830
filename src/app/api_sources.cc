#include "app/api_sources.h"

#include <fmt/format.h>

#include "app/address.h"
#include "base/whole_file.h"

namespace rollcall::app {
namespace {

constexpr std::size_t kMostConfig = std::size_t{1} << 20;

}  // namespace

serving::api::Facts FactsOf(const Settings& settings) {
  serving::api::Facts facts;
  facts.version = ROLLCALL_VERSION;
  facts.host = ShortHostName();
  for (const auto& [name, values] : settings.Effective()) {
    facts.flags.emplace_back(name, fmt::format("{}", fmt::join(values, ",")));
  }
  if (const std::string file = settings.Text("config.file"); !file.empty()) {
    facts.config = ReadWholeFile(file, kMostConfig).value_or("");
  }
  return facts;
}

serving::api::StoreFacts StoreFactsOf(const ServeOptions& options) {
  if (options.embedded) return {.kind = "embedded", .endpoints = {options.embedded->listen}};
  return {.kind = "etcd", .endpoints = options.store.etcd.endpoints};
}

registry::Rules RulesOf(const ServeOptions& options) {
  return {AllLoopback(options.embedded ? std::vector{"http://" + options.embedded->listen}
                                       : options.store.etcd.endpoints)};
}

}  // namespace rollcall::app
