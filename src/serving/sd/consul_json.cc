#include "serving/sd/consul_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "catalog/marks.h"
#include "serving/sd/json_writer.h"

namespace rollcall::serving::sd {
namespace {

using catalog::Registration;
using model::State;

constexpr std::size_t kSizeGuess = 1200;

// What Consul calls the parts of one instance; an instance is written twice, in two shapes.
struct Parts {
  const Target& target;
  const Registration& registration;
  const model::Extension& extension;
  std::string node;
  std::string address;
  std::string service;
  std::string id;
  std::string zone;
};

Parts PartsOf(const Target& target, const answer::Zone& zone, const std::string& zone_text) {
  static const model::Extension kNone;
  const Registration& registration = *target.instance.registration;
  Parts parts{target, registration, registration.extension ? *registration.extension : kNone,
              {},     {},           {},
              {},     zone_text};
  parts.node = catalog::HostOf(registration);
  if (parts.node.empty()) parts.node = InstanceOf(registration);
  AppendAddress(target.instance, parts.address);
  parts.service = ServiceOf(registration, zone);
  parts.id = InstanceOf(registration);
  if (!parts.service.empty()) parts.id += '.' + parts.service;
  return parts;
}

bool HasTags(const ConsulAsk& ask, const model::Extension& extension) {
  return std::all_of(ask.tags.begin(), ask.tags.end(), [&](const std::string& wanted) {
    return std::any_of(extension.tags.begin(), extension.tags.end(),
                       [&](const std::string& tag) { return EqualsIgnoreCase(tag, wanted); });
  });
}

void WriteTags(JsonWriter& json, std::string_view name, const Parts& parts) {
  json.Key(name);
  json.BeginArray();
  for (const std::string& tag : parts.extension.tags) json.String(tag);
  json.EndArray();
}

void WriteMeta(JsonWriter& json, std::string_view name, const Parts& parts) {
  const model::Extension& extension = parts.extension;
  json.Key(name);
  json.BeginObject();
  for (const auto& [label, value] : extension.labels) {
    json.EscapedKey(label);
    json.String(value);
  }
  const auto ours = [&](std::string_view key, std::string_view value) {
    if (!value.empty() && !extension.labels.contains(std::string(key))) json.Member(key, value);
  };
  ours("rollcall_state", model::ToString(parts.target.state));
  ours("rollcall_owner", extension.owner);
  ours("rollcall_scheme", extension.scheme);
  ours("rollcall_metrics_path", extension.metrics_path);
  ours("rollcall_interval", extension.interval);
  for (const auto& [param, value] : extension.params) {
    std::string key = "rollcall_param_" + param;
    if (extension.labels.contains(key)) continue;
    json.EscapedKey(key);
    json.String(value);
  }
  json.EndObject();
}

void WriteWeights(JsonWriter& json, std::string_view name) {
  json.Key(name);
  json.BeginObject();
  json.Key("Passing");
  json.Number(1);
  json.Key("Warning");
  json.Number(1);
  json.EndObject();
}

void WriteIndexes(JsonWriter& json, const Parts& parts) {
  const auto revision = static_cast<std::uint64_t>(parts.registration.mod_revision);
  json.Key("CreateIndex");
  json.Number(revision);
  json.Key("ModifyIndex");
  json.Number(revision);
}

void WriteTagged(JsonWriter& json, std::string_view name, const Parts& parts) {
  json.Key(name);
  json.BeginObject();
  json.Member("lan", parts.address);
  json.Member("wan", parts.address);
  json.EndObject();
}

// Members that the node has in both shapes.
void WriteNodeMembers(JsonWriter& json, const Parts& parts) {
  json.Member("ID", "");
  json.Member("Node", parts.node);
  json.Member("Address", parts.address);
  json.Member("Datacenter", parts.zone);
  WriteTagged(json, "TaggedAddresses", parts);
}

void WriteNode(JsonWriter& json, const Parts& parts) {
  json.Key("Node");
  json.BeginObject();
  WriteNodeMembers(json, parts);
  json.Key("Meta");
  json.BeginObject();
  json.EndObject();
  WriteIndexes(json, parts);
  json.EndObject();
}

void WriteService(JsonWriter& json, const Parts& parts) {
  json.Key("Service");
  json.BeginObject();
  json.Member("ID", parts.id);
  json.Member("Service", parts.service);
  WriteTags(json, "Tags", parts);
  json.Member("Address", parts.address);
  WriteMeta(json, "Meta", parts);
  json.Key("Port");
  json.Number(answer::PortOf(parts.registration));
  WriteWeights(json, "Weights");
  json.Key("EnableTagOverride");
  json.Bool(false);
  WriteIndexes(json, parts);
  json.EndObject();
}

void WriteChecks(JsonWriter& json, const Parts& parts) {
  const State state = parts.target.state;
  const bool maintained = state == State::kMaintenance;
  json.Key("Checks");
  json.BeginArray();
  json.BeginObject();
  json.Member("Node", parts.node);
  json.Member("CheckID", (maintained ? "_service_maintenance:" : "service:") + parts.id);
  json.Member("Name", maintained ? "Service Maintenance Mode" : "rollcall state");
  json.Member("Status", maintained ? "critical" : HealthOf(state));
  json.Member("Notes", "");
  json.Member("Output", model::ToString(state));
  json.Member("ServiceID", parts.id);
  json.Member("ServiceName", parts.service);
  WriteTags(json, "ServiceTags", parts);
  json.Member("Type", maintained ? "maintenance" : "ttl");
  WriteIndexes(json, parts);
  json.EndObject();
  json.EndArray();
}

void WriteHealth(JsonWriter& json, const Parts& parts) {
  json.BeginObject();
  WriteNode(json, parts);
  WriteService(json, parts);
  WriteChecks(json, parts);
  json.EndObject();
}

void WriteCatalog(JsonWriter& json, const Parts& parts) {
  json.BeginObject();
  WriteNodeMembers(json, parts);
  json.Key("NodeMeta");
  json.BeginObject();
  json.EndObject();
  json.Member("ServiceKind", "");
  json.Member("ServiceID", parts.id);
  json.Member("ServiceName", parts.service);
  WriteTags(json, "ServiceTags", parts);
  json.Member("ServiceAddress", parts.address);
  WriteWeights(json, "ServiceWeights");
  WriteMeta(json, "ServiceMeta", parts);
  json.Key("ServicePort");
  json.Number(answer::PortOf(parts.registration));
  json.Key("ServiceEnableTagOverride");
  json.Bool(false);
  WriteIndexes(json, parts);
  json.EndObject();
}

template <typename Write>
Rendered Render(const ConsulAsk& ask, bool passing, const Gathered& gathered, Write write,
                const Emit& emit) {
  Rendered rendered;
  JsonWriter json(std::min(kPiece, kSizeGuess * gathered.targets.size()) + kSizeGuess);
  const std::string zone = ZoneText(*ask.zone);
  json.BeginArray();
  for (const Target& target : gathered.targets) {
    if (passing && HealthOf(target.state) != "passing") continue;
    const Parts parts = PartsOf(target, *ask.zone, zone);
    if (!HasTags(ask, parts.extension)) continue;
    const JsonWriter::Place begin = json.Here();
    write(json, parts);
    const bool good = json.good();
    ++(good ? rendered.targets : rendered.left_out);
    if (!good) json.Rewind(begin);
    if (json.size() >= kPiece) emit(json.Cut());
  }
  json.EndArray();
  emit(std::move(json).Take());
  return rendered;
}

}  // namespace

Rendered RenderHealth(const ConsulAsk& ask, const Gathered& gathered, const Emit& emit) {
  return Render(ask, ask.passing, gathered, WriteHealth, emit);
}

Rendered RenderCatalogService(const ConsulAsk& ask, const Gathered& gathered, const Emit& emit) {
  return Render(ask, false, gathered, WriteCatalog, emit);
}

std::string RenderSelf(const answer::Zone& zone, std::string_view node) {
  JsonWriter json;
  json.BeginObject();
  json.Key("Config");
  json.BeginObject();
  json.Member("Datacenter", ZoneText(zone));
  json.Member("PrimaryDatacenter", ZoneText(zone));
  json.Member("NodeName", node);
  json.Key("Server");
  json.Bool(true);
  json.EndObject();
  json.Key("Member");
  json.BeginObject();
  json.Member("Name", node);
  json.EndObject();
  // An object each, as clients decode them.
  for (const std::string_view part : {"Stats", "Meta"}) {
    json.Key(part);
    json.BeginObject();
    json.EndObject();
  }
  json.EndObject();
  return std::move(json).Take();
}

std::string RenderDatacenters(const answer::Zones& zones) {
  JsonWriter json;
  json.BeginArray();
  for (const wire::Name& name : zones.options().names) {
    const std::string zone = ZoneText(*zones.Match(name));
    if (!zone.ends_with(".arpa")) json.String(zone);
  }
  json.EndArray();
  return std::move(json).Take();
}

}  // namespace rollcall::serving::sd
