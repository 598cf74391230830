#include "store/embedded/core.h"

#include <algorithm>
#include <limits>
#include <random>

#include "store/embedded/check.h"

namespace rollcall::store::embedded {
namespace {

constexpr Revision kLatest = std::numeric_limits<Revision>::max();

template <typename T>
bool Compares(Compare::Relation relation, const T& left, const T& right) {
  switch (relation) {
    case Compare::Relation::kEqual:
      return left == right;
    case Compare::Relation::kNotEqual:
      return left != right;
    case Compare::Relation::kGreater:
      return left > right;
    case Compare::Relation::kLess:
      return left < right;
  }
  return false;
}

tl::unexpected<Error> NoSuchLease() {
  return Fail(ErrorCode::kNotFound, "requested lease not found");
}

}  // namespace

Result<Core::Found> Core::Range(const RangeRequest& request) const {
  if (request.keys.begin.empty()) return Fail(ErrorCode::kInvalid, "key is not provided");
  if (request.revision > history_.last()) {
    return Fail(ErrorCode::kInvalid, "required revision is a future revision");
  }
  if (request.revision > 0 && request.revision < compacted_) {
    return Fail(ErrorCode::kCompacted, "required revision has been compacted");
  }
  Found found{.header = header(), .records = {}};
  const auto limit = request.limit > 0 ? static_cast<std::size_t>(request.limit)
                                       : std::numeric_limits<std::size_t>::max();
  index_.Visit(request.keys, request.revision > 0 ? request.revision : kLatest,
               [&](const Record& record) {
                 ++found.count;
                 if (request.count_only) return;
                 if (found.records.size() < limit) {
                   found.records.push_back(record);
                 } else {
                   found.more = true;
                 }
               });
  return found;
}

bool Core::Holds(const Compare& compare) const {
  static const KeyValue kMissing;
  const Record record = index_.Find(compare.key, kLatest);
  const KeyValue& kv = record ? *record : kMissing;
  switch (compare.target) {
    case Compare::Target::kVersion:
      return Compares(compare.relation, kv.version, compare.number);
    case Compare::Target::kCreateRevision:
      return Compares(compare.relation, kv.create_revision, compare.number);
    case Compare::Target::kModRevision:
      return Compares(compare.relation, kv.mod_revision, compare.number);
    case Compare::Target::kLease:
      return Compares(compare.relation, kv.lease, compare.number);
    case Compare::Target::kValue:
      return record && Compares(compare.relation, kv.value, compare.value);
  }
  return false;
}

Result<TxnResponse> Core::Txn(const TxnRequest& request, SteadyTime now) {
  if (auto checked = Check(request); !checked) return Fail(std::move(checked.error()));
  TxnResponse response;
  response.succeeded = std::all_of(request.compares.begin(), request.compares.end(),
                                   [this](const Compare& compare) { return Holds(compare); });
  const std::vector<Op>& branch = response.succeeded ? request.then : request.otherwise;
  for (const Op& op : branch) {
    const auto* put = std::get_if<PutOp>(&op);
    if (put && put->lease != 0 && !leases_.Find(put->lease, now)) return NoSuchLease();
  }
  // Nothing below can fail.
  History::Change change;
  for (const Op& op : branch) response.results.push_back(Do(op, change));
  if (!change.empty()) history_.Append(std::move(change));
  response.header = header();
  return response;
}

OpResult Core::Do(const Op& op, History::Change& change) {
  OpResult result;
  if (const auto* put = std::get_if<PutOp>(&op)) {
    Put(*put, change);
  } else if (const auto* deletion = std::get_if<DeleteOp>(&op)) {
    std::vector<Record> doomed;
    index_.Visit(deletion->keys, kLatest, [&](const Record& record) { doomed.push_back(record); });
    for (const Record& record : doomed) Delete(record, change);
    result.deleted = static_cast<std::int64_t>(doomed.size());
  } else {
    index_.Visit(std::get<GetOp>(op).keys, kLatest,
                 [&](const Record& record) { result.kvs.push_back(*record); });
  }
  return result;
}

void Core::Put(const PutOp& put, History::Change& change) {
  const Revision revision = history_.last() + 1;
  KeyValue kv{put.key, put.value, revision, revision, 1, put.lease};
  if (const Record before = index_.Find(put.key, kLatest)) {
    kv.create_revision = before->create_revision;
    kv.version = before->version + 1;
    leases_.Detach(before->lease, put.key);
  }
  leases_.Attach(put.lease, put.key);
  auto record = std::make_shared<const KeyValue>(std::move(kv));
  index_.Add(record);
  change.push_back(std::move(record));
}

void Core::Delete(const Record& record, History::Change& change) {
  leases_.Detach(record->lease, record->key);
  KeyValue kv;
  kv.key = record->key;
  kv.mod_revision = history_.last() + 1;
  auto tombstone = std::make_shared<const KeyValue>(std::move(kv));
  index_.Add(tombstone);
  change.push_back(std::move(tombstone));
}

Result<void> Core::Compact(Revision revision) {
  if (revision <= compacted_) {
    return Fail(ErrorCode::kCompacted, "required revision has been compacted");
  }
  if (revision > history_.last()) {
    return Fail(ErrorCode::kInvalid, "required revision is a future revision");
  }
  compacted_ = revision;
  // The compacted revision's own change stays: a watch may begin with it, and is
  // owed its deletions (etcd-io/etcd#18089).
  for (Revision old = history_.first(); old <= revision; ++old) {
    for (const Record& record : history_.At(old)) index_.Compact(record->key, revision);
  }
  while (history_.first() < revision) history_.PopFront();
  return {};
}

Result<Lease> Core::Grant(std::chrono::seconds ttl, LeaseId id, SteadyTime now) {
  if (ttl > Leases::kMostTtl) return Fail(ErrorCode::kInvalid, "too large lease TTL");
  if (ttl < Leases::kLeastTtl) ttl = Leases::kLeastTtl;
  if (id != 0) {
    if (!leases_.Grant(id, ttl, now)) return Fail(ErrorCode::kConflict, "lease already exists");
    return Lease{id, ttl};
  }
  // By chance, so that an id from before a restart does not name another lease.
  static thread_local std::mt19937_64 random{std::random_device{}()};
  do {
    id = static_cast<LeaseId>(random() >> 1);
  } while (id == 0 || !leases_.Grant(id, ttl, now));
  return Lease{id, ttl};
}

Result<std::chrono::seconds> Core::KeepAlive(LeaseId id, SteadyTime now) {
  const Leases::Lease* lease = leases_.Find(id, now);
  if (!lease) return NoSuchLease();
  const std::chrono::seconds ttl = lease->ttl;
  leases_.Renew(id, now);
  return ttl;
}

Result<LeaseTimes> Core::TimeToLive(LeaseId id, SteadyTime now) const {
  const Leases::Lease* lease = leases_.Find(id, now);
  if (!lease) return NoSuchLease();
  return LeaseTimes{lease->ttl, std::chrono::duration_cast<std::chrono::seconds>(lease->end - now)};
}

Result<void> Core::Revoke(LeaseId id, SteadyTime now) {
  if (!leases_.Find(id, now)) return NoSuchLease();
  RemoveLease(id);
  return {};
}

void Core::RemoveLease(LeaseId id) {
  History::Change change;
  for (const std::string& key : leases_.Remove(id)) {
    if (const Record record = index_.Find(key, kLatest)) Delete(record, change);
  }
  if (!change.empty()) history_.Append(std::move(change));
}

void Core::Expire(SteadyTime now, std::size_t most) {
  for (const LeaseId id : leases_.Ended(now, most)) RemoveLease(id);
}

}  // namespace rollcall::store::embedded
