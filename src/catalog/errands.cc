#include "catalog/errands.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace rollcall::catalog {
namespace {

using std::chrono::seconds;

constexpr std::size_t kLeasesAtOnce = 64;
constexpr seconds kLeaseRetry{1};
constexpr seconds kRefusedRetry{60};
constexpr std::chrono::hours kLongest{24 * 365};  // nobody counts further; adds without overflow
constexpr seconds kIdle{60};

// The store is away, as opposed to an answer about this one lease.
bool IsAway(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kDeadline ||
         error.code == ErrorCode::kCancelled;
}

}  // namespace

Errands::Errands(store::Store& store, LockedLedger& ledger, const Clock& clock,
                 ErrandOptions options)
    : store_(store),
      ledger_(ledger),
      clock_(clock),
      options_(std::move(options)),
      raise_backoff_(options_.raise_first, options_.raise_most) {
}

void Errands::Start() {
  thread_ = std::jthread([this] { Run(); });
}

void Errands::Stop() {
  wanted_.Lock()->stopping = true;
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Errands::LookAtLeases() {
  wanted_.Lock()->leases = true;
  changed_.notify_all();
}

void Errands::LookAtSerial() {
  wanted_.Lock()->serial = true;
  changed_.notify_all();
}

bool Errands::Sleep(SteadyTime until, bool wake_for_work) {
  auto wanted = wanted_.Lock();
  wanted.WaitUntil(changed_, until, [&] {
    return wanted->stopping || (wake_for_work && (wanted->leases || wanted->serial));
  });
  return !wanted->stopping;
}

void Errands::Run() {
  for (;;) {
    const auto due = ledger_.With([](Ledger& ledger) { return ledger.leases().next_due(); });
    // By the clock the leases are counted by, which need not be the machine's.
    const SteadyTime::duration wait = due ? *due - clock_.Now() : kIdle;
    const auto until =
        std::chrono::steady_clock::now() + std::min<SteadyTime::duration>(wait, kIdle);
    if (!Sleep(until, true)) return;
    bool serial = false;
    {
      auto wanted = wanted_.Lock();
      wanted->leases = false;
      serial = std::exchange(wanted->serial, false);
    }
    if (serial) RaiseSerial();
    if (!AskLeases() && !Sleep(store::After(kLeaseRetry), false)) return;
  }
}

void Errands::RaiseSerial() {
  const auto wanted = ledger_.With([](Ledger& ledger) { return ledger.serial_wanted(); });
  if (!wanted) {
    raise_backoff_.Reset();
    next_raise_ = {};
    return;
  }
  // Where our user may not write, trying with every proof would only fill two logs.
  const SteadyTime now = std::chrono::steady_clock::now();
  if (!options_.raise_serial || now < next_raise_) return;
  next_raise_ = now + raise_backoff_.Next();
  options_.raise_serial(wanted->above, wanted->at);
}

// False: the store does not answer; not to be tried again at once.
bool Errands::AskLeases() {
  for (;;) {
    const auto due = ledger_.With(
        [&](Ledger& ledger) { return ledger.leases().TakeDue(clock_.Now(), kLeasesAtOnce); });
    if (due.empty() || wanted_.Lock()->stopping) return true;
    const std::vector<Answer> answers = Ask(due);
    std::vector<Ledger::LeaseTime> times;
    for (const Answer& answer : answers) {
      if (answer.known) times.push_back(answer.time);
    }
    // Both before what they tell can be seen.
    lease_queries_ += answers.size();
    const SteadyTime now = clock_.Now();
    ledger_.With([&](Ledger& ledger) {
      ledger.SetLeases(times);
      for (const Answer& answer : answers) {
        if (!answer.known) {
          ledger.leases().AskAgain(answer.time.id, now + kRefusedRetry);
        } else if (answer.time.end) {
          ledger.leases().AskAgain(answer.time.id, std::max(*answer.time.end, now + kLeaseRetry));
        }
      }
      for (std::size_t i = answers.size(); i < due.size(); ++i) {
        ledger.leases().AskAgain(due[i], now + kLeaseRetry);
      }
    });
    if (answers.size() < due.size()) return false;
  }
}

std::vector<Errands::Answer> Errands::Ask(const std::vector<store::LeaseId>& due) {
  std::vector<Answer> answers;
  for (const store::LeaseId id : due) {
    const SteadyTime sent = clock_.Now();
    const auto left = store_.LeaseTimeToLive(id, store::After(options_.call_timeout));
    if (left) {
      answers.push_back({{id, sent + std::min<seconds>(left->left, kLongest)}, true});
    } else if (IsAway(left.error())) {
      break;
    } else {
      answers.push_back({{id, std::nullopt}, left.error().code == ErrorCode::kNotFound});
    }
  }
  return answers;
}

}  // namespace rollcall::catalog
