// The one lease of a host, under which lie its signs of life and the record that says whose
// the host's name is.
//
// A lease is ours across restarts: it is left to run out, and taken over by the next agent,
// so that neither restart nor upgrade makes an instance lost.
//
// Threads: one.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/lease_schedule.h"
#include "store/store.h"

namespace rollcall::agent {

class HostLease {
 public:
  // `id`: of an earlier start, 0: none.  Borrows both.
  HostLease(store::Store& store, std::chrono::seconds ttl, store::LeaseId id, const Clock& clock)
      : store_(store), ttl_(ttl), id_(id), clock_(clock) {}

  // Renews it if that is due; grants one, if there is none or it is gone.  Returns whether it
  // is another one than before.  Fails as the store; a renewal that fails is due again soon.
  [[nodiscard]] Result<bool> Keep();
  // Somebody has seen it refused.
  void Doubt() { schedule_.reset(); }

  [[nodiscard]] store::LeaseId id() const { return id_; }
  // When Keep() is due.
  [[nodiscard]] SteadyTime due() const { return schedule_ ? schedule_->next() : SteadyTime(); }

 private:
  store::Store& store_;
  const std::chrono::seconds ttl_;
  store::LeaseId id_;
  const Clock& clock_;
  std::optional<store::LeaseSchedule> schedule_;  // none: it has to be looked at now
};

}  // namespace rollcall::agent
