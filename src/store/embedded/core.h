// The multi-version store as one value: what is there, what was, and under which
// leases.
//
// Changes are made in two steps, for a disk in between: each call of "staging" below
// is whole or does nothing, and is seen by the stagings after it but by no reader;
// Publish() shows all that was staged, Rollback() makes it never have been.
//
// Threads: none of its own; the engine locks.  Records that it hands out may be read
// after the lock is gone.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/embedded/history.h"
#include "store/embedded/index.h"
#include "store/embedded/leases.h"
#include "store/embedded/request.h"

namespace rollcall::store::embedded {

// A version on the disk that no reader needs any more.
struct Doomed {
  Revision revision = 0;
  std::uint32_t place = 0;
};

// What the disk has to keep before it may be published.
struct Staged {
  std::vector<Record> records;  // in order
  std::vector<Lease> granted;
  std::vector<LeaseId> removed;
  std::optional<Revision> compacted;

  [[nodiscard]] bool empty() const {
    return records.empty() && granted.empty() && removed.empty() && !compacted;
  }
};

// Even revision 0 can be compacted, once, as in etcd.
inline constexpr Revision kNeverCompacted = -1;

// What a disk held, to begin with.
struct Contents {
  Revision compacted = kNeverCompacted;
  std::vector<Record> records;  // in the order of their revisions
  std::vector<Lease> leases;
};

class Core {
 public:
  struct Limits {
    std::size_t most_bytes = std::size_t{2} << 30;  // of all versions; etcd's default quota
  };

  explicit Core(Limits limits) : limits_(limits) {}

  // Into an empty core.  Leases begin anew, with all of their time.  Returns what the
  // disk need not keep.  kInternal: the contents contradict themselves.
  [[nodiscard]] Result<std::vector<Doomed>> Load(Contents contents, SteadyTime now);

  // --- reading what is published

  [[nodiscard]] Revision revision() const { return published_; }
  [[nodiscard]] Revision compacted() const { return compacted_; }
  [[nodiscard]] const Index& index() const { return index_; }
  [[nodiscard]] const History& history() const { return history_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  // Of versions that only history needs.
  [[nodiscard]] std::size_t history_bytes() const { return history_bytes_; }

  // The revision that a Get at `revision` reads.  kInvalid: in the future.  kCompacted.
  [[nodiscard]] Result<Revision> ReadableAt(Revision revision) const;
  // What is readable at `revision` stays so, compaction or not, until it is unpinned.
  void Pin(Revision revision) { pins_.insert(revision); }
  void Unpin(Revision revision) { pins_.erase(pins_.find(revision)); }

  // --- leases; kNotFound: unknown, or its time is over

  [[nodiscard]] Result<std::chrono::seconds> KeepAlive(LeaseId id, SteadyTime now);
  [[nodiscard]] Result<LeaseInfo> TimeToLive(LeaseId id, bool keys, SteadyTime now) const;
  [[nodiscard]] const Leases& leases() const { return leases_; }

  // --- staging

  // kInvalid, kNotFound (a lease; a key whose value or lease is to be kept),
  // kCompacted, kExhausted (most_bytes reached).
  [[nodiscard]] Result<TxnDone> Apply(const Txn& txn, SteadyTime now);
  // kInvalid: above kMostTtl.  kConflict: the id is taken.
  [[nodiscard]] Result<Lease> Grant(std::chrono::seconds ttl, LeaseId id, SteadyTime now);
  // Deletes its keys, in one revision; the store's revision after it.  kNotFound.
  [[nodiscard]] Result<Revision> Revoke(LeaseId id, SteadyTime now);
  // The same for one whose time is over.
  void RemoveEnded(LeaseId id) { RemoveLease(id); }
  // kInvalid: in the future.  kCompacted: done already.
  [[nodiscard]] Result<void> Compact(Revision revision);

  [[nodiscard]] const Staged& staged() const { return staged_; }
  void Publish();
  void Rollback();

  // Forgets what compaction lets go, at most about `most` versions at a time, and
  // appends it to `doomed`.  False: nothing is left to do.
  bool Trim(std::size_t most, std::vector<Doomed>& doomed);

 private:
  struct Turn;  // one transaction being carried out

  [[nodiscard]] bool Holds(const Condition& condition) const;
  [[nodiscard]] bool HoldsFor(const Condition& condition, const RecordBody* record) const;
  // Which branches will be taken, outermost first: decided before anything is done.
  void Decide(const Txn& txn, std::vector<bool>& decisions) const;
  template <typename Check>
  [[nodiscard]] Result<void> CheckBranches(const Txn& txn, std::vector<bool>::const_iterator& next,
                                           Check check) const;
  [[nodiscard]] Result<void> CheckPut(const Put& put, SteadyTime now) const;
  [[nodiscard]] TxnDone Do(const Txn& txn, Turn& turn);
  [[nodiscard]] Outcome DoOne(const Get& get, Turn& turn);
  [[nodiscard]] Outcome DoOne(const Put& put, Turn& turn);
  [[nodiscard]] Outcome DoOne(const Delete& deletion, Turn& turn);
  [[nodiscard]] Outcome DoOne(const Nested& nested, Turn& turn);
  void Erase(const Record& record, Turn& turn);
  void Stage(const Index::Place& place, Record record, const RecordBody* before);
  void RemoveLease(LeaseId id);
  void Forget(const RecordBody& record, std::vector<Doomed>& doomed);

  const Limits limits_;
  Revision published_ = 1;  // as etcd's: an empty store is at revision 1
  Revision pending_ = 1;    // of what is staged
  Revision compacted_ = kNeverCompacted;
  Revision trimmed_ = kNeverCompacted;  // up to which compaction has been carried out
  std::size_t bytes_ = 0;
  std::size_t history_bytes_ = 0;
  std::size_t superseded_ = 0;  // octets, by what is staged
  std::multiset<Revision> pins_;
  Index index_;
  History history_;
  Leases leases_;
  Staged staged_;
};

}  // namespace rollcall::store::embedded
