// The store contract: ordered bytes with revisions, as etcd v3 means them.
//
// Two stores keep it, one over gRPC to an etcd cluster (store/etcd) and one in
// this process (store/embedded); store/testing/contract_suite.h holds both to it.
// What is not said here is as in etcd's API documentation.
//
// Threads: any number of threads may call one Store at once.
// Time: every call ends by its deadline, with kDeadline at the latest.
// Errors that every call may give: kUnavailable (nobody reached; it did not
// happen, or for a Txn it may have), kDeadline (a Txn may have happened),
// kRefused (credentials or permission).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace rollcall::store {

using Revision = std::int64_t;  // 1 for an empty store; one step per writing transaction
using LeaseId = std::int64_t;   // 0: no lease
using Deadline = SteadyTime;

inline Deadline After(std::chrono::milliseconds wait) {
  return std::chrono::steady_clock::now() + wait;
}

// All keys k with `begin` <= k < `end` in byte order.
struct KeyRange {
  std::string begin;
  std::string end;  // "": the single key `begin`;  "\0" (one zero octet): all from `begin` on

  [[nodiscard]] static KeyRange Single(std::string key) { return {std::move(key), {}}; }
  // All keys that start with `prefix` (etcd's rule: the last octet that can be
  // raised is raised).
  [[nodiscard]] static KeyRange Prefix(std::string prefix);
  [[nodiscard]] static KeyRange All() { return {std::string(1, '\0'), std::string(1, '\0')}; }
  [[nodiscard]] bool Contains(std::string_view key) const;

  friend bool operator==(const KeyRange&, const KeyRange&) = default;
};

struct KeyValue {
  std::string key;
  std::string value;
  Revision create_revision = 0;
  Revision mod_revision = 0;
  std::int64_t version = 0;
  LeaseId lease = 0;

  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};

// Who answered.  A cluster_id that changes, or a revision below one seen before,
// means the store was replaced or restored: a new epoch.
struct Header {
  std::uint64_t cluster_id = 0;
  Revision revision = 0;
};

struct RangeRequest {
  KeyRange keys;
  Revision revision = 0;   // 0: the latest, linearizable
  std::int64_t limit = 0;  // 0: no limit
  bool keys_only = false;
  bool count_only = false;
};

struct RangeResponse {
  Header header;
  std::vector<KeyValue> kvs;  // in byte order of the keys
  bool more = false;          // cut by `limit`
  std::int64_t count = 0;     // in the whole range, whatever the limit
};

// --- writing

// One condition on one key.  A missing key compares as 0 (as false, for kValue).
struct Compare {
  enum class Target { kVersion, kCreateRevision, kModRevision, kValue, kLease };
  enum class Relation { kEqual, kNotEqual, kGreater, kLess };

  std::string key;
  Target target = Target::kVersion;
  Relation relation = Relation::kEqual;
  std::int64_t number = 0;  // all targets but kValue
  std::string value;        // kValue

  [[nodiscard]] static Compare Missing(std::string key);
  [[nodiscard]] static Compare Exists(std::string key);
  [[nodiscard]] static Compare Unchanged(const KeyValue& kv);  // same mod_revision
};

struct PutOp {
  std::string key;
  std::string value;
  LeaseId lease = 0;
};
struct DeleteOp {
  KeyRange keys;
};
struct GetOp {
  KeyRange keys;
};
using Op = std::variant<PutOp, DeleteOp, GetOp>;

// If all of `compares` hold, `then` is done, else `otherwise`: whole or not at
// all, in one revision.  At most 128 operations; no key put twice, nor put and
// deleted, in one branch (kInvalid).  A put with an unknown lease: kNotFound.
struct TxnRequest {
  std::vector<Compare> compares;
  std::vector<Op> then;
  std::vector<Op> otherwise;
};

struct OpResult {
  std::vector<KeyValue> kvs;  // GetOp
  std::int64_t deleted = 0;   // DeleteOp
};

struct TxnResponse {
  Header header;
  bool succeeded = false;         // the compares held
  std::vector<OpResult> results;  // one per operation of the branch taken
};

// --- watching

struct Event {
  enum class Type { kPut, kDelete };
  Type type = Type::kPut;
  KeyValue kv;  // kDelete: key and mod_revision only
};

// All events of one or more whole revisions, in order.
struct WatchBatch {
  Revision revision = 0;      // of the last event
  std::vector<Event> events;  // never empty
  SteadyTime heard{};         // when the store told of it; zero: nobody noted that
};

struct WatchRequest {
  // Each range is delivered in order and whole; a transaction that touches two
  // ranges may arrive as two batches.
  std::vector<KeyRange> ranges;
  Revision start_revision = 0;  // the first revision wanted; 0: from now on
};

// One watch.  Destroying it ends it; so does Cancel().
// Threads: one thread calls Next(); any thread may call Cancel().
class Watch {
 public:
  virtual ~Watch() = default;

  // The next batch, each event exactly once and in order from start_revision.
  // kDeadline: nothing came, call again.  After any other error the watch is
  // over: kCompacted (start_revision is no longer kept: list again), kUnavailable
  // (stream broken, leader lost: watch again from the last revision + 1; with
  // several ranges, from the last one of the range that must lose nothing, since
  // a store that catches up may send one range ahead of another),
  // kCancelled (by Cancel).
  [[nodiscard]] virtual Result<WatchBatch> Next(Deadline deadline) = 0;

  // A waiting Next() returns kCancelled at once.
  virtual void Cancel() = 0;
};

// --- leases

struct Lease {
  LeaseId id = 0;
  std::chrono::seconds ttl{};  // as granted; the store may raise what was asked
};

struct LeaseTimes {
  std::chrono::seconds granted{};
  std::chrono::seconds left{};
};

class Store {
 public:
  virtual ~Store() = default;

  // kCompacted: `request.revision` is no longer kept.
  [[nodiscard]] virtual Result<RangeResponse> Range(const RangeRequest& request,
                                                    Deadline deadline) = 0;
  [[nodiscard]] virtual Result<TxnResponse> Txn(const TxnRequest& request, Deadline deadline) = 0;

  // Returns once the store has confirmed the watch, so that no event after this
  // call is missed even with start_revision 0.
  [[nodiscard]] virtual Result<std::unique_ptr<Watch>> StartWatch(const WatchRequest& request,
                                                                  Deadline deadline) = 0;

  // `id` 0: the store chooses.
  [[nodiscard]] virtual Result<Lease> LeaseGrant(std::chrono::seconds ttl, LeaseId id,
                                                 Deadline deadline) = 0;
  // Renews once; returns the new time left.  kNotFound: expired or revoked.
  [[nodiscard]] virtual Result<std::chrono::seconds> LeaseKeepAlive(LeaseId id,
                                                                    Deadline deadline) = 0;
  // Deletes the lease and, in one revision, every key attached to it.
  [[nodiscard]] virtual Result<void> LeaseRevoke(LeaseId id, Deadline deadline) = 0;
  // kNotFound: expired or unknown.
  [[nodiscard]] virtual Result<LeaseTimes> LeaseTimeToLive(LeaseId id, Deadline deadline) = 0;
};

}  // namespace rollcall::store
