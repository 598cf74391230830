// Registry::Register.

#include <fmt/format.h>

#include "model/service.h"
#include "registry/registry.h"
#include "registry/snapshot.h"

namespace rollcall::registry {
namespace {

constexpr int kTries = 32;  // each lost race means that somebody else won one

std::string Endpoint(const model::Service& service) {
  const bool v6 = service.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", service.host, service.port)
            : fmt::format("{}:{}", service.host, service.port);
}

// Who else holds the instance by a living `alive` key, if anybody.
Result<void> CheckHolder(const Snapshot& now, const model::Service& held,
                         const model::Service& wanted) {
  if (!now.alive || held.extension.owner.empty()) return {};
  if (held.extension.owner == wanted.extension.owner && held.host == wanted.host) return {};
  const std::string& asker = wanted.extension.owner;
  return Fail(ErrorCode::kConflict,
              fmt::format("{} is held by {} at {}, which is alive; not given to {} at {}",
                          now.registration->key, held.extension.owner, Endpoint(held),
                          asker.empty() ? "a static registration" : asker, Endpoint(wanted)));
}

store::TxnRequest MakeTxn(const Snapshot& now, bool put, std::string value, store::LeaseId lease) {
  store::TxnRequest txn;
  txn.compares = now.Unmoved();
  if (put) txn.then.emplace_back(store::PutOp{now.key, std::move(value), lease});
  if (now.gone) {
    txn.then.emplace_back(store::DeleteOp{store::KeyRange::Single(now.gone->key)});
  }
  return txn;
}

}  // namespace

Result<Written> Registry::Register(const Order& order, store::LeaseId lease,
                                   store::Deadline deadline) {
  if (auto ok = Validate(order, rules_); !ok) return Fail(std::move(ok.error()));
  const std::string value = model::ToJson(order.value);
  const Candidates candidates{order.service, order.instance, order.host, order.value.port};

  for (int attempt = 0; attempt < kTries; ++attempt) {
    const Result<Snapshot> now = TakeSnapshot(store_, layout_, candidates, deadline);
    if (!now) return Fail(now.error());
    Written written;
    written.key = now->key;
    bool put = true;
    if (now->registration) {
      const auto held = model::ParseService(now->registration->value);
      if (held) {
        if (auto ok = CheckHolder(*now, *held, order.value); !ok)
          return Fail(std::move(ok.error()));
        put = model::ToJson(*held) != value || !held->extension_problem.empty() ||
              now->registration->lease != lease;
        if (Endpoint(*held) != Endpoint(order.value)) written.replaced = Endpoint(*held);
      } else {
        written.replaced = "a value that could not be read";
      }
      if (!put && !now->gone) {
        written.revision = now->registration->mod_revision;
        return written;
      }
    }
    const auto done = store_.Txn(MakeTxn(*now, put, value, lease), deadline);
    if (!done) return Fail(done.error());
    if (!done->succeeded) continue;
    written.changed = put;
    written.revision = put ? done->header.revision : now->registration->mod_revision;
    return written;
  }
  return Fail(ErrorCode::kConflict,
              fmt::format("{}/{} is being written by others all the time", order.service,
                          order.instance.empty() ? order.host : order.instance));
}

}  // namespace rollcall::registry
