// The Ledger's part that tells the history what a batch changes.
#include <algorithm>
#include <tuple>
#include <utility>

#include "catalog/ledger.h"

namespace rollcall::catalog {
namespace {

using model::Area;

// Marks whose deregistrations have not shown yet; they come with them, or a moment before.
constexpr std::size_t kMostGone = 10'000;
// The same of registrations.
constexpr std::size_t kMostWriters = 10'000;

bool SameService(const Registration& a, const Registration& b) {
  const Registration::Service& x = a.service;
  const Registration::Service& y = b.service;
  const bool same_extension =
      a.extension && b.extension ? *a.extension == *b.extension : !a.extension && !b.extension;
  return same_extension && a.valid == b.valid &&
         std::tie(x.host, x.port, x.priority, x.weight, x.target_strip, x.text, x.group, x.ttl,
                  x.mail) == std::tie(y.host, y.port, y.priority, y.weight, y.target_strip, y.text,
                                      y.group, y.ttl, y.mail);
}

std::string OwnerOf(const Registration& registration) {
  return registration.extension ? registration.extension->owner : std::string();
}

// It tells that somebody put the registration.
bool IsPut(const HistoryEntry& entry) {
  return entry.event == HistoryEvent::kRegistered || entry.event == HistoryEvent::kChanged;
}

bool IsOwned(const RegistrationPtr& registration) {
  return registration && !OwnerOf(*registration).empty();
}

HistoryEntry About(HistoryEvent event, std::string subject, store::Revision revision) {
  HistoryEntry entry;
  entry.event = event;
  entry.subject = std::move(subject);
  entry.revision = revision;
  return entry;
}

void Sign(HistoryEntry& entry, const model::Record& record) {
  entry.by = record.by;
  entry.why = record.why;
}

}  // namespace

void Ledger::BeginHistory(store::Revision revision) {
  if (options_.history == nullptr || std::exchange(telling_, true)) return;
  options_.history->Begin(revision);
}

void Ledger::RememberGone(const store::KeyValue& kv, const std::string& key) {
  if (!telling_) return;
  if (gone_.size() >= kMostGone) gone_.clear();
  if (auto record = model::ParseRecord(kv.value)) gone_[key] = *std::move(record);
}

void Ledger::SignGone(HistoryEntry& entry) const {
  const auto found = gone_.find(entry.subject);
  if (found != gone_.end()) Sign(entry, found->second);
}

// A record of the area `registered`, heard before the registration shows.
void Ledger::HearWriter(const store::KeyValue& kv) {
  if (!telling_) return;
  const auto place = model::ParseRecordKey(kv.key);
  if (!place || place->area != Area::kRegistered || place->key.empty()) return;
  const auto known = writers_.find(place->key);
  if (known != writers_.end() && known->second.revision >= kv.mod_revision) return;
  if (writers_.size() >= kMostWriters) writers_.clear();
  auto record = model::ParseRecord(kv.value);
  if (record) writers_.insert_or_assign(place->key, Writer{*std::move(record), kv.mod_revision});
}

// By who wrote it at this revision, if he has said so.
void Ledger::SignPut(HistoryEntry& entry, store::Revision written) const {
  const auto found = writers_.find(entry.subject);
  if (found != writers_.end() && found->second.revision == written) {
    Sign(entry, found->second.record);
  }
}

std::vector<std::string> Ledger::Unsigned() const {
  std::vector<std::string> keys;
  for (const HistoryEntry& entry : untold_) {
    if (IsPut(entry) && entry.by.empty()) keys.push_back(entry.subject);
  }
  return keys;
}

void Ledger::Tell(std::span<const store::KeyValue> records) {
  for (const store::KeyValue& kv : records) HearWriter(kv);
  for (HistoryEntry& entry : untold_) {
    if (IsPut(entry) && entry.by.empty()) SignPut(entry, entry.revision);
    const auto writer = writers_.find(entry.subject);
    if (writer != writers_.end() && writer->second.revision <= entry.revision)
      writers_.erase(writer);
  }
  withholding_ = false;
  if (!untold_.empty()) options_.history->Append(std::exchange(untold_, {}));
}

std::vector<HistoryEntry> Ledger::News(const Stage& stage) {
  std::vector<HistoryEntry> entries;
  if (!telling_) return entries;
  {
    const auto view = reader_.Enter();
    for (const auto& [key, change] : stage.changes) {
      TellChange(stage, key, change, view->tree.FindKey(key), entries);
    }
    for (const RegistrationPtr& one : stage.fresh) {
      TellChange(stage, std::string(one->key), {one, one->mod_revision}, nullptr, entries);
    }
    for (const auto& [key, staged] : stage.marks) TellMark(stage, staged, *view, entries);
  }
  for (HistoryEntry& entry : entries) {
    const Registration* const one = entry.after ? entry.after.get() : entry.before.get();
    if (one != nullptr) {
      entry.name = one->name;
    } else if (entry.subject.starts_with(options_.prefix + "/")) {
      if (const auto name = model::NameOf(options_.prefix, entry.subject)) {
        entry.name = name->view().wire();
      }
    }
  }
  // The batch is a set; who reads it wants one order everywhere.
  std::sort(entries.begin(), entries.end(), [](const HistoryEntry& a, const HistoryEntry& b) {
    return std::tie(a.revision, a.subject, a.event) < std::tie(b.revision, b.subject, b.event);
  });
  for (const auto& [key, change] : stage.changes) gone_.erase(key);
  for (const RegistrationPtr& one : stage.fresh) gone_.erase(one->key);
  return entries;
}

void Ledger::TellChange(const Stage& stage, const std::string& key, const Change& change,
                        RegistrationPtr before, std::vector<HistoryEntry>& entries) const {
  if (!before && !change.put) return;
  const auto held = stage.marks.find(model::RecordKey(Area::kHeld, key));
  const bool about_a_hold = held != stage.marks.end();
  if (before && change.put && SameService(*before, *change.put)) return;
  // What is held goes on, or is let go: TellMark() says so.
  if (about_a_hold && (!change.put || held->second.mark)) return;
  HistoryEntry entry = About(HistoryEvent::kChanged, key, change.revision);
  if (!change.put) {
    const bool meant = gone_.contains(key);
    entry.event = meant ? HistoryEvent::kDeregistered : HistoryEvent::kRemoved;
    SignGone(entry);
  } else {
    if (!before) entry.event = HistoryEvent::kRegistered;
    entry.by = OwnerOf(*change.put);
    SignPut(entry, change.revision);
  }
  entry.before = std::move(before);
  entry.after = change.put;
  entries.push_back(std::move(entry));
}

void Ledger::TellMark(const Stage& stage, const StagedMark& staged, const View& view,
                      std::vector<HistoryEntry>& entries) const {
  const auto& marks = view.marks.Of(staged.area);
  const auto found = marks.find(staged.subject);
  const MarkPtr before = found == marks.end() ? nullptr : found->second;
  const MarkPtr& after = staged.mark;
  const RegistrationPtr stood = view.tree.FindKey(staged.subject);
  const RegistrationPtr* const changed = stage.Find(staged.subject);
  const RegistrationPtr stands = changed ? *changed : stood;
  HistoryEntry entry =
      About(HistoryEvent::kHealth, staged.subject, after ? after->revision : staged.revision);
  if (after) Sign(entry, after->record);
  switch (staged.area) {
    case Area::kAlive: {
      // What has just come says by itself how it is, and what goes is told as gone.
      if (!IsOwned(stood) || !IsOwned(stands)) return;
      if (before && after && before->record.health == after->record.health) return;
      if (!before && !after) return;
      entry.mark_before = before;
      entry.mark_after = after;
      if (!after) entry.event = HistoryEvent::kLost;
      if (!before) entry.event = HistoryEvent::kAlive;
      break;
    }
    case Area::kHeld:
      if (!before == !after) return;
      if (after) {
        entry.event = HistoryEvent::kHeld;
      } else if (stands) {
        entry.event = HistoryEvent::kReturned;
        SignPut(entry, stands->mod_revision);
      } else {
        entry.event = HistoryEvent::kReleased;
        SignGone(entry);
      }
      entry.before = stood;
      entry.after = stands;
      break;
    case Area::kMaintenance:
      if ((!before && !after) || (before && after && before->record == after->record)) return;
      entry.event = after ? HistoryEvent::kMaintenance : HistoryEvent::kMaintenanceEnded;
      entry.mark_before = before;
      entry.mark_after = after;
      break;
    case Area::kStopping:
      // A registration that goes takes it along.
      if (!before == !after || !stands) return;
      entry.event = after ? HistoryEvent::kStopping : HistoryEvent::kResumed;
      break;
    default:  // `lost` only dates what the end of `alive` has told
      return;
  }
  entries.push_back(std::move(entry));
}

}  // namespace rollcall::catalog
