// The host's name, and the signs of life under its lease.

#include <fmt/format.h>

#include "agent/agent.h"
#include "base/log.h"
#include "model/records.h"
#include "model/time.h"

namespace rollcall::agent {
namespace {

constexpr std::size_t kMostOps = 100;  // of a transaction, which may have 128
constexpr std::chrono::milliseconds kLostRace{500};
constexpr std::chrono::milliseconds kOtherHolder{10'000};

}  // namespace

Agent::Hold Agent::HolderOfHost() {
  const auto& owner = keys_.At(owner_key_);
  if (owner && owner->lease == lease_.id()) {
    held_host_ = true;
    told_host_.clear();
    return Hold::kOurs;
  }
  const auto record = owner ? model::ParseRecord(owner->value) : Result<model::Record>();
  std::string why;
  if (owner && record && record->machine != options_.machine) {
    why = fmt::format("the host name {} is held by the machine {} since {}; this is the machine {}",
                      options_.host, record->machine, model::FormatTime(record->since),
                      options_.machine);
  } else if (owner && record && held_host_ && owner->lease != former_lease_) {
    why = fmt::format("another agent with the machine id {} has taken over the host name {}",
                      options_.machine, options_.host);
  }
  if (why.empty()) return Hold::kFree;
  // It may go: then its record does, and the watch says so.
  reread_at_ = std::min(reread_at_, clock_.Now() + pace_.About(kOtherHolder));
  if (why != told_host_) {
    log::Error("refused: this host speaks for nobody until the other one is gone",
               {{"reason", why}});
    told_host_ = why;
  }
  return Hold::kOthers;
}

std::optional<Agent::Health> Agent::HealthOf(const Instance& instance) const {
  if (!instance.definition) {
    return Health{model::Health::kWarning, "what defines it cannot be read", clock_.WallNow()};
  }
  const auto health = health_.find(instance.id);
  if (health != health_.end()) return health->second;
  if (clock_.Now() < instance.since + options_.first_check) return std::nullopt;
  return Health{model::Health::kCritical, "not checked yet", clock_.WallNow()};
}

std::optional<store::Op> Agent::AliveOf(const Instance& instance) const {
  const std::string key = model::RecordKey(model::Area::kAlive, instance.key);
  const auto& there = keys_.At(key);
  const bool ours = there && there->lease == lease_.id();
  if (instance.standing != Standing::kRegistered) {
    if (!ours || instance.standing == Standing::kWaiting) return std::nullopt;
    return store::DeleteOp{store::KeyRange::Single(key)};
  }
  const auto health = HealthOf(instance);
  // Of an earlier start, until the first check.
  const bool unchecked = instance.definition && !health_.contains(instance.id);
  if (!health || (unchecked && ours)) return std::nullopt;
  const auto record = ours ? model::ParseRecord(there->value) : Result<model::Record>();
  const bool same = ours && record && record->health == health->health && record->by == owner_ &&
                    record->why != kStopReason;
  if (same) return std::nullopt;
  return store::PutOp{
      key,
      model::ToJson(
          {.since = health->since, .by = owner_, .why = health->why, .health = health->health}),
      lease_.id()};
}

Result<void> Agent::SayAlive(Hold hold) {
  std::vector<store::Op> ops;
  bool claim = hold == Hold::kFree;
  if (claim) {
    ops.emplace_back(store::PutOp{
        owner_key_,
        model::ToJson({.since = clock_.WallNow(), .by = owner_, .machine = options_.machine}),
        lease_.id()});
  }
  for (const auto& [key, instance] : instances_) {
    if (auto op = AliveOf(instance)) ops.push_back(*std::move(op));
    const std::string stopping = model::RecordKey(model::Area::kStopping, key);
    if (instance.standing == Standing::kRegistered && keys_.At(stopping)) {
      ops.emplace_back(store::DeleteOp{store::KeyRange::Single(stopping)});
    }
  }
  for (std::size_t first = 0; first < ops.size(); first += kMostOps) {
    const auto begin = ops.begin() + static_cast<std::ptrdiff_t>(first);
    const auto count = static_cast<std::ptrdiff_t>(std::min(kMostOps, ops.size() - first));
    if (auto ok = Commit({begin, begin + count}, claim); !ok) return ok;
    if (!keys_.IsOpen()) return {};
    claim = false;
  }
  return {};
}

Result<void> Agent::Commit(const std::vector<store::Op>& ops, bool claim) {
  store::TxnRequest txn;
  const auto& owner = keys_.At(owner_key_);
  if (!claim) {
    txn.compares.push_back({.key = owner_key_,
                            .target = store::Compare::Target::kLease,
                            .relation = store::Compare::Relation::kEqual,
                            .number = lease_.id(),
                            .value = {}});
  } else {
    txn.compares.push_back(owner ? store::Compare::Unchanged(*owner)
                                 : store::Compare::Missing(owner_key_));
  }
  txn.then = ops;
  const auto done = store_.Txn(txn, store::After(options_.call_timeout));
  const bool lease_gone = !done && done.error().code == ErrorCode::kNotFound;
  if (!done && !lease_gone) return Fail(done.error());
  if (lease_gone || !done->succeeded) {  // all is to be read again
    if (lease_gone) lease_.Doubt();
    keys_.Close();
    not_before_ = clock_.Now() + pace_.Within(kLostRace);
    return {};
  }
  const store::Revision revision = done->header.revision;
  for (const store::Op& op : ops) {
    if (const auto* put = std::get_if<store::PutOp>(&op)) {
      keys_.Put(
          {.key = put->key, .value = put->value, .mod_revision = revision, .lease = put->lease});
    } else if (const auto* gone = std::get_if<store::DeleteOp>(&op)) {
      keys_.Delete(gone->keys.begin, revision);
    }
  }
  if (claim) held_host_ = true;
  return {};
}

}  // namespace rollcall::agent
