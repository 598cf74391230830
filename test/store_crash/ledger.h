// What the writers know, by which the store is judged after each crash.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "store/store.h"

namespace rollcall::crash {

using store::Revision;

// Of one pair of keys that one writer always puts together, with a number that grows.
struct Pair {
  std::uint64_t sent = 0;   // the last number that was sent
  std::uint64_t acked = 0;  // the last one that was acknowledged
};

// Threads: any.
class Ledger {
 public:
  void Sending(const std::string& name, std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    pairs_[name].sent = number;
  }
  void Acknowledged(const std::string& name, std::uint64_t number, Revision revision) {
    const std::lock_guard lock(mutex_);
    pairs_[name].acked = number;
    highest_ = std::max(highest_, revision);
    ++acknowledged_;
  }
  void Granted(store::LeaseId id) {
    const std::lock_guard lock(mutex_);
    leases_.push_back(id);
  }

  [[nodiscard]] std::map<std::string, Pair> pairs() const {
    const std::lock_guard lock(mutex_);
    return pairs_;
  }
  [[nodiscard]] std::vector<store::LeaseId> leases() const {
    const std::lock_guard lock(mutex_);
    return leases_;
  }
  [[nodiscard]] Revision highest() const {
    const std::lock_guard lock(mutex_);
    return highest_;
  }
  [[nodiscard]] std::uint64_t acknowledged() const {
    const std::lock_guard lock(mutex_);
    return acknowledged_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Pair> pairs_;
  std::vector<store::LeaseId> leases_;
  Revision highest_ = 0;
  std::uint64_t acknowledged_ = 0;
};

}  // namespace rollcall::crash
