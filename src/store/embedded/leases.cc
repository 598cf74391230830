#include "store/embedded/leases.h"

namespace rollcall::store::embedded {

void Leases::Insert(LeaseId id, Lease lease) {
  by_end_.emplace(lease.end, id);
  leases_.insert_or_assign(id, std::move(lease));
}

Leases::Lease Leases::Extract(LeaseId id) {
  const auto it = leases_.find(id);
  by_end_.erase({it->second.end, id});
  Lease lease = std::move(it->second);
  leases_.erase(it);
  return lease;
}

bool Leases::Grant(LeaseId id, std::chrono::seconds ttl, SteadyTime now) {
  if (leases_.contains(id)) return false;
  Insert(id, {ttl, now + ttl, {}});
  journal_.emplace_back(Granted{id});
  return true;
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

void Leases::Attach(LeaseId id, std::string_view key) {
  const auto it = leases_.find(id);
  if (it == leases_.end() || !it->second.keys.emplace(key).second) return;
  journal_.emplace_back(Attached{id, std::string(key)});
}

void Leases::Detach(LeaseId id, std::string_view key) {
  const auto it = leases_.find(id);
  if (it == leases_.end() || it->second.keys.erase(key) == 0) return;
  journal_.emplace_back(Detached{id, std::string(key)});
}

Leases::Keys Leases::Remove(LeaseId id) {
  if (!leases_.contains(id)) return {};
  Lease lease = Extract(id);
  Keys keys = lease.keys;
  journal_.emplace_back(Removed{id, std::move(lease)});
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

std::vector<LeaseId> Leases::All(SteadyTime now) const {
  std::vector<LeaseId> all;
  for (const auto& [end, id] : by_end_) {
    if (end > now) all.push_back(id);
  }
  return all;
}

void Leases::Rollback() {
  for (auto change = journal_.rbegin(); change != journal_.rend(); ++change) {
    std::visit([this](auto& undone) { Undo(undone); }, *change);
  }
  journal_.clear();
}

}  // namespace rollcall::store::embedded
