// Any file of services.d: definitions that can be registered, or where it is wrong.
#include <string>

#include "agent/definitions.h"
#include "agent/memory.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const agent::HostDefaults host{.name = "server01"};
  const auto parsed = agent::ParseDefinitions(text, "f.yml", host);
  if (!parsed) {
    REQUIRE(parsed.error().code == ErrorCode::kInvalid);
    REQUIRE(parsed.error().message.starts_with("f.yml:"));
    return 0;
  }
  for (const agent::Definition& definition : *parsed) {
    REQUIRE(definition.line >= 1);
    const std::string name = definition.instance.empty() ? host.name : definition.instance;
    const std::string address = definition.address.empty() ? "192.0.2.1" : definition.address;
    const auto order = agent::OrderOf(definition, name, address, "agent:server01");
    REQUIRE(registry::Registry::Validate(order, host.rules));
    // It survives the store.
    const auto again = model::ParseService(model::ToJson(order.value));
    REQUIRE(again && again->extension.labels == order.value.extension.labels);
    REQUIRE(agent::HashOf(definition) == agent::HashOf(agent::Definition(definition)));
  }
  // And the agent's memory keeps the text.
  agent::Memory memory;
  memory.kept.files["f.yml"] = text;
  const auto remembered = agent::ParseMemory(agent::ToText(memory));
  REQUIRE(remembered && *remembered == memory);
  return 0;
}
