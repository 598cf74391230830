#include "catalog/marks.h"

#include <algorithm>
#include <string>

#include "model/duration.h"

namespace rollcall::catalog {
namespace {

using model::Area;
using model::State;

bool InForce(const Mark* mark, WallTime now) {
  return mark != nullptr && mark->readable && (!mark->record.until || now < *mark->record.until);
}

State ToState(model::Health health) {
  switch (health) {
    case model::Health::kPassing:
      return State::kPassing;
    case model::Health::kWarning:
      return State::kWarning;
    case model::Health::kCritical:
      return State::kCritical;
  }
  return State::kCritical;
}

}  // namespace

std::string SubjectOf(const model::RecordPlace& place) {
  return place.host.empty() ? place.key : "@" + place.host;
}

bool Marks::Holds(Area area) {
  return std::find(kAreas.begin(), kAreas.end(), area) != kAreas.end();
}

std::size_t Marks::Index(Area area) {
  return static_cast<std::size_t>(std::find(kAreas.begin(), kAreas.end(), area) - kAreas.begin());
}

const Mark* Marks::Find(Area area, std::string_view subject) const {
  const ByKey& marks = Of(area);
  if (marks.empty()) return nullptr;
  const auto found = marks.find(subject);
  return found == marks.end() ? nullptr : found->second.get();
}

void Marks::Set(Area area, const std::string& subject, const MarkPtr& mark) {
  ByKey& marks = areas_[Index(area)];
  if (mark) {
    marks.insert_or_assign(subject, mark);
  } else {
    marks.erase(subject);
  }
}

void Marks::LookAtLife(std::string_view key, const Registration* registration) {
  const bool owned =
      registration && registration->extension && !registration->extension->owner.empty();
  if (!owned || Find(Area::kAlive, key)) {
    // Mostly there are none, which is told faster than what the key's hash is.
    if (!lifeless_.empty()) lifeless_.erase(key);
    if (!retained_.empty()) retained_.erase(key);
    return;
  }
  lifeless_.emplace(key);
  const std::string& retain = registration->extension->retain;
  const auto duration = model::ParseDuration(retain);
  if (retain.empty() || !duration) {  // what cannot be read is no order
    retained_.erase(key);
  } else {
    retained_.insert_or_assign(std::string(key), *duration);
  }
}

// What is held is served as of when it vanished, or from the record; never newer than it.
void Marks::LookAtHold(std::string_view key, const Registration* registration) {
  const Mark* const held = Find(Area::kHeld, key);
  const bool settled =
      held && held->revision != 0 && (!registration || registration->mod_revision > held->revision);
  if (settled) {
    settled_.emplace(key);
  } else if (!settled_.empty()) {
    settled_.erase(key);
  }
}

void Marks::LookAt(std::string_view key, const Registration* registration) {
  LookAtLife(key, registration);
  LookAtHold(key, registration);
}

std::string_view HostOf(const Registration& registration) {
  if (registration.extension && !registration.extension->owner.empty()) {
    const std::string_view owner = registration.extension->owner;
    const std::size_t colon = owner.find(':');
    return colon == owner.npos ? owner : owner.substr(colon + 1);
  }
  const wire::NameView name(registration.name);
  if (name.IsRoot()) return {};
  const std::string_view instance = name.FirstLabel();
  const std::string port = "-" + std::to_string(registration.service.port);
  return instance.ends_with(port) ? instance.substr(0, instance.size() - port.size()) : instance;
}

const Mark* MaintenanceOf(const Registration& registration, const Marks& marks, WallTime now) {
  if (marks.Of(Area::kMaintenance).empty()) return nullptr;
  std::string_view subject = registration.key;
  while (subject.size() >= registration.prefix_size && !subject.empty()) {
    const Mark* const mark = marks.Find(Area::kMaintenance, subject);
    if (InForce(mark, now)) return mark;
    subject = subject.substr(0, subject.rfind('/'));
  }
  // On the way of a query, so without an allocation.
  std::array<char, 256> buffer;
  const std::string_view host = HostOf(registration);
  if (host.size() >= buffer.size()) return nullptr;
  buffer[0] = '@';
  std::copy(host.begin(), host.end(), buffer.begin() + 1);
  const Mark* const mark =
      marks.Find(Area::kMaintenance, std::string_view(buffer.data(), host.size() + 1));
  return InForce(mark, now) ? mark : nullptr;
}

State StateOf(const Registration& registration, const Marks& marks, WallTime now) {
  if (MaintenanceOf(registration, marks, now)) return State::kMaintenance;
  if (!registration.extension || registration.extension->owner.empty()) return State::kStatic;
  const Mark* const alive = marks.Find(Area::kAlive, registration.key);
  if (!alive) return State::kLost;
  return ToState(alive->record.health.value_or(model::Health::kPassing));
}

}  // namespace rollcall::catalog
