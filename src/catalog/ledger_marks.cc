// The Ledger's part that keeps our own records, and what they hold in the view.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "catalog/ledger.h"

namespace rollcall::catalog {

using model::Area;

MarkPtr Ledger::CurrentMark(const Stage& stage, Area area, const std::string& subject) {
  const auto staged = stage.marks.find(model::RecordKey(area, subject));
  if (staged != stage.marks.end()) return staged->second.mark;
  const auto view = reader_.Enter();
  const auto& marks = view->marks.Of(area);
  const auto found = marks.find(subject);
  return found == marks.end() ? nullptr : found->second;
}

void Ledger::StageMark(Stage& stage, Area area, const std::string& subject, MarkPtr mark,
                       store::Revision erased_at) {
  if (!mark) {
    KeepNoMore(model::RecordKey(area, subject));
  } else if (mark->revision == 0) {
    Keep(model::RecordKey(area, subject), *mark);
  }
  stage.marks.insert_or_assign(model::RecordKey(area, subject),
                               StagedMark{area, subject, std::move(mark), erased_at});
}

MarkPtr Ledger::ReadMark(const store::KeyValue& kv) {
  Mark mark;
  mark.revision = kv.mod_revision;
  if (auto record = model::ParseRecord(kv.value)) {
    mark.record = *std::move(record);
  } else {
    mark.readable = false;
    log::Warn("record that cannot be read", {{"key", kv.key}, {"why", record.error().message}});
  }
  return std::make_shared<const Mark>(std::move(mark));
}

// As the store has it.
void Ledger::StageRecord(Stage& stage, const model::RecordPlace& place, const store::KeyValue& kv) {
  if (place.area == Area::kGone) {
    HearGone(kv);
    if (absent_.contains(place.key)) StageReleased(stage, place.key, kv.mod_revision);
    return;
  }
  if (place.area == Area::kRegistered) return HearWriter(kv);
  if (!Marks::Holds(place.area)) return;
  const std::string subject = SubjectOf(place);
  const MarkPtr before = CurrentMark(stage, place.area, subject);
  const bool old = before && IsOld(before->revision, kv);
  if (!old || NeedsAll()) Keep(kv);
  if (old) return;
  auto made = ReadMark(kv);
  if (place.area == Area::kHeld) StageHeld(stage, place.key, *made);
  StageMark(stage, place.area, subject, std::move(made));
}

// Some server holds it: what is not in the store is served from the record.
void Ledger::StageHeld(Stage& stage, const std::string& key, const Mark& mark) {
  if (!mark.readable || Current(stage, key) || removals_.IsMarked(key, mark.revision)) return;
  const store::KeyValue kv{.key = key, .value = mark.record.value, .mod_revision = mark.revision};
  auto made = MakeRegistration(options_.prefix, kv, nullptr);
  if (!IsRegistration(key) || !made || !(*made)->valid) return;
  Keep(kv);
  Swap(stage, key, nullptr, {*std::move(made), mark.revision});
  absent_.insert(key);
  revision_ = std::max(revision_, mark.revision);
  last_put_ = std::max(last_put_, mark.revision);
}

// The record is gone, or there is the mark of a deregistration.  Only the latter ends a
// hold: the record goes too when the registration is back, of which the watch may tell
// later, since it is in another range.
void Ledger::StageReleased(Stage& stage, const std::string& key, store::Revision revision) {
  const RegistrationPtr registration = Current(stage, key);
  if (!absent_.contains(key) || !registration) {
    StageMark(stage, Area::kHeld, key, nullptr, revision);
  } else if (removals_.IsMarked(key, registration->mod_revision)) {
    StageErase(stage, key, revision);
    StageMark(stage, Area::kHeld, key, nullptr, revision);
    revision_ = std::max(revision_, revision);
  } else if (const MarkPtr before = CurrentMark(stage, Area::kHeld, key)) {
    StageMark(stage, Area::kHeld, key, std::make_shared<const Mark>(Mark{before->record, true, 0}));
  }
}

// It is in the store.
void Ledger::StagePresent(Stage& stage, const std::string& key) {
  removals_.Returned(key);
  if (absent_.erase(key) == 0) return;
  const MarkPtr mark = CurrentMark(stage, Area::kHeld, key);
  if (mark && mark->revision == 0) StageMark(stage, Area::kHeld, key, nullptr);
}

void Ledger::Weigh(Stage& stage, const Gone& gone, store::Revision revision) {
  Publish(std::exchange(stage, {}));  // so that the sizes are right
  const auto settle = [&](const Gone& some) {
    if (some.empty()) return;
    std::string why;
    {
      const auto view = reader_.Enter();
      why = removals_.Weigh(some, view->tree);
    }
    if (!why.empty()) return Hold(stage, some, revision, why);
    for (const RegistrationPtr& one : some) StageErase(stage, std::string(one->key), revision);
    Publish(std::exchange(stage, {}));
  };
  Gone together;
  for (const RegistrationPtr& one : gone) {
    if (GoesWithLease(*one)) {
      settle({one});  // it was asked for, of each alone
    } else {
      together.push_back(one);
    }
  }
  settle(together);
}

// It stays, missing in the store as of `revision`: only a deregistration after that ends
// it.  Its own revision may be of another store, and its lease is over.
void Ledger::StageAbsent(Stage& stage, const Registration& registration, store::Revision revision) {
  store::KeyValue kv;
  kv.key = registration.key;
  kv.value = model::ToJson(ToService(registration));
  kv.mod_revision = revision;
  auto made = MakeRegistration(options_.prefix, kv, &registration);
  absent_.insert(kv.key);
  flaws_.Erase(kv.key);
  if (!made) return;
  Keep(kv);
  Swap(stage, kv.key, Current(stage, kv.key), {*std::move(made), revision});
}

void Ledger::Hold(Stage& stage, const Gone& gone, store::Revision revision, std::string_view why) {
  for (const RegistrationPtr& one : gone) {
    const std::string key(one->key);
    StageAbsent(stage, *one, revision);
    if (CurrentMark(stage, Area::kHeld, key)) continue;
    Mark mark;
    mark.record.since = clock_.WallNow();
    mark.record.why = std::string(why);
    mark.record.value = model::ToJson(ToService(*one));
    StageMark(stage, Area::kHeld, key, std::make_shared<const Mark>(std::move(mark)));
  }
  log::Warn("removals held: they go on being answered; see `rollcall protect`",
            {{"count", gone.size()}, {"first", gone.front()->key}, {"why", why}});
}

// --- the end of a list

void Ledger::StageVanished(Stage& stage, store::Revision revision) {
  Gone gone;
  Gone leased;  // nobody knows any more whether their leases had ended
  for (const RegistrationPtr& passed : std::exchange(vanished_, {})) {
    const std::string key(passed->key);
    const RegistrationPtr one = Current(stage, key);
    if (!one) continue;  // a record behind it in the list has ended it
    const bool held = listed_marks_.contains(model::RecordKey(Area::kHeld, key));
    if (!one->usable() || removals_.IsMarked(key, one->mod_revision)) {
      StageErase(stage, key, revision);
    } else if (!held && !absent_.contains(key)) {
      (one->lease != 0 && !GoesWithLease(*one) ? leased : gone).push_back(one);
    } else {
      if (!held) StageReleased(stage, key, revision);  // goes on, by our own word
      // Not later than the record, so that one can tell when it is back.
      const MarkPtr mark = held ? CurrentMark(stage, Area::kHeld, key) : nullptr;
      const store::Revision missing_at = mark ? mark->revision : revision;
      if (!absent_.contains(key) || other_store_) StageAbsent(stage, *one, missing_at);
    }
  }
  for (const std::string& key : unlisted_flaws_) {  // some are in no tree
    if (!Current(stage, key)) StageErase(stage, key, revision);
  }
  if (!leased.empty() && removals_.protects()) {
    Hold(stage, leased, revision, std::string(kLeaseOver));
  } else {
    gone.insert(gone.end(), leased.begin(), leased.end());
  }
  if (gone.empty()) return;
  if (other_store_ && removals_.protects()) {
    // Nobody deleted it there: it was not yet, or never, in that store.
    Hold(stage, gone, revision, "the store was replaced, or restored from a backup");
  } else {
    Weigh(stage, gone, revision);
  }
}

void Ledger::StageVanishedMarks(Stage& stage, store::Revision revision) {
  std::vector<std::pair<Area, std::string>> vanished;
  {
    const auto view = reader_.Enter();
    for (const Area area : Marks::kAreas) {
      for (const auto& [subject, mark] : view->marks.Of(area)) {
        const std::string record = model::RecordKey(area, subject);
        const bool ours = area == Area::kHeld && absent_.contains(subject);
        if (mark->revision == 0 || ours || listed_marks_.contains(record)) continue;
        if (!stage.marks.contains(record)) vanished.emplace_back(area, subject);
      }
    }
  }
  for (const auto& [area, subject] : vanished) {
    StageMark(stage, area, subject, nullptr, revision);
  }
}

}  // namespace rollcall::catalog
