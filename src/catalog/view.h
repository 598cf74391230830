// What a reader sees: the tree at one revision of the store.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>

#include "base/clock.h"
#include "catalog/marks.h"
#include "catalog/tree.h"
#include "store/store.h"

namespace rollcall::catalog {

// How sure we are of what we hold (rule D1).
enum class Standing : std::uint8_t {
  kNever,   // never synced, nothing kept from before: we know nothing
  kStale,   // held from memory or disk; the store has not proved itself lately
  kSynced,  // the store answered a linearizable read within the last 10 s
};

struct View {
  Tree tree;
  Marks marks;
  // When each lease that a registration names runs out, as last told by the
  // store.  Absent: unknown (not yet asked, or expired).
  absl::flat_hash_map<store::LeaseId, SteadyTime> leases;
  store::Revision revision = 0;     // of the store, reflected whole
  std::uint32_t serial_offset = 0;  // see serial()
  std::uint64_t changes = 0;        // times that it was published; of this process alone
  // The publication in which a maintenance last began, ended or changed: of a name or a host
  // it is the state of many, so that no node of the tree is told.
  std::uint64_t maintenance_touched = 0;

  // The SOA serial: the same on every replica at the same revision, and never
  // backwards (RFC 1982) because the offset is raised when the store is replaced.
  [[nodiscard]] std::uint32_t serial() const {
    return static_cast<std::uint32_t>(revision) + serial_offset;
  }
};

}  // namespace rollcall::catalog
