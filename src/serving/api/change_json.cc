#include "serving/api/change_json.h"

#include <boost/json/serialize.hpp>

#include "model/time.h"
#include "serving/api/instance_json.h"
#include "serving/api/names.h"

namespace rollcall::serving::api {
namespace {

namespace json = boost::json;
using catalog::HistoryEntry;
using catalog::HistoryEvent;

bool IsOfMaintenance(const HistoryEntry& entry) {
  return entry.event == HistoryEvent::kMaintenance ||
         entry.event == HistoryEvent::kMaintenanceEnded;
}

json::object MarkJson(const catalog::Mark& mark) {
  json::object object;
  if (mark.record.health) object["health"] = Text(model::ToString(*mark.record.health));
  if (!mark.record.why.empty()) object["why"] = Text(mark.record.why);
  if (mark.record.until) object["until"] = model::FormatTime(*mark.record.until);
  return object;
}

void PutNames(json::object& object, const HistoryEntry& entry, const answer::Zones& zones) {
  if (entry.name.empty()) return;
  const wire::NameView name(entry.name);
  const bool of_instance = entry.before || entry.after || !IsOfMaintenance(entry);
  if (!of_instance) {
    object["name"] = TextOf(name);
    return;
  }
  const NameParts parts = Split(name, zones);
  object["name"] = parts.parent;
  object["instance"] = parts.instance;
}

}  // namespace

std::string ChangeJson(const HistoryEntry& entry, const answer::Zones& zones) {
  json::object object{{"id", ToText(entry.id)},
                      {"revision", entry.revision},
                      {"time", model::FormatTime(entry.time)},
                      {"event", Text(ToString(entry.event))},
                      {"key", Text(entry.subject)}};
  PutNames(object, entry, zones);
  if (!entry.by.empty()) object["by"] = Text(entry.by);
  if (!entry.why.empty()) object["why"] = Text(entry.why);
  if (entry.before) object["before"] = ValueJson(*entry.before);
  if (entry.after) object["after"] = ValueJson(*entry.after);
  if (entry.mark_before) object["before"] = MarkJson(*entry.mark_before);
  if (entry.mark_after) object["after"] = MarkJson(*entry.mark_after);
  return json::serialize(object);
}

Result<Subjects> Subjects::Read(std::string_view text) {
  Subjects subjects;
  if (text.starts_with('@')) {
    subjects.host_ = text;
  } else if (!text.empty()) {
    auto name = ReadName(text);
    if (!name) return Fail(std::move(name.error()));
    subjects.name_ = *name;
  }
  return subjects;
}

bool Subjects::Has(const HistoryEntry& entry) const {
  if (!host_.empty()) return entry.subject == host_;
  if (!name_) return true;
  if (entry.name.empty()) return false;
  const wire::NameView name(entry.name);
  return name.IsAtOrBelow(*name_) || (IsOfMaintenance(entry) && name_->view().IsAtOrBelow(name));
}

}  // namespace rollcall::serving::api
