#include "agent/definitions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <set>

#include "agent/check_fields.h"
#include "base/ascii.h"
#include "base/stable_hash.h"
#include "model/json_text.h"
#include "wire/name.h"
#include "yaml/document.h"
#include "yaml/fields.h"

namespace rollcall::agent {
namespace {

using yaml::Fields;
using yaml::LineOf;
using yaml::Wrong;

Result<void> ReadCheck(const YAML::Node& node, const std::string& file, CheckSpec& check) {
  Fields fields(file, node, "check.");
  std::string type;
  fields.Text("type", type);
  fields.Text("url", check.url);
  fields.Text("address", check.address);
  fields.Texts("command", check.command);
  fields.Duration("interval", check.interval, std::chrono::milliseconds(100));
  fields.Duration("timeout", check.timeout, std::chrono::milliseconds(10));
  fields.Number("rise", check.rise, 1, 1000);
  fields.Number("fall", check.fall, 1, 1000);
  if (auto ok = std::move(fields).Done(); !ok) return ok;
  return FinishCheck(node, file, type, check);
}

Result<Definition> ReadDefinition(const YAML::Node& node, const std::string& file) {
  Definition definition;
  Fields fields(file, node, "");
  definition.file = file;
  definition.line = LineOf(node);
  std::string on_stop = "keep";
  std::int64_t ttl = 0;
  YAML::Node check;
  fields.Text("service", definition.service);
  fields.Text("instance", definition.instance);
  fields.Text("address", definition.address);
  fields.Number("port", definition.port, 1, 65'535);
  fields.Map("labels", definition.labels);
  fields.Texts("tags", definition.tags);
  fields.OneOf("scheme", definition.scheme, {"http", "https"});
  fields.Path("metrics_path", definition.metrics_path);
  fields.DurationText("interval", definition.interval);
  fields.Map("params", definition.params);
  fields.Ttl("ttl", ttl);
  fields.OneOf("on_loss", definition.on_loss, {"keep", "remove"});
  fields.DurationText("retain", definition.retain);
  fields.OneOf("on_stop", on_stop, {"keep", "deregister"});
  fields.Take("check", check);
  if (auto ok = std::move(fields).Done(); !ok) return Fail(std::move(ok.error()));
  definition.ttl = static_cast<std::uint32_t>(ttl);
  definition.on_stop = on_stop == "keep" ? OnStop::kKeep : OnStop::kDeregister;
  if (definition.service.empty()) return Wrong(file, node, "a service without a name: `service`");
  if (!check.IsNull()) {
    if (auto ok = ReadCheck(check, file, definition.check); !ok) return Fail(std::move(ok.error()));
  }
  return definition;
}

Result<std::vector<Definition>> ReadServices(const YAML::Node& services, const std::string& file,
                                             const HostDefaults& host) {
  std::vector<Definition> definitions;
  std::map<std::string, int> lines;  // of what is claimed
  if (services.IsNull()) return definitions;
  if (!services.IsSequence()) return Wrong(file, services, "services: wants a list");
  if (services.size() > kMostServicesOfFile) {
    return Wrong(file, services, fmt::format("more than {} services", kMostServicesOfFile));
  }
  for (const YAML::Node& node : services) {
    if (!node.IsMap()) return Wrong(file, node, "a service wants fields, such as `service: node`");
    auto definition = ReadDefinition(node, file);
    if (!definition) return Fail(std::move(definition.error()));
    const std::string address = !definition->address.empty() ? definition->address
                                : !host.address.empty()      ? host.address
                                                             : "192.0.2.1";  // any sound one
    const auto order =
        OrderOf(*definition, definition->instance.empty() ? host.name : definition->instance,
                address, "agent:" + host.name);
    if (auto ok = registry::Registry::Validate(order, host.rules); !ok) {
      return Wrong(file, node, ok.error().message);
    }
    for (const std::string& claim : ClaimsOf(*definition, host)) {
      const auto [found, first] = lines.emplace(claim, definition->line);
      if (!first && found->second != definition->line) {
        return Wrong(file, node,
                     fmt::format("{} is defined twice, also at line {}", claim, found->second));
      }
    }
    definitions.push_back(*std::move(definition));
  }
  return definitions;
}

Result<std::vector<Definition>> ReadFile(const std::string& text, const std::string& file,
                                         const HostDefaults& host) {
  const auto root = yaml::ReadDocument(text, file);
  if (!root) return Fail(root.error());
  if (root->IsNull()) return std::vector<Definition>();
  if (!root->IsMap()) return Wrong(file, *root, "wants the field `services`");
  YAML::Node services;
  Fields fields(file, *root, "");
  fields.Take("services", services);
  if (auto ok = std::move(fields).Done(); !ok) return Fail(std::move(ok.error()));
  return ReadServices(services, file, host);
}

}  // namespace

Result<std::vector<Definition>> ParseDefinitions(const std::string& text, const std::string& file,
                                                 const HostDefaults& host) {
  if (text.size() > kMostOctetsOfFile) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}: is larger than {} octets", file, kMostOctetsOfFile));
  }
  if (model::MendUtf8(text) != text) {
    return Fail(ErrorCode::kInvalid, fmt::format("{}: is not UTF-8", file));
  }
  try {
    return ReadFile(text, file, host);
  } catch (const YAML::Exception& error) {  // yaml-cpp throws; nothing else here does
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}:{}: {}", file, error.mark.line + 1, error.msg));
  }
}

std::string IdOf(const Definition& definition) {
  const std::string service = LowerCase(definition.service);
  if (definition.instance.empty()) return fmt::format("{}/:{}", service, definition.port);
  return fmt::format("{}/{}", service, LowerCase(definition.instance));
}

std::uint64_t HashOf(const Definition& definition) {
  // Only what differs from the default: a field that a newer rollcall adds changes nothing.
  std::string text;
  const auto add = [&](std::string_view name, const auto& value) {
    if (value != std::decay_t<decltype(value)>()) text += fmt::format("{}={}\n", name, value);
  };
  const CheckSpec none;
  const CheckSpec& check = definition.check;
  add("service", definition.service);
  add("instance", definition.instance);
  add("address", definition.address);
  add("port", definition.port);
  for (const auto& [name, value] : definition.labels) add("label." + name, value);
  add("tags", definition.tags);
  add("scheme", definition.scheme);
  add("metrics_path", definition.metrics_path);
  add("interval", definition.interval);
  for (const auto& [name, value] : definition.params) add("param." + name, value);
  add("ttl", definition.ttl);
  add("on_loss", definition.on_loss);
  add("retain", definition.retain);
  add("on_stop", static_cast<int>(definition.on_stop));
  add("check.type", static_cast<int>(check.type));
  add("check.url", check.url);
  add("check.address", check.address);
  add("check.command", check.command);
  add("check.interval", (check.interval - none.interval).count());
  add("check.timeout", (check.timeout - none.timeout).count());
  add("check.rise", check.rise - none.rise);
  add("check.fall", check.fall - none.fall);
  return StableHash(text);
}

std::vector<std::string> ClaimsOf(const Definition& definition, const HostDefaults& host) {
  std::vector<std::string> claims = {IdOf(definition)};
  if (LowerCase(definition.instance) == LowerCase(host.name)) {
    claims.push_back(fmt::format("{}/:{}", LowerCase(definition.service), definition.port));
  }
  return claims;
}

registry::Order OrderOf(const Definition& definition, const std::string& instance,
                        const std::string& address, const std::string& owner) {
  registry::Order order;
  order.service = definition.service;
  order.instance = instance;
  order.value.host = address;
  order.value.port = definition.port;
  order.value.ttl = definition.ttl;
  model::Extension& extension = order.value.extension;
  extension.owner = owner;
  extension.labels = definition.labels;
  extension.tags = definition.tags;
  extension.on_loss = definition.on_loss;
  extension.retain = definition.retain;
  extension.scheme = definition.scheme;
  extension.metrics_path = definition.metrics_path;
  extension.interval = definition.interval;
  extension.params = definition.params;
  return order;
}

}  // namespace rollcall::agent
