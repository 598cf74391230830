#include "store/lease_keeper.h"

#include <utility>

#include "base/log.h"

namespace rollcall::store {
namespace {

SteadyTime Now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

LeaseKeeper::LeaseKeeper(Store& store, std::chrono::seconds ttl,
                         std::function<void(LeaseId)> on_lost)
    : store_(store),
      ttl_(ttl),
      on_lost_(std::move(on_lost)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {
}

LeaseKeeper::~LeaseKeeper() {
  thread_.request_stop();
  // Under the lock, so that the thread is either before its look at the stop or
  // already waiting.
  { const auto state = state_.Lock(); }
  changed_.notify_all();
}

Result<LeaseId> LeaseKeeper::Ensure(Deadline deadline) {
  {
    auto state = state_.Lock();
    if (!state.WaitUntil(changed_, deadline, [&] { return !state->granting; })) {
      return Fail(ErrorCode::kDeadline, "another grant of the lease is under way");
    }
    if (state->held) return state->held->id;
    state->granting = true;
  }
  const SteadyTime asked = Now();
  auto lease = store_.LeaseGrant(ttl_, 0, deadline);
  {
    auto state = state_.Lock();
    state->granting = false;
    if (lease) state->held = Held{lease->id, LeaseSchedule(lease->ttl, asked)};
  }
  changed_.notify_all();
  if (!lease) return Fail(std::move(lease.error()));
  return lease->id;
}

LeaseId LeaseKeeper::held() {
  auto state = state_.Lock();
  return state->held ? state->held->id : 0;
}

void LeaseKeeper::CheckNow() {
  if (auto state = state_.Lock(); state->held) state->held->schedule.RenewAtOnce(Now());
  changed_.notify_all();
}

Result<void> LeaseKeeper::Revoke(Deadline deadline) {
  std::optional<Held> held;
  std::swap(held, state_.Lock()->held);
  if (!held) return {};
  auto revoked = store_.LeaseRevoke(held->id, deadline);
  // Gone already is what was wanted.
  if (!revoked && revoked.error().code == ErrorCode::kNotFound) return {};
  return revoked;
}

std::uint64_t LeaseKeeper::renewals() {
  return state_.Lock()->renewals;
}

void LeaseKeeper::Run(const std::stop_token& stop) {
  while (const auto due = WaitDue(stop)) Renew(*due);
}

std::optional<LeaseKeeper::Held> LeaseKeeper::WaitDue(const std::stop_token& stop) {
  auto state = state_.Lock();
  while (!stop.stop_requested()) {
    const SteadyTime now = Now();
    if (state->held && state->held->schedule.next() <= now) return state->held;
    const LeaseId id = state->held ? state->held->id : 0;
    const SteadyTime next =
        state->held ? state->held->schedule.next() : now + std::chrono::hours(1);
    state.WaitUntil(changed_, next, [&] {
      const bool same = (state->held ? state->held->id : 0) == id &&
                        (id == 0 || state->held->schedule.next() == next);
      return stop.stop_requested() || !same;
    });
  }
  return std::nullopt;
}

void LeaseKeeper::Renew(const Held& held) {
  const SteadyTime asked = Now();
  const auto left = store_.LeaseKeepAlive(held.id, asked + held.schedule.patience());
  const bool lost = !left && left.error().code == ErrorCode::kNotFound;
  {
    auto state = state_.Lock();
    // Revoked meanwhile, or another one granted.
    if (!state->held || state->held->id != held.id) return;
    if (lost) {
      state->held.reset();
    } else if (left) {
      state->held->schedule.Renewed(*left, asked);
      ++state->renewals;
    } else {
      state->held->schedule.Failed(Now());
    }
  }
  if (lost) {
    log::Warn("lease lost", {{"lease", held.id}, {"error", left.error().message}});
    if (on_lost_) on_lost_(held.id);
  } else if (!left) {
    log::Debug("lease not renewed", {{"lease", held.id}, {"error", left.error().message}});
  }
}

}  // namespace rollcall::store
