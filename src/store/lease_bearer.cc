#include "store/lease_bearer.h"

#include <algorithm>
#include <string>

namespace rollcall::store {

Result<void> LeaseBearer::Grant(LeaseId id, std::chrono::seconds ttl) {
  const auto granted = to_.LeaseGrant(ttl, id, After(call_timeout_));
  if (granted && granted->ttl == ttl) return {};
  const std::string name = "lease " + std::to_string(id);
  if (!granted && granted.error().code != ErrorCode::kConflict) {
    return Fail(granted.error().code, name + ": " + granted.error().message);
  }
  const auto there = to_.LeaseTimeToLive(id, After(call_timeout_));
  if (there && there->granted == ttl) return {};
  return Fail(ErrorCode::kConflict,
              name + " lives for " + std::to_string(ttl.count()) +
                  " s at the source, and for another time at the destination");
}

Result<bool> LeaseBearer::Carry(LeaseId id) {
  if (carried_.contains(id)) return true;
  const auto times = from_.LeaseTimeToLive(id, After(call_timeout_));
  if (!times) {
    if (times.error().code == ErrorCode::kNotFound) return false;
    return Fail(times.error());
  }
  if (auto ok = Grant(id, times->granted); !ok) return Fail(std::move(ok.error()));
  if (carried_.empty()) renewed_ = std::chrono::steady_clock::now();
  carried_.emplace(id, times->granted);
  interval_ = std::min<std::chrono::milliseconds>(interval_, times->granted / 3);
  return true;
}

Result<void> LeaseBearer::RenewIfDue() {
  if (std::chrono::steady_clock::now() - renewed_ < interval_) return {};
  return RenewAll();
}

Result<void> LeaseBearer::RenewAll() {
  renewed_ = std::chrono::steady_clock::now();
  for (const auto& [id, ttl] : carried_) {
    const auto left = to_.LeaseKeepAlive(id, After(call_timeout_));
    if (left) continue;
    if (left.error().code != ErrorCode::kNotFound) return Fail(left.error());
    // It ended while we were slow; its keys went with it and are brought again.
    if (auto ok = Grant(id, ttl); !ok) return ok;
  }
  return {};
}

}  // namespace rollcall::store
