// The mark of a deregistration, and the lease that it lies under; internal to this room.
//
// Threads: one.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "registry/registry.h"
#include "store/store.h"

namespace rollcall::registry {

// The lease under `gone` marks, granted when first needed, and given back unless a mark
// was written.
class MarkLease {
 public:
  static constexpr std::chrono::seconds kTtl{7 * 24 * 3600};

  // Borrows `store`.
  MarkLease(store::Store& store, store::Deadline deadline) : store_(store), deadline_(deadline) {}
  ~MarkLease() {
    if (id_ != 0 && !kept_) (void)store_.LeaseRevoke(id_, deadline_);
  }
  MarkLease(const MarkLease&) = delete;
  MarkLease& operator=(const MarkLease&) = delete;

  [[nodiscard]] Result<store::LeaseId> Get() {
    if (id_ != 0) return id_;
    const auto lease = store_.LeaseGrant(kTtl, 0, deadline_);
    if (!lease) return Fail(lease.error());
    return id_ = lease->id;
  }
  // Also when it is not known whether the mark was written: it runs out by itself.
  void Keep() { kept_ = true; }

 private:
  store::Store& store_;
  store::Deadline deadline_;
  store::LeaseId id_ = 0;
  bool kept_ = false;
};

// Writes the `gone` mark of a registration.
[[nodiscard]] store::Op PutMark(std::string_view registration_key, const Reason& reason,
                                WallTime now, store::LeaseId lease);
[[nodiscard]] inline store::Op Delete(std::string key) {
  return store::DeleteOp{store::KeyRange::Single(std::move(key))};
}

}  // namespace rollcall::registry
