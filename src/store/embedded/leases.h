// Who holds a lease, until when, and which keys go with it.
//
// Changes are staged: Commit() keeps them, Rollback() takes them back, so that what
// did not get to the disk never was.  Renewals are not: they are no change.
//
// Threads: none of its own; the caller locks.
#pragma once

#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace rollcall::store::embedded {

class Leases {
 public:
  static constexpr std::chrono::seconds kLeastTtl{2};  // etcd's, by its default settings
  static constexpr std::chrono::seconds kMostTtl{9'000'000'000};

  using Keys = absl::btree_set<std::string, std::less<>>;
  struct Lease {
    std::chrono::seconds ttl{};
    SteadyTime end;
    Keys keys;
  };

  // False: the id is taken.
  [[nodiscard]] bool Grant(LeaseId id, std::chrono::seconds ttl, SteadyTime now);
  // Null: unknown, or its time is over (though it may still await its removal).
  [[nodiscard]] const Lease* Find(LeaseId id, SteadyTime now) const;
  // The whole TTL from `now`.  Requires: Find(id, now).
  void Renew(LeaseId id, SteadyTime now);

  // For lease 0, and for one that is not there, these do nothing.
  void Attach(LeaseId id, std::string_view key);
  void Detach(LeaseId id, std::string_view key);

  // Removes the lease and returns its keys.
  [[nodiscard]] Keys Remove(LeaseId id);
  // Leases whose time is over, the longest first, at most `most`.
  [[nodiscard]] std::vector<LeaseId> Ended(SteadyTime now, std::size_t most) const;
  // Those that are alive, the one that ends first before the others.
  [[nodiscard]] std::vector<LeaseId> All(SteadyTime now) const;
  [[nodiscard]] std::size_t size() const { return leases_.size(); }

  void Commit() { journal_.clear(); }
  void Rollback();

 private:
  struct Granted {
    LeaseId id;
  };
  struct Attached {
    LeaseId id;
    std::string key;
  };
  struct Detached {
    LeaseId id;
    std::string key;
  };
  struct Removed {
    LeaseId id;
    Lease lease;
  };

  void Insert(LeaseId id, Lease lease);
  Lease Extract(LeaseId id);
  void Undo(Granted& change) { Extract(change.id); }
  void Undo(Attached& change) { leases_.at(change.id).keys.erase(change.key); }
  void Undo(Detached& change) { leases_.at(change.id).keys.insert(std::move(change.key)); }
  void Undo(Removed& change) { Insert(change.id, std::move(change.lease)); }

  absl::flat_hash_map<LeaseId, Lease> leases_;
  absl::btree_set<std::pair<SteadyTime, LeaseId>> by_end_;
  std::vector<std::variant<Granted, Attached, Detached, Removed>> journal_;
};

}  // namespace rollcall::store::embedded
