// Who holds a lease, until when, and which keys go with it.
//
// Threads: none of its own; the caller locks.
#pragma once

#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace rollcall::store::embedded {

class Leases {
 public:
  static constexpr std::chrono::seconds kLeastTtl{2};  // etcd's, by its default settings
  static constexpr std::chrono::seconds kMostTtl{9'000'000'000};

  // False: the id is taken.
  [[nodiscard]] bool Grant(LeaseId id, std::chrono::seconds ttl, SteadyTime now);
  // Null: unknown, or its time is over (though it may still await its removal).
  struct Lease {
    std::chrono::seconds ttl{};
    SteadyTime end;
    absl::btree_set<std::string> keys;
  };
  [[nodiscard]] const Lease* Find(LeaseId id, SteadyTime now) const;
  // The whole TTL from `now`.  Requires: Find(id, now).
  void Renew(LeaseId id, SteadyTime now);

  // For lease 0 these do nothing.
  void Attach(LeaseId id, const std::string& key);
  void Detach(LeaseId id, const std::string& key);

  // Removes the lease and returns its keys.
  [[nodiscard]] absl::btree_set<std::string> Remove(LeaseId id);
  // Leases whose time is over, the longest first, at most `most`.
  [[nodiscard]] std::vector<LeaseId> Ended(SteadyTime now, std::size_t most) const;

 private:
  absl::flat_hash_map<LeaseId, Lease> leases_;
  absl::btree_set<std::pair<SteadyTime, LeaseId>> by_end_;
};

}  // namespace rollcall::store::embedded
