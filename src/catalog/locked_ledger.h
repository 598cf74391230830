// The ledger behind the lock that the feed's threads share.
#pragma once

#include <mutex>
#include <utility>

#include "catalog/ledger.h"

namespace rollcall::catalog {

// No store is asked while it is held, and no other lock is taken but those of what was
// last known and of the history, for a moment.
class LockedLedger {
 public:
  LockedLedger(Publisher& publisher, const Clock& clock, Ledger::Options options)
      : ledger_(publisher, clock, std::move(options)) {}

  template <typename Call>
  auto With(Call call) {
    const std::lock_guard lock(mutex_);
    return call(ledger_);
  }

 private:
  std::mutex mutex_;
  Ledger ledger_;
};

}  // namespace rollcall::catalog
