#include "serving/api/instance_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "catalog/marks.h"
#include "model/json_text.h"
#include "model/time.h"
#include "serving/api/names.h"

namespace rollcall::serving::api {
namespace {

namespace json = boost::json;
using catalog::Mark;
using catalog::Registration;
using model::Area;
using model::State;

void Put(json::object& object, std::string_view name, std::string_view text) {
  if (!text.empty()) object[{name.data(), name.size()}] = Text(text);
}

template <typename Texts>
json::object TextsJson(const Texts& texts) {
  json::object object;
  for (const auto& [name, value] : texts) object[Text(name)] = Text(value);
  return object;
}

void PutExtension(json::object& object, const model::Extension& extension) {
  Put(object, "owner", extension.owner);
  object["labels"] = TextsJson(extension.labels);
  if (!extension.tags.empty()) {
    json::array& tags = object["tags"].emplace_array();
    for (const std::string& tag : extension.tags) tags.emplace_back(Text(tag));
  }
  Put(object, "scheme", extension.scheme);
  Put(object, "metrics_path", extension.metrics_path);
  Put(object, "interval", extension.interval);
  if (!extension.params.empty()) object["params"] = TextsJson(extension.params);
  Put(object, "retain", extension.retain);
}

// Who has said how it is: the record that makes the state.
const Mark* Witness(const Registration& registration, const catalog::View& view, State state,
                    WallTime now) {
  switch (state) {
    case State::kStatic:
      return nullptr;
    case State::kMaintenance:
      return catalog::MaintenanceOf(registration, view.marks, now);
    case State::kLost:
      return view.marks.Find(Area::kLost, registration.key);
    default:
      return view.marks.Find(Area::kAlive, registration.key);
  }
}

void PutState(json::object& object, const Registration& registration, const catalog::View& view,
              WallTime now) {
  const State state = catalog::StateOf(registration, view.marks, now);
  object["state"] = Text(model::ToString(state));
  const Mark* const alive = view.marks.Find(Area::kAlive, registration.key);
  if (alive != nullptr && alive->record.health) {
    object["health"] = Text(model::ToString(*alive->record.health));
  }
  const Mark* const said = Witness(registration, view, state, now);
  if (said == nullptr) return;
  if (said->record.since != WallTime()) object["since"] = model::FormatTime(said->record.since);
  Put(object, "why", said->record.why);
}

void PutSaid(json::object& object, std::string_view member, const Mark* mark) {
  if (mark != nullptr) object[{member.data(), member.size()}] = SaidJson(mark->record);
}

}  // namespace

json::string Text(std::string_view text) {
  const bool ascii = std::all_of(text.begin(), text.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? json::string(json::string_view(text.data(), text.size()))
               : json::string(model::MendUtf8(text));
}

std::string_view ToString(catalog::Standing standing) {
  switch (standing) {
    case catalog::Standing::kNever:
      return "never";
    case catalog::Standing::kStale:
      return "stale";
    case catalog::Standing::kSynced:
      return "synced";
  }
  return "never";
}

json::object SaidJson(const model::Record& record) {
  json::object object;
  if (record.since != WallTime()) object["since"] = model::FormatTime(record.since);
  Put(object, "by", record.by);
  Put(object, "why", record.why);
  if (record.until) object["until"] = model::FormatTime(*record.until);
  return object;
}

json::object ValueJson(const Registration& registration) {
  const Registration::Service& service = registration.service;
  json::object object;
  Put(object, "address", service.host);
  if (registration.usable()) object["port"] = service.port;
  if (service.ttl != 0) object["ttl"] = service.ttl;
  Put(object, "text", service.text);
  if (service.weight != 0) object["weight"] = service.weight;
  if (service.priority != 0) object["priority"] = service.priority;
  static const model::Extension kNone;
  PutExtension(object, registration.extension ? *registration.extension : kNone);
  if (registration.invalid) Put(object, "problem", registration.invalid->message);
  return object;
}

json::object InstanceJson(const Registration& registration, const catalog::View& view,
                          const answer::Zones& zones, WallTime now) {
  const wire::NameView name(registration.name);
  json::object object{{"key", Text(registration.key)}};
  if (registration.nameless) {
    object["name"] = TextOf(name);
    object["instance"] = "";
  } else {
    const NameParts parts = Split(name, zones);
    object["name"] = parts.parent;
    object["instance"] = parts.instance;
    Put(object, "service", parts.service);
    Put(object, "zone", parts.zone);
  }
  for (auto& member : ValueJson(registration)) object[member.key()] = std::move(member.value());
  if (registration.usable()) PutState(object, registration, view, now);
  Put(object, "host", catalog::HostOf(registration));
  PutSaid(object, "maintenance", catalog::MaintenanceOf(registration, view.marks, now));
  PutSaid(object, "held", view.marks.Find(Area::kHeld, registration.key));
  PutSaid(object, "stopping", view.marks.Find(Area::kStopping, registration.key));
  if (registration.lease != 0) object["lease"] = fmt::format("{:x}", registration.lease);
  object["revision"] = registration.mod_revision;
  return object;
}

}  // namespace rollcall::serving::api
