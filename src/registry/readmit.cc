// Registry::Readmit.

#include <fmt/format.h>

#include "model/records.h"
#include "registry/mark_lease.h"
#include "registry/registry.h"
#include "registry/snapshot.h"

namespace rollcall::registry {
Result<bool> Registry::Readmit(const Target& target, const Reason& reason,
                               store::Deadline deadline) {
  const Candidates candidates{target.service, target.instance, target.host, target.port};
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const Result<Snapshot> now = TakeSnapshot(store_, layout_, candidates, deadline);
    if (!now) return Fail(now.error());
    if (now->registration || now->held) return false;
    const auto lease = store_.LeaseGrant(MarkLease::kTtl, 0, deadline);
    if (!lease) return Fail(lease.error());
    store::TxnRequest txn;
    txn.compares = now->Unmoved();
    txn.then.emplace_back(store::PutOp{
        model::RecordKey(model::Area::kGone, now->key),
        model::ToJson(
            {.since = clock_.WallNow(), .by = reason.by, .why = reason.why, .again = true}),
        lease->id});
    const auto done = store_.Txn(txn, deadline);
    if (!done) return Fail(done.error());
    if (done->succeeded) return true;
    (void)store_.LeaseRevoke(lease->id, deadline);
  }
  return Fail(ErrorCode::kConflict,
              fmt::format("{} is being written by others all the time", target.service));
}

}  // namespace rollcall::registry
