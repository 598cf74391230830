// Turns what the store tells - pages of a list, events of a watch, the time of
// leases - into changes of the view, and publishes them.
//
// Threads: none of its own; the feed locks.  It is the Publisher's one writer.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "catalog/flaw_book.h"
#include "catalog/lease_book.h"
#include "catalog/publisher.h"
#include "catalog/serial_offset.h"
#include "store/store.h"

namespace rollcall::catalog {

class Ledger {
 public:
  struct Keys {
    std::string prefix;      // of the registrations, normalized
    std::string own_prefix;  // of our own records: never registrations
    std::string serial;      // the record of the serial's offset
  };
  // Borrows both until destroyed.
  Ledger(Publisher& publisher, const Clock& clock, Keys keys);

  // A list: pages in key order, each published as it comes, so that a cold start
  // fills up; nothing is taken away before the list is whole.  `new_epoch`: of
  // another store, where equal revisions do not mean equal values.  A list that is
  // not ended is begun again.
  void BeginList(bool new_epoch);
  void AddPage(std::span<const store::KeyValue> page);
  // `serial`: the record of the serial's offset at this revision, if there is one.
  void EndList(store::Revision revision, const store::KeyValue* serial);
  [[nodiscard]] std::size_t listed() const { return listed_.size(); }

  // Where the watch has to begin.  After a list that is behind the last change that
  // it shows: later changes took away all they had put, and only the watch can tell
  // when.  Without them, this replica's serial would not be that of one that followed.
  [[nodiscard]] store::Revision WatchFrom() const {
    return (catching_up_ ? revision_ : whole_at_) + 1;
  }
  // From now on the watch begins behind the list.  `history_is_gone`: nobody can tell
  // when the last change was; the serial becomes that of the list, the highest that
  // it can have had.  False: the watch would have begun there anyway.
  bool EndCatchingUp(bool history_is_gone);

  // Whole revisions, in order, each once.  Returns how many were registrations'.
  std::size_t Apply(std::span<const store::Event> events);

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
  // Up to where nothing is missing in the view; never below revision().
  [[nodiscard]] store::Revision whole_at() const { return whole_at_; }
  // A change that the view holds, to know the store by again; no key: none.
  struct LastChange {
    std::string key;
    store::Revision revision = 0;
    bool erased = false;
  };
  [[nodiscard]] const LastChange& last_change() const { return last_change_; }
  [[nodiscard]] const FlawBook& flaws() const { return flaws_; }

 private:
  // What is to become of each key, the last word only.  Null: erased.
  struct Change {
    RegistrationPtr put;
    store::Revision revision = 0;
  };
  struct Stage {
    absl::flat_hash_map<std::string, Change> changes;
    std::vector<store::LeaseId> leases;  // that may have lost their last key
  };

  [[nodiscard]] bool IsRegistration(std::string_view key) const;
  [[nodiscard]] RegistrationPtr Current(const Stage& stage, const std::string& key);
  void StagePut(Stage& stage, const store::KeyValue& kv);
  void StageErase(Stage& stage, const std::string& key, store::Revision revision);
  void Swap(Stage& stage, const std::string& key, const RegistrationPtr& before, Change change);
  void StageVanished(Stage& stage, store::Revision revision);
  bool HearSerial(const store::KeyValue& record);
  void Publish(Stage stage);
  void Remember(const store::KeyValue& kv, bool erased);

  Publisher& publisher_;
  const Clock& clock_;
  const Keys keys_;
  Publisher::Reader reader_;
  store::Revision revision_ = 0;
  store::Revision whole_at_ = 0;
  bool catching_up_ = false;
  LastChange last_change_;
  SerialOffset serial_;
  LeaseBook leases_;
  FlawBook flaws_;
  std::uint64_t epoch_ = 0;
  bool ever_listed_ = false;
  bool other_store_ = false;         // the list in hand is the first of another store
  std::vector<std::string> listed_;  // keys of the list in hand, in order
};

}  // namespace rollcall::catalog
