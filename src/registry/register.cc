// Registry::Register.

#include <fmt/format.h>

#include "model/service.h"
#include "registry/registry.h"
#include "registry/sign_of_life.h"
#include "registry/signature.h"
#include "registry/snapshot.h"

namespace rollcall::registry {
namespace {

// Whether the two are one owner's.  An agent is alone on its host, and may move what it has
// to another port; of `run` there are several, so another port is another one's.
bool IsOfOneOwner(const model::Service& held, const model::Service& wanted) {
  return held.extension.owner == wanted.extension.owner && held.host == wanted.host &&
         (held.port == wanted.port || !held.extension.owner.starts_with("run:"));
}

// Who else holds the instance by a living `alive` key, if anybody.  Who is stopping has
// said that he lets it go; what lies under the asker's own lease is the asker's, also if
// its address was another one then.
Result<void> CheckHolder(const Snapshot& now, const model::Service& held,
                         const model::Service& wanted, store::LeaseId own) {
  if (!now.alive || now.stopping || held.extension.owner.empty()) return {};
  if (own != 0 && now.alive->lease == own) return {};
  if (IsOfOneOwner(held, wanted)) return {};
  const std::string& asker = wanted.extension.owner;
  return Fail(ErrorCode::kConflict,
              fmt::format("{} is held by {} at {}, which is alive; not given to {} at {}",
                          now.registration->key, held.extension.owner, Endpoint(held),
                          asker.empty() ? "a static registration" : asker, Endpoint(wanted)));
}

// Whether the registration has to be put, and what it takes the place of.
struct Change {
  bool put = true;
  std::string replaced;
};

Result<Change> Weigh(const Snapshot& now, const model::Service& wanted, const std::string& value,
                     const Terms& terms) {
  Change change;
  if (!now.registration) return change;
  const auto held = model::ParseService(now.registration->value);
  if (!held) {
    change.replaced = "a value that could not be read";
    return change;
  }
  const store::LeaseId own = terms.alive ? terms.alive->lease : 0;
  if (auto ok = CheckHolder(now, *held, wanted, own); !ok) return Fail(std::move(ok.error()));
  change.put = model::ToJson(*held) != value || !held->extension_problem.empty() ||
               now.registration->lease != terms.lease;
  if (Endpoint(*held) != Endpoint(wanted)) change.replaced = Endpoint(*held);
  return change;
}

store::TxnRequest MakeTxn(const Snapshot& now, bool put, const std::string& value,
                          store::LeaseId lease) {
  store::TxnRequest txn;
  txn.compares = now.Unmoved();
  if (put) txn.then.emplace_back(store::PutOp{now.key, value, lease});
  for (const auto& mark : {now.gone, now.stopping}) {
    if (mark) txn.then.emplace_back(store::DeleteOp{store::KeyRange::Single(mark->key)});
  }
  return txn;
}

}  // namespace

Result<Written> Registry::Register(const Order& order, store::LeaseId lease,
                                   store::Deadline deadline) {
  return Register(order, Terms{.lease = lease}, deadline);
}

Result<Written> Registry::Register(const Order& order, const Terms& terms,
                                   store::Deadline deadline) {
  if (auto ok = Validate(order, rules_); !ok) return Fail(std::move(ok.error()));
  const std::string value = model::ToJson(order.value);
  const Candidates candidates{order.service, order.instance, order.host, order.value.port};
  Signature signature(store_, terms.reason, clock_.WallNow(), deadline);

  for (int attempt = 0; attempt < kTries; ++attempt) {
    const Result<Snapshot> now = TakeSnapshot(store_, layout_, candidates, deadline);
    if (!now) return Fail(now.error());
    if (terms.unless_deregistered && IsDeregistered(*now, terms)) {
      return Fail(ErrorCode::kNotFound, fmt::format("{} has been deregistered", now->key));
    }
    if (auto ok = now->CheckAt(terms.only_at); !ok) return Fail(std::move(ok.error()));
    auto change = Weigh(*now, order.value, value, terms);
    if (!change) return Fail(std::move(change.error()));
    store::TxnRequest txn = MakeTxn(*now, change->put, value, terms.lease);
    if (terms.alive) WriteAlive(*now, *terms.alive, order.value.extension.owner, txn);
    if (change->put) signature.AddTo(txn, now->key);

    Written written{.key = now->key, .changed = change->put, .replaced = change->replaced};
    if (!change->put) written.revision = now->registration->mod_revision;
    if (txn.then.empty()) return written;
    const auto done = store_.Txn(txn, deadline);
    if (!done && change->put && signature.Mends(done.error())) continue;
    if (!done) return Fail(done.error());
    if (!done->succeeded) continue;
    if (change->put) written.revision = done->header.revision;
    return written;
  }
  return Fail(ErrorCode::kConflict,
              fmt::format("{}/{} is being written by others all the time", order.service,
                          order.instance.empty() ? order.host : order.instance));
}

}  // namespace rollcall::registry
