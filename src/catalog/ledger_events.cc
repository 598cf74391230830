// The Ledger's part that follows a watch.
#include <algorithm>
#include <utility>

#include "catalog/ledger.h"

namespace rollcall::catalog {
namespace {

using Type = store::Event::Type;

std::optional<model::RecordPlace> GoneMark(const store::Event& event) {
  auto place = model::ParseRecordKey(event.kv.key);
  if (place && (place->area != model::Area::kGone || place->key.empty())) place.reset();
  return place;
}

}  // namespace

std::vector<std::string> Ledger::Doubtful(std::span<const store::Event> events) const {
  std::vector<std::string> doubtful;
  if (!removals_.protects()) return doubtful;
  TextMap<store::Revision> marked;
  for (const store::Event& event : events) {
    const auto place = event.type == Type::kPut ? GoneMark(event) : std::nullopt;
    if (place) marked[place->key] = event.kv.mod_revision;
  }
  for (const store::Event& event : events) {
    const store::Revision revision = event.kv.mod_revision;
    if (event.type != Type::kDelete || revision <= whole_at_) continue;
    if (!IsRegistration(event.kv.key) || removals_.IsMarked(event.kv.key, revision - 1)) continue;
    const auto mark = marked.find(event.kv.key);
    if (mark == marked.end() || mark->second < revision) doubtful.push_back(event.kv.key);
  }
  return doubtful;
}

void Ledger::HearGone(const store::KeyValue& record) {
  const auto place = model::ParseRecordKey(record.key);
  if (place && place->area == model::Area::kGone) {
    removals_.HearGone(place->key, record.mod_revision);
    RememberGone(record, place->key);
  }
}

std::vector<store::LeaseId> Ledger::LeasesOf(const std::vector<std::string>& keys) {
  absl::flat_hash_set<store::LeaseId> leases;
  const auto view = reader_.Enter();
  for (const std::string& key : keys) {
    const RegistrationPtr registration = view->tree.FindKey(key);
    if (!registration || registration->lease == 0 || GoesWithLease(*registration)) continue;
    if (!removals_.IsMarked(key, registration->mod_revision)) leases.insert(registration->lease);
  }
  return {leases.begin(), leases.end()};
}

std::size_t Ledger::Apply(std::span<const store::Event> events) {
  Tell();
  // The marks first, and their end last: they lie in another range than what they tell of.
  for (const store::Event& event : events) {
    const auto place =
        event.type == Type::kPut ? model::ParseRecordKey(event.kv.key) : std::nullopt;
    if (place && place->area == model::Area::kGone) HearGone(event.kv);
    if (place && place->area == model::Area::kRegistered) HearWriter(event.kv);
  }
  withholding_ = true;
  Stage stage;
  std::size_t applied = 0;
  const store::Revision before = whole_at_;
  const store::Revision marks_before = marks_at_;
  std::vector<std::string> erased;  // in the revision at hand
  store::Revision at = 0;
  for (const store::Event& event : events) {
    const store::Revision revision = event.kv.mod_revision;
    if (!IsRegistration(event.kv.key)) {
      if (revision > marks_before) ApplyRecord(stage, event);
      marks_at_ = std::max(marks_at_, revision);
      continue;
    }
    if (revision != at) StageErased(stage, std::exchange(erased, {}), at);
    at = revision;
    revision_ = std::max(revision_, revision);
    if (revision <= before) continue;  // in the view already, or gone again
    whole_at_ = std::max(whole_at_, revision);
    catching_up_ = false;
    if (event.type == Type::kPut) {
      StagePut(stage, event.kv);
    } else {
      erased.push_back(event.kv.key);
    }
    Remember(event.kv, event.type == Type::kDelete);
    ++applied;
  }
  StageErased(stage, erased, at);
  Publish(std::move(stage));
  if (Unsigned().empty()) Tell();
  over_.clear();
  for (const store::Event& event : events) {
    if (event.type != Type::kDelete) continue;
    if (const auto place = GoneMark(event)) removals_.ForgetGone(place->key, event.kv.mod_revision);
  }
  return applied;
}

void Ledger::ApplyRecord(Stage& stage, const store::Event& event) {
  const bool put = event.type == Type::kPut;
  if (put) HearSerial(event.kv);
  const auto place = model::ParseRecordKey(event.kv.key);
  if (!place) return;
  Remember(event.kv, !put);
  if (put) {
    StageRecord(stage, *place, event.kv);
  } else if (place->area == model::Area::kHeld) {
    StageReleased(stage, place->key, event.kv.mod_revision);
  } else if (Marks::Holds(place->area)) {
    StageMark(stage, place->area, SubjectOf(*place), nullptr, event.kv.mod_revision);
  }
}

// Of one revision.
void Ledger::StageErased(Stage& stage, const std::vector<std::string>& keys,
                         store::Revision revision) {
  Gone gone;
  Gone ended;
  for (const std::string& key : keys) {
    const RegistrationPtr registration = Current(stage, key);
    if (!registration || !registration->usable() || removals_.IsMarked(key, revision - 1)) {
      StageErase(stage, key, revision);
    } else if (const MarkPtr held = CurrentMark(stage, model::Area::kHeld, key);
               held && held->revision > revision) {  // another server has weighed it already
      StageErase(stage, key, revision);
      StageHeld(stage, key, *held);
    } else if (over_.contains(registration->lease) && !GoesWithLease(*registration)) {
      ended.push_back(registration);
    } else {
      gone.push_back(registration);
    }
  }
  if (!ended.empty()) Hold(stage, ended, revision, kLeaseOver);
  if (!gone.empty()) Weigh(stage, gone, revision);
}

}  // namespace rollcall::catalog
