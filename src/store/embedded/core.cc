#include "store/embedded/core.h"

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

#include "store/embedded/check.h"
#include "store/embedded/gather.h"
#include "store/embedded/order.h"

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

tl::unexpected<Error> Compacted() {
  return Fail(ErrorCode::kCompacted, "mvcc: required revision has been compacted");
}

tl::unexpected<Error> Future() {
  return Fail(ErrorCode::kInvalid, "mvcc: required revision is a future revision");
}

Result<void> CheckOrder(const Contents& contents) {
  OrderCheck order(contents.compacted);
  for (const Record& record : contents.records) {
    if (auto ok = order.Next(record->mod_revision(), record->place()); !ok) return ok;
  }
  return order.End();
}

bool HasPut(const Txn& txn) {
  const auto puts = [](const std::vector<Operation>& branch) {
    return std::any_of(branch.begin(), branch.end(), [](const Operation& operation) {
      const auto* nested = std::get_if<Nested>(&operation);
      return std::holds_alternative<Put>(operation) || (nested && HasPut(**nested));
    });
  };
  return puts(txn.then) || puts(txn.otherwise);
}

}  // namespace

// --- from the disk

Result<std::vector<Doomed>> Core::Load(Contents contents, SteadyTime now) {
  if (auto ok = CheckOrder(contents); !ok) return Fail(std::move(ok.error()));
  if (!contents.records.empty()) published_ = contents.records.back()->mod_revision();
  pending_ = published_;
  compacted_ = trimmed_ = contents.compacted;
  for (const Lease& lease : contents.leases) (void)leases_.Grant(lease.id, lease.ttl, now);
  for (const Record& record : contents.records) {
    bytes_ += record->size();
    if (record->mod_revision() >= compacted_) history_.Append(record);
  }
  index_.Load(std::move(contents.records));

  std::vector<Record> dropped;
  index_.CompactAll(compacted_, dropped);
  std::vector<Doomed> doomed;
  for (const Record& record : dropped) {
    // A deletion at the compacted revision itself is still owed to watches.
    if (record->is_tombstone() && record->mod_revision() >= compacted_) continue;
    Forget(*record, doomed);
  }
  std::size_t current = 0;
  index_.ForEach(KeyRange::All(), kLatest, [&](const Record& record) {
    current += record->size();
    if (record->lease() != 0) leases_.Attach(record->lease(), record->key());
    return true;
  });
  history_bytes_ = bytes_ - current;
  leases_.Commit();
  return doomed;
}

// --- reading

Result<Revision> Core::ReadableAt(Revision revision) const {
  if (revision > published_) return Future();
  if (revision <= 0) return published_;
  if (revision < compacted_) return Compacted();
  return revision;
}

Result<std::chrono::seconds> Core::KeepAlive(LeaseId id, SteadyTime now) {
  const Leases::Lease* lease = leases_.Find(id, now);
  if (!lease) return NoSuchLease();
  const std::chrono::seconds ttl = lease->ttl;
  leases_.Renew(id, now);
  return ttl;
}

Result<LeaseInfo> Core::TimeToLive(LeaseId id, bool keys, SteadyTime now) const {
  const Leases::Lease* lease = leases_.Find(id, now);
  if (!lease) return NoSuchLease();
  LeaseInfo info{
      lease->ttl, std::chrono::duration_cast<std::chrono::seconds>(lease->end - now), {}};
  if (!keys) return info;
  for (const std::string& key : lease->keys) {
    const Record record = index_.Find(key, published_);  // else only staged
    if (record && record->lease() == id) info.keys.push_back(key);
  }
  return info;
}

// --- transactions

bool Core::HoldsFor(const Condition& condition, const RecordBody* record) const {
  const auto number = [&](std::int64_t of_record) {
    return Compares(condition.relation, record ? of_record : 0, condition.number);
  };
  switch (condition.target) {
    case Compare::Target::kVersion:
      return number(record ? record->version() : 0);
    case Compare::Target::kCreateRevision:
      return number(record ? record->create_revision() : 0);
    case Compare::Target::kModRevision:
      return number(record ? record->mod_revision() : 0);
    case Compare::Target::kLease:
      return number(record ? record->lease() : 0);
    case Compare::Target::kValue:
      return record &&
             Compares(condition.relation, record->value(), std::string_view(condition.value));
  }
  return false;
}

bool Core::Holds(const Condition& condition) const {
  bool any = false;
  bool holds = true;
  index_.ForEach(condition.keys, kLatest, [&](const Record& record) {
    any = true;
    holds = HoldsFor(condition, record.get());
    return holds;
  });
  return any ? holds : HoldsFor(condition, nullptr);
}

void Core::Decide(const Txn& txn, std::vector<bool>& decisions) const {
  const bool holds = std::all_of(txn.conditions.begin(), txn.conditions.end(),
                                 [this](const Condition& condition) { return Holds(condition); });
  decisions.push_back(holds);
  for (const Operation& operation : holds ? txn.then : txn.otherwise) {
    if (const auto* nested = std::get_if<Nested>(&operation)) Decide(**nested, decisions);
  }
}

template <typename Check>
Result<void> Core::CheckBranches(const Txn& txn, std::vector<bool>::const_iterator& next,
                                 Check check) const {
  for (const Operation& operation : *next++ ? txn.then : txn.otherwise) {
    const auto* nested = std::get_if<Nested>(&operation);
    auto ok = nested ? CheckBranches(**nested, next, check) : check(operation);
    if (!ok) return ok;
  }
  return {};
}

Result<void> Core::CheckPut(const Put& put, SteadyTime now) const {
  if ((put.keep_value || put.keep_lease) && !index_.Find(put.key, kLatest)) {
    return Fail(ErrorCode::kNotFound, "key not found");
  }
  if (put.lease != 0 && !leases_.Find(put.lease, now)) return NoSuchLease();
  return {};
}

// A transaction in the making.  `before` is the revision it found, `revision` the one
// it makes, if it changes anything.
struct Core::Turn {
  Revision before = 0;
  std::vector<bool>::const_iterator next_decision;
  std::uint32_t changes = 0;

  [[nodiscard]] Revision revision() const { return before + 1; }
  [[nodiscard]] Revision now() const { return changes > 0 ? before + 1 : before; }
};

Result<TxnDone> Core::Apply(const Txn& txn, SteadyTime now) {
  if (auto ok = Check(txn); !ok) return Fail(std::move(ok.error()));
  if (bytes_ > limits_.most_bytes && HasPut(txn)) {
    return Fail(ErrorCode::kExhausted, "mvcc: database space exceeded");
  }
  std::vector<bool> decisions;
  Decide(txn, decisions);
  auto next = decisions.cbegin();
  auto ok = CheckBranches(txn, next, [&](const Operation& operation) -> Result<void> {
    const auto* put = std::get_if<Put>(&operation);
    return put ? CheckPut(*put, now) : Result<void>{};
  });
  if (!ok) return Fail(std::move(ok.error()));
  next = decisions.cbegin();
  ok = CheckBranches(txn, next, [&](const Operation& operation) -> Result<void> {
    const auto* get = std::get_if<Get>(&operation);
    if (!get || get->revision == 0) return {};
    if (get->revision > pending_) return Future();
    // A negative one is the latest, but in etcd's transactions only before a compaction.
    if (get->revision < compacted_) return Compacted();
    return {};
  });
  if (!ok) return Fail(std::move(ok.error()));

  // Nothing below can fail.
  Turn turn{.before = pending_, .next_decision = decisions.cbegin()};
  TxnDone done = Do(txn, turn);
  pending_ = turn.now();
  done.revision = pending_;
  return done;
}

TxnDone Core::Do(const Txn& txn, Turn& turn) {
  TxnDone done;
  done.succeeded = *turn.next_decision++;
  const std::vector<Operation>& branch = done.succeeded ? txn.then : txn.otherwise;
  done.outcomes.reserve(branch.size());
  for (const Operation& operation : branch) {
    done.outcomes.push_back(std::visit([&](const auto& op) { return DoOne(op, turn); }, operation));
  }
  return done;
}

Outcome Core::DoOne(const Get& get, Turn& turn) {
  Gather gather(get);
  index_.ForEach(get.keys, get.revision > 0 ? get.revision : turn.now(), [&](Record record) {
    gather.Take(std::move(record));
    return true;
  });
  return std::move(gather).Finish(turn.now());
}

Outcome Core::DoOne(const Put& put, Turn& turn) {
  const Index::Place place = index_.PlaceOf(put.key);
  const Record before = index_.NewestAt(place);
  RecordBody::Facts facts{.create_revision = turn.revision(),
                          .mod_revision = turn.revision(),
                          .version = 1,
                          .lease = put.lease,
                          .place = turn.changes++};
  std::string_view value = put.value;
  if (before) {
    facts.create_revision = before->create_revision();
    facts.version = before->version() + 1;
    if (put.keep_lease) facts.lease = before->lease();
    if (put.keep_value) value = before->value();
    if (before->lease() != facts.lease) leases_.Detach(before->lease(), put.key);
  }
  leases_.Attach(facts.lease, put.key);
  Stage(place, RecordBody::Make(put.key, value, facts), before.get());
  return PutDone{turn.revision(), put.want_previous ? before : Record()};
}

Outcome Core::DoOne(const Delete& deletion, Turn& turn) {
  Deleted deleted;
  index_.ForEach(deletion.keys, kLatest, [&](Record record) {
    deleted.previous.push_back(std::move(record));
    return true;
  });
  for (const Record& record : deleted.previous) Erase(record, turn);
  deleted.count = static_cast<std::int64_t>(deleted.previous.size());
  deleted.revision = turn.now();
  if (!deletion.want_previous) deleted.previous = {};
  return deleted;
}

Outcome Core::DoOne(const Nested& nested, Turn& turn) {
  return std::make_shared<const TxnDone>(Do(*nested, turn));
}

void Core::Erase(const Record& record, Turn& turn) {
  leases_.Detach(record->lease(), record->key());
  Stage(index_.PlaceOf(record->key()),
        RecordBody::Tombstone(record->key(), turn.revision(), turn.changes++), record.get());
}

void Core::Stage(const Index::Place& place, Record record, const RecordBody* before) {
  if (before) superseded_ += before->size();
  if (record->is_tombstone()) superseded_ += record->size();
  index_.Add(place, record);
  staged_.records.push_back(std::move(record));
}

// --- leases and compaction

Result<Lease> Core::Grant(std::chrono::seconds ttl, LeaseId id, SteadyTime now) {
  if (ttl > Leases::kMostTtl) return Fail(ErrorCode::kInvalid, "too large lease TTL");
  if (ttl < Leases::kLeastTtl) ttl = Leases::kLeastTtl;
  if (id != 0) {
    if (!leases_.Grant(id, ttl, now)) return Fail(ErrorCode::kConflict, "lease already exists");
  } else {
    // By chance, so that an id from before a restart does not name another lease.
    static thread_local std::mt19937_64 random{std::random_device{}()};
    do {
      id = static_cast<LeaseId>(random() >> 1);
    } while (id == 0 || !leases_.Grant(id, ttl, now));
  }
  staged_.granted.push_back({id, ttl});
  return Lease{id, ttl};
}

Result<Revision> Core::Revoke(LeaseId id, SteadyTime now) {
  if (!leases_.Find(id, now)) return NoSuchLease();
  RemoveLease(id);
  return pending_;
}

void Core::RemoveLease(LeaseId id) {
  Turn turn{.before = pending_, .next_decision = {}};
  for (const std::string& key : leases_.Remove(id)) {
    if (const Record record = index_.Find(key, kLatest)) Erase(record, turn);
  }
  pending_ = turn.now();
  staged_.removed.push_back(id);
}

Result<void> Core::Compact(Revision revision) {
  if (revision <= staged_.compacted.value_or(compacted_)) return Compacted();
  if (revision > published_) return Future();
  staged_.compacted = revision;
  return {};
}

// --- what becomes of it

void Core::Publish() {
  for (Record& record : staged_.records) {
    bytes_ += record->size();
    history_.Append(std::move(record));
  }
  history_bytes_ += superseded_;
  published_ = pending_;
  if (staged_.compacted) compacted_ = *staged_.compacted;
  leases_.Commit();
  superseded_ = 0;
  staged_ = {};
}

void Core::Rollback() {
  for (auto record = staged_.records.rbegin(); record != staged_.records.rend(); ++record) {
    index_.RemoveNewest((*record)->key());
  }
  leases_.Rollback();
  pending_ = published_;
  superseded_ = 0;
  staged_ = {};
}

void Core::Forget(const RecordBody& record, std::vector<Doomed>& doomed) {
  bytes_ -= record.size();
  history_bytes_ -= std::min(history_bytes_, record.size());
  doomed.push_back({record.mod_revision(), record.place()});
}

bool Core::Trim(std::size_t most, std::vector<Doomed>& doomed) {
  const Revision goal = pins_.empty() ? compacted_ : std::min(compacted_, *pins_.begin());
  if (goal <= trimmed_) return false;
  std::vector<Record> dropped;
  std::size_t looked_at = 0;
  // The goal's own change stays in the history: a watch may begin with it, and is owed
  // its deletions (etcd-io/etcd#18089).
  while (!history_.empty() && (*history_.begin())->mod_revision() < goal) {
    if (++looked_at > most || dropped.size() > most) break;
    const Record oldest = *history_.begin();
    index_.Compact(oldest->key(), goal, dropped);
    history_.PopFront();
    if (oldest->is_tombstone()) Forget(*oldest, doomed);
  }
  const bool reached = history_.empty() || (*history_.begin())->mod_revision() >= goal;
  if (reached) {
    const auto end = history_.From(goal + 1);
    for (auto it = history_.From(goal); it != end; ++it) {
      index_.Compact((*it)->key(), goal, dropped);
    }
    trimmed_ = goal;
  }
  for (const Record& record : dropped) {
    // A deletion goes when the history lets it go.
    if (!record->is_tombstone()) Forget(*record, doomed);
  }
  return !reached;
}

}  // namespace rollcall::store::embedded
