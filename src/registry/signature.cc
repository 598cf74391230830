#include "registry/signature.h"

#include "model/records.h"

namespace rollcall::registry {
namespace {

// The same for all who write in one hour, by its number: whoever is first grants it.  "roll" in
// its upper half keeps it apart from those that a store makes up.
store::LeaseId LeaseAt(WallTime now) {
  constexpr store::LeaseId kOurs = 0x726f6c6cLL << 32;
  const auto hours = std::chrono::floor<std::chrono::hours>(now.time_since_epoch()).count();
  return kOurs | static_cast<store::LeaseId>(hours & 0xffffffff);
}

}  // namespace

Signature::Signature(store::Store& store, const Reason& reason, WallTime now,
                     store::Deadline deadline)
    : store_(store), reason_(reason), now_(now), deadline_(deadline), signs_(!reason.by.empty()) {
}

void Signature::AddTo(store::TxnRequest& txn, std::string_view registration_key) const {
  if (!signs_) return;
  txn.then.emplace_back(store::PutOp{
      model::RecordKey(model::Area::kRegistered, registration_key),
      model::ToJson({.since = now_, .by = reason_.by, .why = reason_.why}), LeaseAt(now_)});
}

bool Signature::Mends(const Error& error) {
  if (!signs_) return false;
  if (error.code == ErrorCode::kNotFound && !granted_) {
    const auto lease = store_.LeaseGrant(kTtl, LeaseAt(now_), deadline_);
    granted_ = lease || lease.error().code == ErrorCode::kConflict;
    signs_ = granted_;
    return true;
  }
  // Our user may write the registration only; or it is a lease of the registration's own terms
  // that is not there.
  if (error.code != ErrorCode::kRefused && error.code != ErrorCode::kNotFound) return false;
  signs_ = false;
  return true;
}

}  // namespace rollcall::registry
