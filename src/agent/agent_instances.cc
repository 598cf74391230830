// Registrations: judged, then settled.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/agent.h"
#include "agent/definitions.h"
#include "base/log.h"
#include "model/records.h"

namespace rollcall::agent {

using std::chrono::milliseconds;

namespace {

// How long it may take to find this host's address before that is worth a line in the log.
constexpr milliseconds kAddressPatience{5000};

}  // namespace

Wish Agent::WishOf(const Instance& instance) const {
  const Definition& definition = *instance.definition;
  const std::string& address = definition.address.empty() ? address_ : definition.address;
  Wish wish;
  wish.value = OrderOf(definition, instance.name, address, owner_).value;
  // Else it stays when its owner does not.
  if (definition.on_loss == "remove") wish.lease = lease_.id();
  wish.hash = instance.hash;
  wish.at = instance.at;
  wish.may_move = definition.instance.empty() && instance.name == options_.host;
  return wish;
}

Seen Agent::SeenOf(const Instance& instance) const {
  return {.registration = keys_.At(instance.key),
          .gone = keys_.At(model::RecordKey(model::Area::kGone, instance.key)),
          .alive = keys_.At(model::RecordKey(model::Area::kAlive, instance.key)),
          .stopping = keys_.At(model::RecordKey(model::Area::kStopping, instance.key))};
}

const Remembered* Agent::MemoryOf(const Instance& instance) const {
  const auto known = memory_.instances.find(instance.key);
  return known == memory_.instances.end() ? nullptr : &known->second;
}

void Agent::Remember(const Instance& instance, Remembered::As as, WallTime until) {
  Remembered remembered{.as = as, .hash = instance.hash, .id = instance.id, .until = until};
  remembered.service = instance.definition->service;
  remembered.instance = instance.name;
  remembered.file = instance.definition->file;
  Remembered& known = memory_.instances[instance.key];
  if (known == remembered) return;
  known = std::move(remembered);
  memory_changed_ = true;
}

void Agent::Judge() {
  const SteadyTime now = clock_.Now();
  tasks_.clear();
  for (auto& [key, instance] : instances_) {
    if (instance.look && instance.due <= now) Judge(instance);
  }
}

void Agent::Judge(Instance& instance) {
  const Seen seen = SeenOf(instance);
  if (!instance.definition) {
    const auto held = seen.registration ? model::ParseService(seen.registration->value)
                                        : tl::unexpected(model::Invalid());
    const bool ours = held && held->extension.owner == owner_;
    instance.standing = ours ? Standing::kRegistered : Standing::kAway;
    instance.look = false;
    return;
  }
  if (instance.definition->address.empty() && address_.empty()) {
    const SteadyTime now = clock_.Now();
    if (now < instance.since + kAddressPatience) {
      instance.due = now + kAddressPatience;  // or when it comes
      return;
    }
    return Refuse(instance, Standing::kWaiting,
                  "no address of this host towards the store is known");
  }
  Decision decision = Decide(WishOf(instance), MemoryOf(instance), seen, {owner_, lease_.id()});
  switch (decision.task) {
    case Task::kKeep:
      instance.standing = Standing::kRegistered;
      instance.look = false;
      instance.told.clear();
      return Remember(instance, Remembered::As::kRegistered);
    case Task::kStayAway:
      if (std::exchange(instance.standing, Standing::kAway) != Standing::kAway) {
        log::Warn("stays away until its definition changes or `rollcall register --again`",
                  {{"key", instance.key}, {"reason", decision.why}});
      }
      instance.look = false;
      return Remember(instance, Remembered::As::kAway);
    case Task::kYield:
      return Refuse(instance, Standing::kRefused, decision.why);
    case Task::kMove:
    case Task::kRegister:
    case Task::kPutBack:
      // Of one that is not there no sign of life is to be written yet.
      if (!seen.registration) instance.standing = Standing::kWaiting;
      tasks_.emplace(instance.key, decision.task);
  }
}

void Agent::Refuse(Instance& instance, Standing standing, const std::string& why) {
  instance.standing = standing;
  instance.due = clock_.Now() + pace_.About(options_.retry);
  if (why == instance.told) return;
  instance.told = why;
  log::Error("not registered; tried again now and then", {{"key", instance.key}, {"reason", why}});
}

Result<void> Agent::Settle() {
  for (const auto& [key, task] : std::exchange(tasks_, {})) {
    Instance& instance = instances_.at(key);
    if (task == Task::kMove) {
      Move(instance);
      return {};  // the keys have changed
    }
    if (auto ok = Register(instance, task == Task::kRegister); !ok) return ok;
    if (lease_.due() <= clock_.Now()) return {};  // the rest is looked at again
  }
  return {};
}

Result<void> Agent::Register(Instance& instance, bool over_mark) {
  const auto health = HealthOf(instance);
  if (!health) {  // the first check is on its way
    instance.due = instance.since + options_.first_check;
    return {};
  }
  const Wish wish = WishOf(instance);
  registry::Order order = OrderOf(*instance.definition, instance.name, wish.value.host, owner_);
  const registry::Terms terms{
      .lease = wish.lease,
      .alive = registry::SignOfLife{lease_.id(), health->health, health->since, health->why},
      .unless_deregistered = !over_mark};
  const auto written = registry_.Register(order, terms, store::After(options_.call_timeout));
  return Registered(instance, written);
}

Result<void> Agent::Registered(Instance& instance, const Result<registry::Written>& written) {
  if (!written) {
    const Error& error = written.error();
    switch (error.code) {
      case ErrorCode::kConflict:
      case ErrorCode::kInvalid:
      case ErrorCode::kRefused:
        Refuse(instance, Standing::kRefused, error.message);
        return {};
      case ErrorCode::kNotFound:  // the lease has ended, or somebody has just deregistered it
        lease_.Doubt();
        keys_.Close();
        not_before_ = clock_.Now() + pace_.Within(milliseconds(500));
        return {};
      default:
        return Fail(error);
    }
  }
  if (written->changed) {
    log::Info("registered", {{"key", written->key}, {"revision", written->revision}});
  }
  if (!written->replaced.empty()) {
    log::Warn("another registration stood there and was replaced",
              {{"key", written->key}, {"before", written->replaced}});
  }
  // Until the watch tells of it.
  const Wish wish = WishOf(instance);
  const auto health = HealthOf(instance);
  keys_.Put({.key = instance.key,
             .value = model::ToJson(wish.value),
             .mod_revision = written->revision,
             .lease = wish.lease});
  keys_.Put(
      {.key = model::RecordKey(model::Area::kAlive, instance.key),
       .value = model::ToJson(
           {.since = health->since, .by = owner_, .why = health->why, .health = health->health}),
       .lease = lease_.id()});
  for (const model::Area area : {model::Area::kGone, model::Area::kStopping}) {
    keys_.Delete(model::RecordKey(area, instance.key), written->revision);
  }
  instance.standing = Standing::kRegistered;
  instance.look = false;
  instance.told.clear();
  Remember(instance, Remembered::As::kRegistered);
  return {};
}

void Agent::Move(Instance& instance) {
  moved_.insert(instance.id);
  Instance moved = std::move(instance);
  instances_.erase(moved.key);
  moved.name = fmt::format("{}-{}", options_.host, moved.definition->port);
  moved.key = KeyOf(moved.definition->service, moved.name);
  moved.look = true;
  log::Info("its host's name is held with another port", {{"key", moved.key}});
  std::string key = moved.key;
  instances_.emplace(std::move(key), std::move(moved));
}

Result<void> Agent::Retire() {
  if (retire_at_ == SteadyTime() || clock_.Now() < retire_at_) return {};
  retire_at_ = {};
  const auto remembered = memory_.instances;
  for (const auto& [key, known] : remembered) {
    if (instances_.contains(key)) continue;
    // What somebody else took away already leaves nothing to do.
    if (known.as != Remembered::As::kAway) {
      const registry::Target target{.service = known.service,
                                    .instance = known.instance,
                                    .host = options_.host,
                                    .address = {},
                                    .owner = owner_};
      const auto gone =
          registry_.Deregister(target, {owner_, fmt::format("no longer defined in {}", known.file)},
                               store::After(options_.call_timeout));
      const ErrorCode code = gone ? ErrorCode::kNotFound : gone.error().code;
      const bool others = code == ErrorCode::kNotFound || code == ErrorCode::kConflict;
      if (!others) {
        retire_at_ = clock_.Now() + pace_.About(options_.retry);
        if (code != ErrorCode::kRefused) return Fail(gone.error());
        log::Error("not deregistered; tried again later",
                   {{"key", key}, {"reason", gone.error().message}});
        continue;
      }
      log::Info(gone ? "deregistered, for it is no longer defined" : "no longer defined",
                {{"key", key}, {"file", known.file}, {"left", gone ? "" : gone.error().message}});
      if (gone) {
        const store::Op alive =
            store::DeleteOp{store::KeyRange::Single(model::RecordKey(model::Area::kAlive, key))};
        if (auto ok = Commit({alive}, false); !ok) return ok;
      }
    }
    memory_.instances.erase(key);
    memory_changed_ = true;
  }
  return {};
}

// --- stopping

Result<void> Agent::Stop(milliseconds grace) {
  Result<void> worst;
  const WallTime until = clock_.WallNow() + grace;
  for (auto& [key, instance] : instances_) {
    if (!instance.definition || instance.definition->on_stop != OnStop::kDeregister ||
        instance.standing != Standing::kRegistered) {
      continue;
    }
    const registry::Target target{.service = instance.definition->service,
                                  .instance = instance.name,
                                  .host = options_.host,
                                  .address = {},
                                  .owner = owner_};
    const registry::Reason reason{owner_, kStopReason};
    const auto deadline = store::After(options_.call_timeout);
    const auto done = grace.count() == 0 ? registry_.Deregister(target, reason, deadline)
                                         : registry_.Stop(target, until, reason, deadline);
    if (done) {
      log::Info(grace.count() == 0 ? "deregistered" : "stopping",
                {{"key", key}, {"revision", done->revision}});
      Remember(instance, Remembered::As::kStopped, until);
    } else if (done.error().code != ErrorCode::kNotFound) {
      worst = Fail(done.error());
      // Nobody is there to be told of the others.
      if (done.error().code == ErrorCode::kUnavailable ||
          done.error().code == ErrorCode::kDeadline) {
        break;
      }
    }
  }
  if (std::exchange(memory_changed_, false)) Save();
  return worst;
}

}  // namespace rollcall::agent
