#include "registry/records.h"

#include "registry/mark_lease.h"
#include "store/pages.h"

namespace rollcall::registry {
namespace {

using model::Area;
using store::Compare;

constexpr std::int64_t kPage = 20'000;  // etcd counts the rest on every page
constexpr std::chrono::milliseconds kPageTimeout{5000};

// Still at this revision; 0: still missing.
Compare IsAt(std::string key, store::Revision revision) {
  return {std::move(key), Compare::Target::kModRevision, Compare::Relation::kEqual, revision, {}};
}
Compare IsAt(const Seen& seen) {
  return IsAt(seen.key, seen.registration);
}

}  // namespace

std::string Subject::RecordKey(Area area) const {
  return key.empty() ? model::HostRecordKey(area, host) : model::RecordKey(area, key);
}

Result<bool> Records::Try(const store::TxnRequest& txn, store::Deadline deadline) {
  const auto done = store_.Txn(txn, deadline);
  if (!done) return Fail(done.error());
  return done->succeeded;
}

// --- lost and stopping

Result<bool> Records::DateLost(const Seen& seen, const Reason& reason, store::Deadline deadline) {
  const std::string lost = model::RecordKey(Area::kLost, seen.key);
  store::TxnRequest txn;
  txn.compares = {IsAt(seen), Compare::Missing(model::RecordKey(Area::kAlive, seen.key)),
                  Compare::Missing(lost)};
  txn.then = {store::PutOp{
      lost, model::ToJson({.since = clock_.WallNow(), .by = reason.by, .why = reason.why})}};
  return Try(txn, deadline);
}

Result<bool> Records::ForgetLost(const Seen& seen, Found found, store::Deadline deadline) {
  const std::string lost = model::RecordKey(Area::kLost, seen.key);
  store::TxnRequest txn;
  txn.compares = {IsAt(lost, seen.record),
                  found == Found::kAlive ? Compare::Exists(model::RecordKey(Area::kAlive, seen.key))
                                         : IsAt(seen)};
  txn.then = {Delete(lost)};
  return Try(txn, deadline);
}

Result<bool> Records::Retire(const Seen& seen, const Reason& reason, store::Deadline deadline) {
  store::TxnRequest txn;
  txn.compares = {IsAt(seen), IsAt(model::RecordKey(Area::kLost, seen.key), seen.record),
                  Compare::Missing(model::RecordKey(Area::kAlive, seen.key))};
  return TakeAway(seen, std::move(txn), reason, deadline);
}

Result<bool> Records::FinishStopping(const Seen& seen, const Reason& reason,
                                     store::Deadline deadline) {
  store::TxnRequest txn;
  txn.compares = {IsAt(seen), IsAt(model::RecordKey(Area::kStopping, seen.key), seen.record)};
  return TakeAway(seen, std::move(txn), reason, deadline);
}

// With all that was said of it, and the mark in its place.
Result<bool> Records::TakeAway(const Seen& seen, store::TxnRequest txn, const Reason& reason,
                               store::Deadline deadline) {
  MarkLease lease(store_, deadline);
  const auto id = lease.Get();
  if (!id) return Fail(id.error());
  txn.then = {Delete(seen.key), Delete(model::RecordKey(Area::kLost, seen.key)),
              Delete(model::RecordKey(Area::kStopping, seen.key)),
              Delete(model::RecordKey(Area::kRegistered, seen.key)),
              PutMark(seen.key, reason, clock_.WallNow(), *id)};
  const auto done = Try(txn, deadline);
  if (!done || *done) lease.Keep();
  return done;
}

Result<bool> Records::ForgetStopping(const Seen& seen, store::Deadline deadline) {
  const std::string stopping = model::RecordKey(Area::kStopping, seen.key);
  store::TxnRequest txn;
  txn.compares = {Compare::Missing(seen.key), IsAt(stopping, seen.record)};
  txn.then = {Delete(stopping)};
  return Try(txn, deadline);
}

// --- held

Result<bool> Records::Hold(const std::string& key, const std::string& value, const Reason& reason,
                           store::Deadline deadline) {
  const std::string held = model::RecordKey(Area::kHeld, key);
  store::TxnRequest txn;
  txn.compares = {Compare::Missing(key), Compare::Missing(model::RecordKey(Area::kGone, key)),
                  Compare::Missing(held)};
  txn.then = {store::PutOp{
      held, model::ToJson(
                {.since = clock_.WallNow(), .by = reason.by, .why = reason.why, .value = value})}};
  return Try(txn, deadline);
}

Result<bool> Records::Unhold(const Seen& seen, store::Deadline deadline) {
  const std::string held = model::RecordKey(Area::kHeld, seen.key);
  store::TxnRequest txn;
  txn.compares = {
      IsAt(held, seen.record),
      Compare::Exists(seen.registration != 0 ? seen.key : model::RecordKey(Area::kGone, seen.key))};
  txn.then = {Delete(held)};
  return Try(txn, deadline);
}

Result<std::vector<std::string>> Records::Release(const std::string& directory,
                                                  const Reason& reason, store::Deadline deadline) {
  const auto listed = List(Area::kHeld, directory, deadline);
  if (!listed) return Fail(listed.error());
  std::vector<std::string> released;
  MarkLease lease(store_, deadline);  // one for all of them
  for (const ListedRecord& one : *listed) {
    if (one.place.key.empty()) continue;
    const auto id = lease.Get();
    if (!id) return Fail(id.error());
    const std::string held = model::RecordKey(Area::kHeld, one.place.key);
    store::TxnRequest txn;
    txn.compares = {IsAt(held, one.mod_revision), Compare::Missing(one.place.key)};
    txn.then = {Delete(held), PutMark(one.place.key, reason, clock_.WallNow(), *id)};
    const auto done = Try(txn, deadline);
    if (!done || *done) lease.Keep();
    if (!done) return Fail(done.error());
    if (*done) released.push_back(one.place.key);  // else it is back, or somebody else did it
  }
  return released;
}

// --- maintenance

Result<void> Records::Maintain(const Subject& subject, std::optional<WallTime> until,
                               const Reason& reason, store::Deadline deadline) {
  const WallTime now = clock_.WallNow();
  if (until && *until <= now) return Fail(ErrorCode::kInvalid, "the end is not in the future");
  store::TxnRequest txn;
  txn.then = {store::PutOp{
      subject.RecordKey(Area::kMaintenance),
      model::ToJson({.since = now, .by = reason.by, .why = reason.why, .until = until})}};
  const auto done = Try(txn, deadline);
  if (!done) return Fail(done.error());
  return {};
}

Result<void> Records::EndMaintenance(const Subject& subject, store::Deadline deadline) {
  const std::string key = subject.RecordKey(Area::kMaintenance);
  store::TxnRequest txn;
  txn.compares = {Compare::Exists(key)};
  txn.then = {Delete(key)};
  const auto done = Try(txn, deadline);
  if (!done) return Fail(done.error());
  if (*done) return {};
  const std::string& what = subject.key.empty() ? subject.host : subject.key;
  return Fail(ErrorCode::kNotFound, what + " is not in maintenance");
}

Result<bool> Records::EndMaintenance(const Subject& subject, store::Revision record,
                                     store::Deadline deadline) {
  const std::string key = subject.RecordKey(Area::kMaintenance);
  store::TxnRequest txn;
  txn.compares = {IsAt(key, record)};
  txn.then = {Delete(key)};
  return Try(txn, deadline);
}

// --- reading

std::optional<ListedRecord> ReadRecord(const store::KeyValue& kv) {
  auto place = model::ParseRecordKey(kv.key);
  if (!place) return std::nullopt;
  ListedRecord one;
  one.place = *std::move(place);
  one.mod_revision = kv.mod_revision;
  if (auto record = model::ParseRecord(kv.value)) {
    one.record = *std::move(record);
  } else {
    one.problem = std::move(record.error().message);
  }
  return one;
}

Result<std::vector<ListedRecord>> Records::List(Area area, const std::string& directory,
                                                store::Deadline deadline,
                                                store::Revision revision) {
  // The boundary is the slash: /skydns/a/node2 is not below /skydns/a/node.  Both are in
  // one range, with some neighbours between them.
  const std::string first =
      directory.empty() ? model::AreaPrefix(area) : model::RecordKey(area, directory);
  std::vector<ListedRecord> records;
  store::Pages pages(store_, store::KeyRange::Prefix(first), kPage, kPageTimeout, revision);
  while (std::chrono::steady_clock::now() < deadline) {
    const auto kv = pages.Next();
    if (!kv) return Fail(kv.error());
    if (*kv == nullptr) return records;
    const std::string& key = (*kv)->key;
    if (!directory.empty() && key.size() > first.size() && key[first.size()] != '/') continue;
    if (auto record = ReadRecord(**kv)) records.push_back(*std::move(record));
  }
  return Fail(ErrorCode::kDeadline, "the records did not come in time");
}

}  // namespace rollcall::registry
