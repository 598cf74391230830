// Which leases the registrations name, and when each is to be asked for its time:
// once when it is first named, and again when the time told has run out, since it
// may have been renewed.  Never per query, and never more than once per its TTL.
//
// Threads: none of its own.
#pragma once

#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace rollcall::catalog {

class LeaseBook {
 public:
  // One key more, or one less, names this lease.  0 is no lease.
  void Add(store::LeaseId id, SteadyTime now);
  void Remove(store::LeaseId id);
  [[nodiscard]] bool Names(store::LeaseId id) const { return leases_.contains(id); }

  // Up to `most` leases to ask now; each until it is answered only once.
  [[nodiscard]] std::vector<store::LeaseId> TakeDue(SteadyTime now, std::size_t most);
  // When TakeDue() will have something; nothing: when a lease is added.
  [[nodiscard]] std::optional<SteadyTime> next_due() const;

  // Ask again at `time`.  For a lease that nobody names any more: nothing.
  void AskAgain(store::LeaseId id, SteadyTime time);

 private:
  struct Lease {
    std::size_t keys = 0;
    std::optional<SteadyTime> due;  // none: being asked, or never again
  };
  void Schedule(store::LeaseId id, Lease& lease, SteadyTime time);

  absl::flat_hash_map<store::LeaseId, Lease> leases_;
  absl::btree_set<std::pair<SteadyTime, store::LeaseId>> due_;
};

}  // namespace rollcall::catalog
