// The multi-version store as one value: what is there, what was, and under which
// leases.  Each call is whole or does nothing.
//
// Threads: none of its own; store.cc locks.  What it hands out (Records) is
// immutable and may be read after the lock is gone.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/embedded/history.h"
#include "store/embedded/index.h"
#include "store/embedded/leases.h"
#include "store/embedded/record.h"
#include "store/store.h"

namespace rollcall::store::embedded {

class Core {
 public:
  explicit Core(std::uint64_t cluster_id) : cluster_id_(cluster_id) {}

  [[nodiscard]] Header header() const { return {cluster_id_, history_.last()}; }
  [[nodiscard]] Revision compacted() const { return compacted_; }
  [[nodiscard]] const History& history() const { return history_; }

  struct Found {
    Header header;
    std::vector<Record> records;
    bool more = false;
    std::int64_t count = 0;
  };
  // kInvalid: no key, a future revision.  kCompacted.
  [[nodiscard]] Result<Found> Range(const RangeRequest& request) const;
  [[nodiscard]] Result<TxnResponse> Txn(const TxnRequest& request, SteadyTime now);
  [[nodiscard]] Result<void> Compact(Revision revision);

  // kInvalid: above kMostTtl.  kConflict: the id is taken.
  [[nodiscard]] Result<Lease> Grant(std::chrono::seconds ttl, LeaseId id, SteadyTime now);
  // These three: kNotFound.
  [[nodiscard]] Result<std::chrono::seconds> KeepAlive(LeaseId id, SteadyTime now);
  [[nodiscard]] Result<LeaseTimes> TimeToLive(LeaseId id, SteadyTime now) const;
  [[nodiscard]] Result<void> Revoke(LeaseId id, SteadyTime now);
  // Removes at most `most` leases whose time is over.
  void Expire(SteadyTime now, std::size_t most);

 private:
  [[nodiscard]] bool Holds(const Compare& compare) const;
  [[nodiscard]] OpResult Do(const Op& op, History::Change& change);
  void Put(const PutOp& put, History::Change& change);
  void Delete(const Record& record, History::Change& change);
  void RemoveLease(LeaseId id);

  std::uint64_t cluster_id_;
  Revision compacted_ = 0;
  LeaseId last_lease_ = 0;
  Index index_;
  History history_;
  Leases leases_;
};

}  // namespace rollcall::store::embedded
