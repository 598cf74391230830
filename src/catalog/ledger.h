// Turns what the store tells - pages of a list, events of a watch, the time of
// leases - into changes of the view, and publishes them.
//
// A registration that vanished without the mark of a deregistration may be held
// (catalog/removals.h): it stays in the view, with a mark of the area `held`, until it is
// back, or somebody lets it go.
//
// Threads: none of its own; the feed locks.  It is the Publisher's one writer.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "catalog/flaw_book.h"
#include "catalog/history.h"
#include "catalog/last_known.h"
#include "catalog/lease_book.h"
#include "catalog/publisher.h"
#include "catalog/removals.h"
#include "catalog/serial_offset.h"
#include "catalog/text_map.h"
#include "store/store.h"

namespace rollcall::catalog {

class Ledger {
 public:
  struct Options {
    std::string prefix;  // of the registrations, normalized; model::kOwnPrefix holds none
    ProtectOptions protect;
    std::vector<wire::Name> zones;    // see Removals
    LastKnown* last_known = nullptr;  // keeps what the view serves; null: nobody does
    History* history = nullptr;       // is told what changes; null: nobody is
  };
  // Borrows all until destroyed.
  Ledger(Publisher& publisher, const Clock& clock, Options options);

  // Before the first list: what was served when the program last ran, as if listed.  The
  // first list then applies the difference, and nothing is smaller in between.
  void Restore(LastKnownContents contents);
  // Equal revisions may not mean equal values, for the next list.
  void Doubt() { doubted_ = true; }

  // A list: pages in key order, of our own records first and then of registrations,
  // each published as it comes, so that a cold start fills up; nothing is taken away
  // before the list is whole.  `new_epoch`: of another store, where equal revisions do
  // not mean equal values.  A list that is not ended is begun again.
  void BeginList(bool new_epoch, std::uint64_t cluster_id = 0);
  // `made`: of each pair of the page, by who had time for it; none: they are made here.
  void AddPage(std::vector<store::KeyValue> page, std::vector<MadeRegistration> made = {});
  void EndList(store::Revision revision);
  [[nodiscard]] std::size_t listed() const { return listed_; }  // registrations
  // About as many registrations are to come.
  void Expect(std::size_t registrations);
  // No registration is in the view.
  [[nodiscard]] bool knows_nothing() { return reader_.Enter()->tree.size() == 0; }

  // Where the watch has to begin: at the range that is behind, since a store that catches
  // up may send one ahead of the other.  After a list that is behind the last change that
  // it shows: later changes took away all they had put, and only the watch can tell
  // when.  Without them, this replica's serial would not be that of one that followed.
  [[nodiscard]] store::Revision WatchFrom() const {
    return std::min(catching_up_ ? revision_ : whole_at_, marks_at_) + 1;
  }
  // From now on the watch begins behind the list.  `history_is_gone`: nobody can tell
  // when the last change was; the serial becomes that of the list, the highest that
  // it can have had.  False: the watch would have begun there anyway.
  bool EndCatchingUp(bool history_is_gone);

  // Registrations that these events delete, of which it is not known whether they were
  // deregistered: the mark is written in the same revision, but lies in another range, so
  // it may come later.  To be asked for, and told by HearGone(), before Apply().
  [[nodiscard]] std::vector<std::string> Doubtful(std::span<const store::Event> events) const;
  void HearGone(const store::KeyValue& record);
  // The leases that these keys had, but for those that asked to go with theirs.  That one
  // is over, to be told before Apply() too, is no deregistration: what it took is held.
  [[nodiscard]] std::vector<store::LeaseId> LeasesOf(const std::vector<std::string>& keys);
  void HearLeaseOver(store::LeaseId lease) { over_.insert(lease); }

  // Whole revisions of each range, in order, each once.  Returns how many were
  // registrations'.
  //
  // What it tells the history waits for Tell(), or for the next call: the record that says who
  // wrote a registration has its revision, but lies in another range, so it may come later.
  std::size_t Apply(std::span<const store::Event> events);
  // Registrations that were put, and nobody has said by whom: the record `registered` of each is
  // to be asked for, and what there is given to Tell().  The view has them already.
  [[nodiscard]] std::vector<std::string> Unsigned() const;
  void Tell(std::span<const store::KeyValue> records = {});

  // How many times the store became another one.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  // The record of the serial's offset, read anew.  Ignored, if asked for in an
  // earlier epoch: revisions of two stores do not compare.
  void TellSerial(const store::KeyValue& record, std::uint64_t epoch);
  [[nodiscard]] const std::optional<SerialOffset::Wanted>& serial_wanted() const {
    return serial_.wanted();
  }

  [[nodiscard]] LeaseBook& leases() { return leases_; }
  struct LeaseTime {
    store::LeaseId id = 0;
    std::optional<SteadyTime> end;  // none: the store does not know it
  };
  void SetLeases(std::span<const LeaseTime> times);

  // Of the last change of a registration, as far as it is known: makes the serial.
  [[nodiscard]] store::Revision revision() const { return revision_; }
  // Up to where no registration is missing in the view.
  [[nodiscard]] store::Revision whole_at() const { return whole_at_; }
  // The same for the farther one of registrations and our own records.
  [[nodiscard]] store::Revision seen() const { return std::max(whole_at_, marks_at_); }
  // A change that the view holds, to know the store by again; no key: none.
  struct LastChange {
    std::string key;
    store::Revision revision = 0;
    bool erased = false;
  };
  [[nodiscard]] const LastChange& last_change() const { return last_change_; }
  [[nodiscard]] const FlawBook& flaws() const { return flaws_; }
  // Registrations that the view has and the store has not.
  [[nodiscard]] std::size_t held() const { return absent_.size(); }

 private:
  // What is to become of each key, the last word only.  Null: erased.
  struct Change {
    RegistrationPtr put;
    store::Revision revision = 0;
  };
  struct StagedMark {
    model::Area area;
    std::string subject;
    MarkPtr mark;                  // null: erased
    store::Revision revision = 0;  // of that; 0: our own word
  };
  struct Stage {
    TextMap<Change> changes;
    // In the order of their keys: not in the view, nor in `changes`.  What a list of the whole
    // store brings, for which a hash table would only be in the way.
    std::vector<RegistrationPtr> fresh;
    // What the stage makes of a key; null: nothing, else what is put, or null for erased.
    [[nodiscard]] const RegistrationPtr* Find(std::string_view key) const;
    TextMap<StagedMark> marks;           // by their own key
    std::vector<store::LeaseId> leases;  // that may have lost their last key
  };
  using Gone = std::vector<RegistrationPtr>;
  class Known;  // a piece of the view, beside a page of a list

  [[nodiscard]] bool IsRegistration(std::string_view key) const;
  [[nodiscard]] RegistrationPtr Current(const Stage& stage, const std::string& key);
  void StagePut(Stage& stage, const store::KeyValue& kv);
  void StageListed(Stage& stage, store::KeyValue kv, MadeRegistration made,
                   const RegistrationPtr& before);
  void StageErase(Stage& stage, const std::string& key, store::Revision revision);
  void Swap(Stage& stage, const std::string& key, const RegistrationPtr& before, Change change);
  bool HearSerial(const store::KeyValue& record);
  void Publish(Stage stage, bool list_ended = false);
  void Remember(const store::KeyValue& kv, bool erased);
  // The value is in the view already.
  [[nodiscard]] bool IsOld(store::Revision before, const store::KeyValue& kv) const {
    return before == kv.mod_revision && !other_store_ && !doubted_;
  }

  // ledger_kept.cc: of each registration and record of the view, what leads to it again.
  [[nodiscard]] bool NeedsAll() const { return kept_ && kept_->needs_all(); }
  void Keep(store::KeyValue kv) {
    if (kept_) kept_->Put(std::move(kv));
  }
  void Keep(const Registration& registration, store::KeyValue kv);
  void Keep(const std::string& record_key, const Mark& own_word);
  void KeepNoMore(std::string_view key) {
    if (kept_) kept_->Erase(key);
  }
  void KeepAbsent();
  void ShowKept(bool list_ended);

  // ledger_events.cc
  void ApplyRecord(Stage& stage, const store::Event& event);
  void StageErased(Stage& stage, const std::vector<std::string>& keys, store::Revision revision);

  // ledger_marks.cc
  [[nodiscard]] MarkPtr CurrentMark(const Stage& stage, model::Area area,
                                    const std::string& subject);
  // `erased_at`: in the store, if `mark` is null.
  void StageMark(Stage& stage, model::Area area, const std::string& subject, MarkPtr mark,
                 store::Revision erased_at = 0);
  [[nodiscard]] static MarkPtr ReadMark(const store::KeyValue& kv);
  void StageRecord(Stage& stage, const model::RecordPlace& place, const store::KeyValue& kv);
  void StageHeld(Stage& stage, const std::string& key, const Mark& mark);
  void StageReleased(Stage& stage, const std::string& key, store::Revision revision);
  void StagePresent(Stage& stage, const std::string& key);
  void Weigh(Stage& stage, const Gone& gone, store::Revision revision);
  void Hold(Stage& stage, const Gone& gone, store::Revision revision, std::string_view why);
  void StageAbsent(Stage& stage, const Registration& registration, store::Revision revision);
  void StageVanished(Stage& stage, store::Revision revision);
  void StageVanishedMarks(Stage& stage, store::Revision revision);

  // ledger_history.cc: nothing of the first list, which is no news.
  void BeginHistory(store::Revision revision);
  void RememberGone(const store::KeyValue& kv, const std::string& key);
  void SignGone(HistoryEntry& entry) const;
  void HearWriter(const store::KeyValue& record);
  void SignPut(HistoryEntry& entry, store::Revision written) const;
  // What is to be told once the stage is published.
  [[nodiscard]] std::vector<HistoryEntry> News(const Stage& stage);
  void TellChange(const Stage& stage, const std::string& key, const Change& change,
                  RegistrationPtr before, std::vector<HistoryEntry>& entries) const;
  void TellMark(const Stage& stage, const StagedMark& staged, const View& view,
                std::vector<HistoryEntry>& entries) const;

  Publisher& publisher_;
  const Clock& clock_;
  const Options options_;
  Publisher::Reader reader_;
  LastKnown* kept_;
  std::uint64_t cluster_id_ = 0;  // of the list in hand, or the last one
  store::Revision revision_ = 0;
  store::Revision whole_at_ = 0;
  store::Revision marks_at_ = 0;  // up to where our own records are whole
  bool catching_up_ = false;
  LastChange last_change_;
  store::Revision last_put_ = 0;  // the last change that the list in hand shows
  SerialOffset serial_;
  LeaseBook leases_;
  FlawBook flaws_;
  Removals removals_;
  absl::flat_hash_set<store::LeaseId> over_;  // of the batch to come
  TextSet absent_;                            // in the tree, but held: not in the store
  bool telling_ = false;                      // the history has begun
  TextMap<model::Record> gone_;               // who deregistered what, until the history is told
  struct Writer {
    model::Record record;
    store::Revision revision = 0;
  };
  TextMap<Writer> writers_;           // who registered what, until then
  std::vector<HistoryEntry> untold_;  // of the view already, to be told by Tell()
  bool withholding_ = false;          // news wait for Tell()
  std::uint64_t epoch_ = 0;
  bool ever_listed_ = false;
  bool other_store_ = false;  // the list in hand is the first of another store
  bool doubted_ = false;      // or its first one may be of another history
  // Of the list in hand.
  std::size_t listed_ = 0;  // registrations
  std::string listed_to_;   // the last one's key; in order, so that none before it is to come
  Gone vanished_;           // those up to there that the view has, and the list has not
  TextSet unlisted_flaws_;  // keys that had a flaw before it, and have not come yet
  TextSet listed_marks_;    // our own records
  std::optional<store::KeyValue> listed_serial_;
};

}  // namespace rollcall::catalog
