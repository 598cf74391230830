#include "catalog/ledger.h"

#include <algorithm>
#include <iterator>
#include <utility>

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
  listed_ = 0;
  listed_to_.clear();
  vanished_.clear();
  unlisted_flaws_.clear();
  for (std::string& key : flaws_.Keys()) unlisted_flaws_.insert(std::move(key));
  listed_marks_.clear();
  removals_.ForgetAll();  // what there is of marks, this list tells
}

// What the view has from one key to another, in order; good until the view is changed.
class Ledger::Known {
 public:
  // Without the first key, with the last one; "": there is none.
  Known(const View& view, std::string_view behind, std::string_view last) {
    view.tree.VisitFrom(behind, [&](const Registration& one) {
      if (!last.empty() && one.key > last) return false;
      if (one.key != behind) all_.push_back(&one);
      return true;
    });
  }

  // Null: it is not there.  Those before it go to `passed`.
  [[nodiscard]] RegistrationPtr Take(std::string_view key, Gone& passed) {
    for (; next_ < all_.size() && all_[next_]->key < key; ++next_) passed.emplace_back(all_[next_]);
    if (next_ == all_.size() || all_[next_]->key != key) return {};
    return RegistrationPtr(all_[next_++]);
  }
  void TakeRest(Gone& passed) {
    for (; next_ < all_.size(); ++next_) passed.emplace_back(all_[next_]);
  }

 private:
  std::vector<const Registration*> all_;
  std::size_t next_ = 0;
};

void Ledger::AddPage(std::vector<store::KeyValue> page, std::vector<MadeRegistration> made) {
  if (page.empty()) return;
  Stage stage;
  const auto last = std::find_if(page.rbegin(), page.rend(), [this](const store::KeyValue& kv) {
    return IsRegistration(kv.key);
  });
  // Keys are in order, in the page as in the view: they are walked side by side, and none is
  // looked up.
  std::optional<Known> known;
  if (last != page.rend()) known.emplace(*reader_.Enter(), listed_to_, last->key);
  for (std::size_t i = 0; i < page.size(); ++i) {
    store::KeyValue& kv = page[i];
    Remember(kv, false);
    if (!IsRegistration(kv.key)) {
      if (kv.key == model::kSerialKey) listed_serial_ = kv;
      if (const auto place = model::ParseRecordKey(kv.key)) {
        StageRecord(stage, *place, kv);
        listed_marks_.insert(kv.key);
      }
      continue;
    }
    ++listed_;
    listed_to_ = kv.key;
    if (!unlisted_flaws_.empty()) unlisted_flaws_.erase(kv.key);
    last_put_ = std::max(last_put_, kv.mod_revision);
    StagePresent(stage, kv.key);
    RegistrationPtr before = known->Take(kv.key, vanished_);
    if (!stage.changes.empty()) before = Current(stage, kv.key);
    if (before && IsOld(before->mod_revision, kv)) {
      if (NeedsAll()) Keep(*before, std::move(kv));
      continue;
    }
    auto one = i < made.size() && !before ? std::move(made[i])
                                          : MakeRegistration(options_.prefix, kv, before.get());
    StageListed(stage, std::move(kv), std::move(one), before);
  }
  if (known) known->TakeRest(vanished_);
  Publish(std::move(stage));
}

void Ledger::Expect(std::size_t registrations) {
  // Whoever says so may be wrong: no more room than a large fleet needs.
  constexpr std::size_t kMost = 4'000'000;
  publisher_.Apply([&](View& view) { view.tree.Reserve(std::min(registrations, kMost)); });
}

void Ledger::EndList(store::Revision revision) {
  Known(*reader_.Enter(), listed_to_, "").TakeRest(vanished_);
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
  vanished_ = {};
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

const RegistrationPtr* Ledger::Stage::Find(std::string_view key) const {
  const auto changed = changes.find(key);
  if (changed != changes.end()) return &changed->second.put;
  const auto found = std::lower_bound(
      fresh.begin(), fresh.end(), key,
      [](const RegistrationPtr& one, std::string_view wanted) { return one->key < wanted; });
  return found != fresh.end() && (*found)->key == key ? &*found : nullptr;
}

RegistrationPtr Ledger::Current(const Stage& stage, const std::string& key) {
  if (const RegistrationPtr* const staged = stage.Find(key)) return *staged;
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

// The same for the next key of a list, behind all that came before.
void Ledger::StageListed(Stage& stage, store::KeyValue kv, MadeRegistration made,
                         const RegistrationPtr& before) {
  flaws_.Note(kv.key, made ? (*made)->invalid.get() : &made.error());
  if (!made) return;
  if (before || stage.changes.contains(kv.key)) {
    Swap(stage, kv.key, before, {*made, kv.mod_revision});
  } else {
    leases_.Add((*made)->lease, clock_.Now());
    stage.fresh.push_back(*made);
  }
  Keep(**made, std::move(kv));
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
    view.tree.PutAll(stage.fresh);
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
      if (!alive_or_held || stage.Find(staged.subject) != nullptr) continue;
      view.marks.LookAt(staged.subject, view.tree.FindKey(staged.subject).get());
    }
    for (const auto& [key, change] : stage.changes) view.marks.LookAt(key, change.put.get());
    for (const RegistrationPtr& one : stage.fresh) view.marks.LookAt(one->key, one.get());
    for (const store::LeaseId id : stage.leases) view.leases.erase(id);
    view.revision = revision_;
    view.serial_offset = offset;
  });
  // Whoever hears of a change finds it in the view.
  if (!withholding_) Tell();
  ShowKept(list_ended);
}

}  // namespace rollcall::catalog
