#include "app/conditions.h"

#include <algorithm>
#include <utility>

#include "catalog/registration.h"
#include "model/service.h"
#include "model/time.h"

namespace rollcall::app {
namespace {

using model::Area;
using model::State;

// Maintenance may be of a name above, or of a host: all of it is read, which is little.
std::string DirectoryFor(Area area, const std::string& directory) {
  return area == Area::kMaintenance ? std::string() : directory;
}

catalog::RegistrationPtr Made(const registry::Listed& item, const std::string& prefix) {
  if (!item.service || !item.key.starts_with(prefix + "/")) return nullptr;
  store::KeyValue kv;
  kv.key = item.key;
  kv.value = model::ToJson(*item.service);
  auto made = catalog::MakeRegistration(prefix, kv, nullptr);
  return made ? *std::move(made) : nullptr;
}

std::optional<model::Record> RecordOf(const catalog::Mark* mark) {
  if (mark == nullptr) return std::nullopt;
  return mark->record;
}

}  // namespace

Result<void> Conditions::Read(registry::Records& records, const std::string& directory,
                              store::Revision revision, store::Deadline deadline) {
  marks_ = {};
  for (const Area area : catalog::Marks::kAreas) {
    const auto listed = records.List(area, DirectoryFor(area, directory), deadline, revision);
    if (!listed) return Fail(listed.error());
    for (const registry::ListedRecord& record : *listed) Set(record);
  }
  return {};
}

std::vector<store::KeyRange> Conditions::RangesOf(const std::string& directory) {
  std::vector<store::KeyRange> ranges;
  for (const Area area : catalog::Marks::kAreas) {
    const std::string below = DirectoryFor(area, directory);
    if (below.empty()) {
      ranges.push_back(store::KeyRange::Prefix(model::AreaPrefix(area)));
      continue;
    }
    ranges.push_back(store::KeyRange::Single(model::RecordKey(area, below)));
    ranges.push_back(store::KeyRange::Prefix(model::RecordKey(area, below + "/")));
  }
  return ranges;
}

std::optional<std::string> Conditions::Apply(const store::Event& event) {
  if (event.type == store::Event::Type::kPut) {
    const auto record = registry::ReadRecord(event.kv);
    if (!record || !catalog::Marks::Holds(record->place.area)) return std::nullopt;
    Set(*record);
    return catalog::SubjectOf(record->place);
  }
  const auto place = model::ParseRecordKey(event.kv.key);
  if (!place || !catalog::Marks::Holds(place->area)) return std::nullopt;
  const std::string subject = catalog::SubjectOf(*place);
  marks_.Set(place->area, subject, nullptr);
  return subject;
}

void Conditions::Set(const registry::ListedRecord& record) {
  marks_.Set(record.place.area, catalog::SubjectOf(record.place),
             std::make_shared<const catalog::Mark>(
                 catalog::Mark{record.record.value_or(model::Record{}), record.record.has_value(),
                               record.mod_revision}));
}

Condition Conditions::Of(const registry::Listed& item, const std::string& prefix,
                         WallTime now) const {
  Condition condition;
  condition.held = RecordOf(marks_.Find(Area::kHeld, item.key));
  condition.stopping = RecordOf(marks_.Find(Area::kStopping, item.key));
  const catalog::RegistrationPtr registration = Made(item, prefix);
  if (!registration) return condition;
  condition.state = catalog::StateOf(*registration, marks_, now);
  condition.maintenance = RecordOf(catalog::MaintenanceOf(*registration, marks_, now));

  const catalog::Mark* said = nullptr;
  if (condition.state == State::kLost) {
    said = marks_.Find(Area::kLost, item.key);
  } else if (condition.state != State::kStatic) {
    said = marks_.Find(Area::kAlive, item.key);
  }
  const std::optional<model::Record> record =
      condition.state == State::kMaintenance ? condition.maintenance : RecordOf(said);
  if (!record) return condition;
  if (record->since != WallTime()) condition.since = record->since;
  condition.why = record->why;
  return condition;
}

std::optional<std::string> Conditions::HeldValue(const std::string& key) const {
  const catalog::Mark* const mark = marks_.Find(Area::kHeld, key);
  if (mark == nullptr) return std::nullopt;
  return mark->record.value;
}

std::vector<registry::Listed> Conditions::Held(const registry::Registry& registry) const {
  std::vector<registry::Listed> items;
  for (const auto& [key, mark] : marks_.Of(Area::kHeld)) {
    store::KeyValue kv;
    kv.key = key;
    kv.value = mark->record.value;
    items.push_back(registry.Describe(kv));
  }
  std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return items;
}

std::string TimeText(const std::optional<WallTime>& time) {
  return time ? model::FormatTime(*time) : "-";
}

}  // namespace rollcall::app
