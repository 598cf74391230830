#include "store/embedded/leases.h"

namespace rollcall::store::embedded {

bool Leases::Grant(LeaseId id, std::chrono::seconds ttl, SteadyTime now) {
  const auto [it, granted] = leases_.try_emplace(id, Lease{ttl, now + ttl, {}});
  if (granted) by_end_.emplace(it->second.end, id);
  return granted;
}

const Leases::Lease* Leases::Find(LeaseId id, SteadyTime now) const {
  const auto it = leases_.find(id);
  return it == leases_.end() || it->second.end <= now ? nullptr : &it->second;
}

void Leases::Renew(LeaseId id, SteadyTime now) {
  Lease& lease = leases_.at(id);
  by_end_.erase({lease.end, id});
  lease.end = now + lease.ttl;
  by_end_.emplace(lease.end, id);
}

void Leases::Attach(LeaseId id, const std::string& key) {
  const auto it = leases_.find(id);
  if (it != leases_.end()) it->second.keys.insert(key);
}

void Leases::Detach(LeaseId id, const std::string& key) {
  const auto it = leases_.find(id);
  if (it != leases_.end()) it->second.keys.erase(key);
}

absl::btree_set<std::string> Leases::Remove(LeaseId id) {
  const auto it = leases_.find(id);
  if (it == leases_.end()) return {};
  by_end_.erase({it->second.end, id});
  absl::btree_set<std::string> keys = std::move(it->second.keys);
  leases_.erase(it);
  return keys;
}

std::vector<LeaseId> Leases::Ended(SteadyTime now, std::size_t most) const {
  std::vector<LeaseId> ended;
  for (const auto& [end, id] : by_end_) {
    if (end > now || ended.size() == most) break;
    ended.push_back(id);
  }
  return ended;
}

}  // namespace rollcall::store::embedded
