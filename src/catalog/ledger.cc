#include "catalog/ledger.h"

#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "model/serial.h"

namespace rollcall::catalog {
namespace {

// How far back a watch may begin only for the sake of the serial: the store reads
// all of its history from there.
constexpr store::Revision kMostCatchingUp = 100'000;

}  // namespace

Ledger::Ledger(Publisher& publisher, const Clock& clock, Options options)
    : publisher_(publisher),
      clock_(clock),
      options_(std::move(options)),
      reader_(publisher.AddReader()),
      kept_(options_.last_known),
      removals_(options_.protect, options_.zones, clock) {
}

bool Ledger::IsRegistration(std::string_view key) const {
  const auto below = [key](std::string_view prefix) {
    return key.size() > prefix.size() && key.starts_with(prefix) && key[prefix.size()] == '/';
  };
  return below(options_.prefix) && !below(model::kOwnPrefix);
}

// --- lists

void Ledger::BeginList(bool new_epoch, std::uint64_t cluster_id) {
  other_store_ = other_store_ || new_epoch;
  cluster_id_ = cluster_id;
  if (kept_) kept_->BeginList();
  last_change_ = {};
  last_put_ = 0;
  listed_serial_.reset();
  listed_.clear();
  listed_marks_.clear();
  removals_.ForgetAll();  // what there is of marks, this list tells
}

void Ledger::AddPage(std::span<const store::KeyValue> page) {
  Stage stage;
  for (const store::KeyValue& kv : page) {
    Remember(kv, false);
    if (!IsRegistration(kv.key)) {
      if (kv.key == model::kSerialKey) listed_serial_ = kv;
      if (const auto place = model::ParseRecordKey(kv.key)) {
        StageRecord(stage, *place, kv);
        listed_marks_.insert(kv.key);
      }
      continue;
    }
    listed_.push_back(kv.key);
    last_put_ = std::max(last_put_, kv.mod_revision);
    StagePresent(stage, kv.key);
    const RegistrationPtr before = Current(stage, kv.key);
    if (!before || !IsOld(before->mod_revision, kv)) {
      StagePut(stage, kv);
    } else if (NeedsAll()) {
      Keep(*before, kv);
    }
  }
  Publish(std::move(stage));
}

void Ledger::EndList(store::Revision revision) {
  Stage stage;
  StageVanished(stage, revision);
  StageVanishedMarks(stage, revision);
  if (NeedsAll()) KeepAbsent();
  if (other_store_) {
    ++epoch_;
    serial_.Forget();
  }
  if (listed_serial_) HearSerial(*listed_serial_);
  // The serial of one epoch never goes back, even if the last change was a deletion.
  revision_ = other_store_ ? last_put_ : std::max(revision_, last_put_);
  whole_at_ = marks_at_ = revision;
  catching_up_ = revision_ < whole_at_;
  if (whole_at_ - revision_ > kMostCatchingUp) (void)EndCatchingUp(true);
  ever_listed_ = true;
  other_store_ = doubted_ = false;
  listed_ = {};
  listed_marks_ = {};
  Publish(std::move(stage), true);
  writers_.clear();  // of what was there before
  BeginHistory(revision);
}

bool Ledger::EndCatchingUp(bool history_is_gone) {
  if (!std::exchange(catching_up_, false)) return false;
  if (history_is_gone) {
    revision_ = whole_at_;
    if (ever_listed_) Publish({});
  }
  return true;
}

// --- what is known of the store

void Ledger::Remember(const store::KeyValue& kv, bool erased) {
  if (kv.mod_revision >= last_change_.revision) {
    last_change_ = {kv.key, kv.mod_revision, erased};
  }
}

bool Ledger::HearSerial(const store::KeyValue& record) {
  if (record.key != model::kSerialKey) return false;
  const auto offset = model::ParseSerialOffset(record.value);
  return offset && serial_.Told(*offset, record.mod_revision);
}

void Ledger::TellSerial(const store::KeyValue& record, std::uint64_t epoch) {
  if (epoch == epoch_ && HearSerial(record) && ever_listed_) Publish({});
}

void Ledger::SetLeases(std::span<const LeaseTime> times) {
  std::vector<LeaseTime> named;
  std::copy_if(times.begin(), times.end(), std::back_inserter(named),
               [this](const LeaseTime& time) { return leases_.Names(time.id); });
  if (named.empty()) return;
  publisher_.Apply([&](View& view) {
    for (const LeaseTime& time : named) {
      if (time.end) {
        view.leases[time.id] = *time.end;
      } else {
        view.leases.erase(time.id);
      }
    }
  });
}

// --- one key

RegistrationPtr Ledger::Current(const Stage& stage, const std::string& key) {
  const auto staged = stage.changes.find(key);
  if (staged != stage.changes.end()) return staged->second.put;
  // Only this object writes, so what is read stays so until Publish().
  return reader_.Enter()->tree.FindKey(key);
}

void Ledger::StagePut(Stage& stage, const store::KeyValue& kv) {
  StagePresent(stage, kv.key);
  const RegistrationPtr before = Current(stage, kv.key);
  auto made = MakeRegistration(options_.prefix, kv, before.get());
  if (!made) {
    flaws_.Note(kv.key, &made.error());
    return;
  }
  flaws_.Note(kv.key, (*made)->invalid.get());
  Keep(**made, kv);
  Swap(stage, kv.key, before, {*std::move(made), kv.mod_revision});
}

void Ledger::StageErase(Stage& stage, const std::string& key, store::Revision revision) {
  flaws_.Erase(key);
  absent_.erase(key);
  const RegistrationPtr before = Current(stage, key);
  if (!before) return;
  KeepNoMore(key);
  Swap(stage, key, before, {{}, revision});
}

void Ledger::Swap(Stage& stage, const std::string& key, const RegistrationPtr& before,
                  Change change) {
  // The new one first: a lease that both name is not asked again.
  if (change.put) leases_.Add(change.put->lease, clock_.Now());
  if (before) {
    leases_.Remove(before->lease);
    if (before->lease != 0) stage.leases.push_back(before->lease);
  }
  stage.changes.insert_or_assign(key, std::move(change));
}

void Ledger::Publish(Stage stage, bool list_ended) {
  std::vector<HistoryEntry> news = News(stage);
  untold_.insert(untold_.end(), std::make_move_iterator(news.begin()),
                 std::make_move_iterator(news.end()));
  std::erase_if(stage.leases, [this](store::LeaseId id) { return leases_.Names(id); });
  // Before the first list is whole there is no revision, and no serial of it but that of
  // before a restart.
  const std::uint32_t offset = ever_listed_ ? serial_.Choose(revision_) : serial_.offset();
  publisher_.Apply([&](View& view) {
    for (const auto& [key, change] : stage.changes) {
      if (change.put) {
        view.tree.Put(change.put);
      } else {
        view.tree.Erase(key, change.revision);
      }
    }
    for (const auto& [record, staged] : stage.marks) {
      view.marks.Set(staged.area, staged.subject, staged.mark);
      if (staged.area == model::Area::kMaintenance) view.maintenance_touched = view.changes;
      if (staged.area == model::Area::kAlive) view.tree.Touch(staged.subject);
      const bool alive_or_held =
          staged.area == model::Area::kAlive || staged.area == model::Area::kHeld;
      if (!alive_or_held || stage.changes.contains(staged.subject)) continue;
      view.marks.LookAt(staged.subject, view.tree.FindKey(staged.subject).get());
    }
    for (const auto& [key, change] : stage.changes) view.marks.LookAt(key, change.put.get());
    for (const store::LeaseId id : stage.leases) view.leases.erase(id);
    view.revision = revision_;
    view.serial_offset = offset;
  });
  // Whoever hears of a change finds it in the view.
  if (!withholding_) Tell();
  ShowKept(list_ended);
}

}  // namespace rollcall::catalog
