#include "catalog/lease_book.h"

namespace rollcall::catalog {

void LeaseBook::Schedule(store::LeaseId id, Lease& lease, SteadyTime time) {
  if (lease.due) due_.erase({*lease.due, id});
  lease.due = time;
  due_.emplace(time, id);
}

void LeaseBook::Add(store::LeaseId id, SteadyTime now) {
  if (id == 0) return;
  Lease& lease = leases_[id];
  if (lease.keys++ == 0) Schedule(id, lease, now);
}

void LeaseBook::Remove(store::LeaseId id) {
  const auto it = leases_.find(id);
  if (it == leases_.end() || --it->second.keys > 0) return;
  if (it->second.due) due_.erase({*it->second.due, id});
  leases_.erase(it);
}

std::vector<store::LeaseId> LeaseBook::TakeDue(SteadyTime now, std::size_t most) {
  std::vector<store::LeaseId> taken;
  while (!due_.empty() && due_.begin()->first <= now && taken.size() < most) {
    taken.push_back(due_.begin()->second);
    leases_.at(taken.back()).due.reset();
    due_.erase(due_.begin());
  }
  return taken;
}

std::optional<SteadyTime> LeaseBook::next_due() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

void LeaseBook::AskAgain(store::LeaseId id, SteadyTime time) {
  const auto it = leases_.find(id);
  if (it != leases_.end()) Schedule(id, it->second, time);
}

}  // namespace rollcall::catalog
