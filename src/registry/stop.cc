// Registry::Stop.

#include <fmt/format.h>

#include "model/records.h"
#include "registry/registry.h"
#include "registry/snapshot.h"
#include "registry/target.h"

namespace rollcall::registry {
Result<Written> Registry::Stop(const Target& target, WallTime until, const Reason& reason,
                               store::Deadline deadline) {
  const Candidates candidates{target.service, target.instance, target.host, target.port};
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const Result<Snapshot> now = TakeSnapshot(store_, layout_, candidates, deadline);
    if (!now) return Fail(now.error());
    if (!now->registration) {
      return Fail(ErrorCode::kNotFound,
                  fmt::format("{} is not registered; {}", now->key, Neighbours(target, deadline)));
    }
    if (auto ok = CheckTarget(*now->registration, target); !ok) return Fail(std::move(ok.error()));

    model::Record record{.since = clock_.WallNow(), .by = reason.by, .why = reason.why};
    store::TxnRequest txn;
    txn.compares = now->Unmoved();
    if (now->alive) {
      // The lease stays: should the owner be back before it ends, the record never went.
      record.health = model::Health::kCritical;
      txn.then.emplace_back(
          store::PutOp{now->alive->key, model::ToJson(record), now->alive->lease});
      record.health.reset();
    }
    record.until = until;
    txn.then.emplace_back(
        store::PutOp{model::RecordKey(model::Area::kStopping, now->key), model::ToJson(record)});
    const auto done = store_.Txn(txn, deadline);
    // The lease has ended since it was read.
    if (!done && done.error().code == ErrorCode::kNotFound) continue;
    if (!done) return Fail(done.error());
    if (done->succeeded) return Written{now->key, done->header.revision, true, ""};
  }
  return Fail(ErrorCode::kConflict,
              fmt::format("{} is being written by others all the time", target.service));
}

}  // namespace rollcall::registry
