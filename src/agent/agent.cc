// The loop.

#include "agent/agent.h"

#include <algorithm>
#include <utility>

#include "agent/definitions.h"
#include "base/log.h"
#include "model/records.h"

namespace rollcall::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstStep{500};
// How often to ask whether anything is defined.
constexpr milliseconds kUndefined{250};

}  // namespace

Agent::Agent(store::Store& store, AgentOptions options, Memory memory, const Clock& clock)
    : store_(store),
      options_(std::move(options)),
      clock_(clock),
      registry_(store, options_.layout, options_.rules, clock),
      owner_("agent:" + options_.host),
      owner_key_(model::HostRecordKey(model::Area::kOwner, options_.host)),
      memory_(std::move(memory)),
      lease_(store, options_.lease_ttl, memory_.lease, clock),
      keys_(store, options_.call_timeout),
      // Whoever comes back late finds its lease ended.
      pace_(kFirstStep, std::min<milliseconds>(options_.spread, options_.lease_ttl / 6)) {
}

Agent::~Agent() = default;

void Agent::Define(Book book) {
  inbox_.Lock()->book = std::move(book);
  arrived_.notify_all();
}

void Agent::Report(const std::string& id, Health health) {
  inbox_.Lock()->health.insert_or_assign(id, std::move(health));
  arrived_.notify_all();
}

void Agent::SetAddress(std::string address) {
  inbox_.Lock()->address = std::move(address);
  arrived_.notify_all();
}

void Agent::SetEndpoints(std::vector<std::string> endpoints) {
  inbox_.Lock()->endpoints = std::move(endpoints);
}

SteadyTime Agent::Step() {
  TakeInbox();
  const SteadyTime now = clock_.Now();
  if (defined_ && now >= not_before_) {
    if (auto ok = Work(); !ok) {
      Away(ok.error());
    } else if (!std::exchange(in_contact_, true)) {
      pace_.Succeeded();
      log::Info(std::exchange(told_any_away_, false) ? "the store is back" : "the store is there");
    }
  }
  if (std::exchange(memory_changed_, false)) Save();
  return NextDue();
}

void Agent::TakeInbox() {
  Inbox inbox = std::exchange(*inbox_.Lock(), {});
  for (auto& [id, health] : inbox.health) {
    for (auto& [key, instance] : instances_) {
      if (instance.id == id && instance.standing == Standing::kWaiting) instance.due = {};
    }
    health_.insert_or_assign(id, std::move(health));
  }
  if (inbox.book) TakeBook(*std::move(inbox.book));
  if (inbox.address && *inbox.address != address_) {
    log::Info("others reach this host by", {{"address", *inbox.address}});
    address_ = *std::move(inbox.address);
    for (auto& [key, instance] : instances_) {
      if (!instance.definition || !instance.definition->address.empty()) continue;
      instance.look = true;
      instance.due = {};
    }
  }
  if (inbox.endpoints && *inbox.endpoints != memory_.endpoints) {
    memory_.endpoints = *std::move(inbox.endpoints);
    memory_changed_ = true;
  }
}

Result<void> Agent::Work() {
  // The watch first: gRPC sizes a call that stays by those that went before it.
  if (auto ok = Look(); !ok) return ok;
  if (auto ok = KeepLease(); !ok) return ok;
  const Hold hold = HolderOfHost();
  others_host_ = hold == Hold::kOthers;
  if (others_host_) return {};
  Judge();
  // First, for a registration that names an owner and has no sign of life is lost.
  if (auto ok = SayAlive(hold); !ok) return ok;
  if (!keys_.IsOpen()) return {};  // something has moved: to be looked at anew
  if (auto ok = Settle(); !ok) return ok;
  return Retire();
}

Result<void> Agent::KeepLease() {
  const store::LeaseId before = lease_.id();
  const auto another = lease_.Keep();
  if (!another) return Fail(another.error());
  if (!*another) return {};
  former_lease_ = before;
  if (before != 0) keys_.Forget(before);
  memory_.lease = lease_.id();
  memory_changed_ = true;
  for (auto& [key, instance] : instances_) instance.look = true;
  return {};
}

std::set<std::string> Agent::Watched() const {
  std::set<std::string> keys;
  // While the host is ours, whoever takes it takes our signs of life or fails to.  (Each watch
  // costs the server half a kilobyte.)
  if (others_host_ || instances_.empty()) keys.insert(owner_key_);
  for (const auto& [key, instance] : instances_) {
    keys.insert(key);
    // One that is away may be readmitted; all others have a sign of life.
    const bool away = instance.standing == Standing::kAway;
    keys.insert(model::RecordKey(away ? model::Area::kGone : model::Area::kAlive, key));
  }
  return keys;
}

Result<void> Agent::Look() {
  const SteadyTime now = clock_.Now();
  if (!keys_.IsOpen() || now >= reread_at_ || !keys_.Watches(Watched())) return LookAfresh();
  const auto changed = keys_.Drain();
  if (!changed && changed.error().code == ErrorCode::kCompacted) return LookAfresh();
  if (!changed) return Fail(changed.error());
  for (const std::string& key : *changed) Noticed(key);
  if (doubtful_.empty()) return {};

  std::set<std::string> keys;
  for (const std::string& key : doubtful_) {
    keys.insert({key, model::RecordKey(model::Area::kGone, key)});
  }
  if (auto ok = keys_.Read(keys); !ok) return ok;
  for (const std::string& key : std::exchange(doubtful_, {})) {
    const auto instance = instances_.find(key);
    if (instance == instances_.end() || instance->second.standing != Standing::kRegistered)
      continue;
    // What vanished without a mark may have vanished from under all agents.
    const Seen seen = SeenOf(instance->second);
    if (!seen.registration && !seen.gone) {
      instance->second.due = now + pace_.Within(options_.put_back);
    }
  }
  return {};
}

Result<void> Agent::LookAfresh() {
  std::set<std::string> others = {owner_key_};
  for (const auto& [key, instance] : instances_) {
    for (const model::Area area :
         {model::Area::kGone, model::Area::kAlive, model::Area::kStopping}) {
      others.insert(model::RecordKey(area, key));
    }
  }
  if (auto ok = keys_.Open(Watched(), std::move(others)); !ok) return ok;
  for (auto& [key, instance] : instances_) instance.look = true;
  doubtful_.clear();
  reread_at_ = clock_.Now() + pace_.About(options_.reread);
  return {};
}

void Agent::Noticed(const std::string& key) {
  const auto place = model::ParseRecordKey(key);
  const auto instance = instances_.find(place ? place->key : key);
  if (instance == instances_.end()) return;
  instance->second.look = true;
  if (!place && !keys_.At(key)) doubtful_.insert(key);
}

void Agent::Away(const Error& error) {
  const bool refused = error.code == ErrorCode::kRefused;
  const milliseconds wait = refused                             ? pace_.About(options_.retry)
                            : std::exchange(in_contact_, false) ? pace_.AfterBreak()
                                                                : pace_.AfterFailure();
  in_contact_ = false;
  not_before_ = clock_.Now() + wait;
  keys_.Close();
  if (std::exchange(told_any_away_, true) && told_away_ == error.code) return;
  told_away_ = error.code;
  log::Warn(refused ? "the store refuses us" : "the store is away; what is registered stays",
            {{"error", error.message}});
}

void Agent::Save() {
  if (options_.save) options_.save(memory_);
}

SteadyTime Agent::NextDue() const {
  const SteadyTime now = clock_.Now();
  if (!defined_) return now + kUndefined;
  if (now < not_before_) return not_before_;
  SteadyTime next = std::min(lease_.due(), reread_at_);
  if (others_host_) return next;
  if (retire_at_ != SteadyTime()) next = std::min(next, retire_at_);
  for (const auto& [key, instance] : instances_) {
    if (instance.look) next = std::min(next, std::max(now, instance.due));
    const bool unchecked = !health_.contains(instance.id);
    const SteadyTime patience = instance.since + options_.first_check;
    if (unchecked && now < patience) next = std::min(next, patience);
  }
  return next;
}

void Agent::Wait(SteadyTime until) {
  const SteadyTime now = clock_.Now();
  if (until <= now) return;
  if (keys_.IsOpen()) {
    keys_.Wait(until);
    return;
  }
  auto inbox = inbox_.Lock();
  inbox.WaitUntil(arrived_, until,
                  [&] { return inbox->book || inbox->address || !inbox->health.empty(); });
}

Agent::Counts Agent::counts() const {
  Counts counts;
  for (const auto& [key, instance] : instances_) {
    switch (instance.standing) {
      case Standing::kWaiting:
        ++counts.waiting;
        break;
      case Standing::kRegistered:
        ++counts.registered;
        break;
      case Standing::kAway:
        ++counts.away;
        break;
      case Standing::kRefused:
        ++counts.refused;
        break;
    }
  }
  return counts;
}

}  // namespace rollcall::agent
