// Registry::SayAlive.

#include "registry/sign_of_life.h"

#include <fmt/format.h>

#include "model/records.h"
#include "model/service.h"
#include "registry/snapshot.h"

namespace rollcall::registry {
namespace {

// Who deregistered it and why, as far as the mark says.
std::string Describe(const store::KeyValue& gone) {
  const auto mark = model::ParseRecord(gone.value);
  if (!mark) return fmt::format("{} cannot be read: {}", gone.key, mark.error().message);
  return fmt::format("by {}: {}", mark->by.empty() ? "somebody" : mark->by,
                     mark->why.empty() ? "no reason given" : mark->why);
}

Found Look(const Snapshot& now, const model::Service& wanted, const Terms& terms) {
  if (IsDeregistered(now, terms)) return {Presence::kDeregistered, Describe(*now.gone)};
  if (!now.registration) return {Presence::kMissing, {}};
  const auto held = model::ParseService(now.registration->value);
  // What cannot be read may have been ours, and is worth nothing to anybody.
  if (!held) return {Presence::kMissing, {}};
  if (held->extension.owner != wanted.extension.owner || held->host != wanted.host ||
      held->port != wanted.port) {
    const std::string& owner = held->extension.owner;
    return {Presence::kReplaced, owner.empty()
                                     ? fmt::format("{}, which has no owner", Endpoint(*held))
                                     : fmt::format("{} of {}", Endpoint(*held), owner)};
  }
  return {now.registration->lease == terms.lease ? Presence::kThere : Presence::kMissing, {}};
}

}  // namespace

std::string Endpoint(const model::Service& service) {
  const bool v6 = service.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", service.host, service.port)
            : fmt::format("{}:{}", service.host, service.port);
}

bool IsDeregistered(const Snapshot& now, const Terms& terms) {
  if (now.registration || !now.gone) return false;
  const auto mark = model::ParseRecord(now.gone->value);
  if (mark && mark->again) return false;  // only for as long as its owner was away
  if (now.gone->mod_revision >= terms.registered_revision) return true;
  return !mark || mark->since >= terms.registered;
}

void WriteAlive(const Snapshot& now, const SignOfLife& alive, const std::string& owner,
                store::TxnRequest& txn) {
  std::string value = model::ToJson(
      model::Record{.since = alive.since, .by = owner, .why = alive.why, .health = alive.health});
  if (now.alive && now.alive->lease == alive.lease && now.alive->value == value) return;
  txn.then.emplace_back(
      store::PutOp{model::RecordKey(model::Area::kAlive, now.key), std::move(value), alive.lease});
}

Result<Found> Registry::SayAlive(const Order& order, const Terms& terms, store::Deadline deadline) {
  const Candidates candidates{order.service, order.instance, order.host, order.value.port};
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const Result<Snapshot> now = TakeSnapshot(store_, layout_, candidates, deadline);
    if (!now) return Fail(now.error());
    Found found = Look(*now, order.value, terms);
    if (found.presence != Presence::kThere) return found;
    store::TxnRequest txn;
    txn.compares = now->Unmoved();
    if (terms.alive) WriteAlive(*now, *terms.alive, order.value.extension.owner, txn);
    if (now->stopping) {
      txn.then.emplace_back(store::DeleteOp{store::KeyRange::Single(now->stopping->key)});
    }
    if (txn.then.empty()) return found;
    const auto done = store_.Txn(txn, deadline);
    if (!done) return Fail(done.error());
    found.changed = true;
    if (done->succeeded) return found;
  }
  return Fail(ErrorCode::kConflict,
              fmt::format("the records of {}/{} are being written by others all the time",
                          order.service, order.instance.empty() ? order.host : order.instance));
}

}  // namespace rollcall::registry
