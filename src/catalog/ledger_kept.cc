// The Ledger's part that has the view kept on the disk, and takes it from there.
#include <algorithm>
#include <future>
#include <span>
#include <utility>

#include "catalog/ledger.h"

namespace rollcall::catalog {
namespace {

// A piece is made while the one before is put into the view.
constexpr std::size_t kMostRestoredAtOnce = 20'000;

}  // namespace

void Ledger::Restore(LastKnownContents contents) {
  const auto kept = std::exchange(kept_, nullptr);
  const LastKnownHeader& header = contents.header;
  serial_.Resume(header.serial_offset, header.changed);
  revision_ = header.changed;
  whole_at_ = marks_at_ = header.revision;
  cluster_id_ = header.cluster_id;
  last_change_ = {header.last_key, header.last_revision, header.last_erased};
  std::vector<std::string> by_our_word;
  const auto by_key = [](const store::KeyValue& a, const store::KeyValue& b) {
    return a.key < b.key;
  };
  if (!std::is_sorted(contents.records.begin(), contents.records.end(), by_key)) {
    std::sort(contents.records.begin(), contents.records.end(), by_key);
  }
  const auto make = [this](std::span<store::KeyValue> piece) {
    return std::async(std::launch::async,
                      [this, piece] { return MakeRegistrations(options_.prefix, piece); });
  };
  Expect(contents.records.size());
  std::span<store::KeyValue> rest = contents.records;
  std::span<store::KeyValue> piece = rest.first(std::min(kMostRestoredAtOnce, rest.size()));
  auto ahead = make(piece);
  for (bool more = true; more;) {
    auto made = ahead.get();
    rest = rest.subspan(piece.size());
    more = !rest.empty();
    const auto next = rest.first(std::min(kMostRestoredAtOnce, rest.size()));
    if (more) ahead = make(next);
    Stage stage;
    for (std::size_t i = 0; i < piece.size(); ++i) {
      // What has been read goes at once, so that there is never twice of all.
      store::KeyValue kv = std::exchange(piece[i], {});
      if (IsRegistration(kv.key)) {
        StageListed(stage, std::move(kv), std::move(made[i]), nullptr);
        continue;
      }
      // What is held has been kept itself: what has not was let go since.
      const auto place = model::ParseRecordKey(kv.key);
      if (!place || !Marks::Holds(place->area)) continue;
      StageMark(stage, place->area, SubjectOf(*place), ReadMark(kv));
      if (kv.mod_revision == 0) by_our_word.push_back(place->key);
    }
    piece = next;
    Publish(std::move(stage));
  }
  // They are not in the store, and go on being held, with nothing left of why but this.
  absent_.insert(by_our_word.begin(), by_our_word.end());
  kept_ = kept;
  BeginHistory(header.revision);
}

// `kv`: what the store has.
void Ledger::Keep(const Registration& registration, store::KeyValue kv) {
  if (!kept_) return;
  if (registration.valid || !registration.usable()) return kept_->Put(std::move(kv));
  // What was readable last has been kept, and stays.
  if (!kept_->needs_all()) return;
  kv.value = model::ToJson(ToService(registration));
  --kv.mod_revision;  // not the store's, which is to be read again
  kept_->Put(std::move(kv));
}

void Ledger::Keep(const std::string& record_key, const Mark& own_word) {
  if (kept_) kept_->Put({.key = record_key, .value = model::ToJson(own_word.record)});
}

// What the list does not have, and the view does.
void Ledger::KeepAbsent() {
  const auto view = reader_.Enter();
  for (const std::string& key : absent_) {
    const RegistrationPtr registration = view->tree.FindKey(key);
    if (!registration || !registration->usable()) continue;
    kept_->Put({.key = key,
                .value = model::ToJson(ToService(*registration)),
                .mod_revision = registration->mod_revision});
    const Mark* const mark = view->marks.Find(model::Area::kHeld, key);
    if (mark && mark->revision == 0) Keep(model::RecordKey(model::Area::kHeld, key), *mark);
  }
}

void Ledger::ShowKept(bool list_ended) {
  if (!kept_) return;
  kept_->Show({.cluster_id = cluster_id_,
               .revision = std::max(seen(), revision_),
               .changed = revision_,
               .serial_offset = serial_.offset(),
               .last_key = last_change_.key,
               .last_revision = last_change_.revision,
               .last_erased = last_change_.erased},
              list_ended);
}

}  // namespace rollcall::catalog
