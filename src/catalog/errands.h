// What the feed has to ask of the store, or to have written there, beside the list
// and the watch: the time of leases, and a serial offset that has to be raised.
// Either may take long and must hold up neither events nor proofs of contact.
//
// Threads: one of its own; any thread may call.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <thread>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "catalog/locked_ledger.h"
#include "store/store.h"

namespace rollcall::catalog {

struct ErrandOptions {
  std::chrono::milliseconds call_timeout{2000};  // of one question
  // Between two tries to raise the serial; the last step is kept.
  std::chrono::milliseconds raise_first{3000};
  std::chrono::milliseconds raise_most{300'000};
  std::function<void(std::uint32_t above, store::Revision at)> raise_serial;  // may be empty
};

class Errands {
 public:
  // Borrows all three until destroyed.
  Errands(store::Store& store, LockedLedger& ledger, const Clock& clock, ErrandOptions options);
  ~Errands() { Stop(); }

  void Start();
  void Stop();  // bounded by the call under way

  // The ledger may have leases to ask for.
  void LookAtLeases();
  // The store is there: if the serial is still wanted higher, have it raised.
  void LookAtSerial();

  [[nodiscard]] std::uint64_t lease_queries() const { return lease_queries_; }

 private:
  struct Wanted {
    bool stopping = false;
    bool leases = false;
    bool serial = false;
  };

  void Run();
  // Sleeps until `until`, or until something is wanted.  False: stopping.
  bool Sleep(SteadyTime until, bool wake_for_work);
  void RaiseSerial();
  [[nodiscard]] bool AskLeases();
  // What became of those asked for, in the order of `due`; shorter than `due` if
  // the store stopped answering.
  struct Answer {
    Ledger::LeaseTime time;
    bool known = false;  // else the store refused to tell
  };
  [[nodiscard]] std::vector<Answer> Ask(const std::vector<store::LeaseId>& due);

  store::Store& store_;
  LockedLedger& ledger_;
  const Clock& clock_;
  const ErrandOptions options_;
  Backoff raise_backoff_;  // of the thread
  SteadyTime next_raise_{};
  std::atomic<std::uint64_t> lease_queries_{0};
  Guarded<Wanted> wanted_;
  std::condition_variable changed_;
  std::jthread thread_;  // last: ends before what it uses
};

}  // namespace rollcall::catalog
