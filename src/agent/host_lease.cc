#include "agent/host_lease.h"

#include "base/log.h"

namespace rollcall::agent {

Result<bool> HostLease::Keep() {
  const SteadyTime now = clock_.Now();
  if (id_ != 0 && schedule_ && now < schedule_->next()) return false;
  const auto patience =
      schedule_ ? schedule_->patience() : store::LeaseSchedule(ttl_, now).patience();
  if (id_ != 0) {
    const auto left = store_.LeaseKeepAlive(id_, store::After(patience));
    if (left) {
      if (!schedule_) schedule_.emplace(*left, now);
      schedule_->Renewed(*left, now);
      return false;
    }
    if (left.error().code != ErrorCode::kNotFound) {
      if (schedule_) schedule_->Failed(now);
      return Fail(left.error());
    }
    log::Warn("the host's lease has ended", {{"lease", std::to_string(id_)}});
    id_ = 0;
  }
  const auto lease = store_.LeaseGrant(ttl_, 0, store::After(patience));
  if (!lease) {
    schedule_.reset();
    return Fail(lease.error());
  }
  id_ = lease->id;
  schedule_.emplace(lease->ttl, now);
  return true;
}

}  // namespace rollcall::agent
