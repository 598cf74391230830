// What a server writes by itself: it dates losses, carries out deregistrations that were
// given in advance and stops that nobody came back from, puts into the store what
// mass-loss protection holds, and ends maintenance.
//
// Every server does all of it.  Each write holds only while what it rests on stands, so
// doing it twice does no harm; and each waits for a moment that differs from server to
// server, so that mostly one does it.  Nothing is written but by a view that is known to
// be that of the store.
//
// Threads: one of its own; any thread may read counters() and tally().
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "catalog/publisher.h"
#include "catalog/removals.h"
#include "catalog/view.h"
#include "keeper/census.h"
#include "keeper/wants.h"
#include "registry/records.h"
#include "store/store.h"

namespace rollcall::keeper {

struct Options {
  LookOptions look;
  // Beyond these, deregistrations given in advance wait.
  catalog::ProtectOptions protect;
  std::vector<wire::Name> zones;
  std::chrono::milliseconds look_at_most{250};  // between two looks, if the view changes
  std::chrono::milliseconds look_at_least{1000};
  std::chrono::milliseconds count_pause{5000};  // of the census
  std::chrono::milliseconds spread{1000};       // within which a server writes what it wants
  std::chrono::milliseconds call_timeout{2000};
  // Of one turn; then it looks again.
  std::size_t most_writes = 500;
  std::chrono::milliseconds most_time{5000};
};

struct Counters {
  std::array<std::uint64_t, kVerbs> done{};  // by Verb; those that this server wrote
  std::uint64_t failed = 0;                  // the store was away, or would not
};

// What is known now.
struct State {
  Tally tally;
  std::size_t waiting = 0;  // due, but beyond protection
  Census::Counts census{};
  std::shared_ptr<const Census::Services> services = std::make_shared<const Census::Services>();
};

class Keeper {
 public:
  // Borrows `store`, `publisher` and `clock` until destroyed.  `standing` is called on the
  // keeper's thread.
  Keeper(store::Store& store, catalog::Publisher& publisher,
         std::function<catalog::Standing()> standing, Options options,
         const Clock& clock = SystemClock());
  ~Keeper() { Stop(); }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  void Start();
  void Stop();  // bounded by the call under way

  [[nodiscard]] Counters counters() const;
  [[nodiscard]] State state();

  // One look, and what is due by then.  The thread calls it; a test without Start() may.
  void Turn();

 private:
  struct Waiting {
    Want want;
    SteadyTime due{};
    int refused = 0;     // times that it was no longer as it was seen
    bool tried = false;  // since the last look
  };
  using Waitings = std::map<std::string, Waiting>;  // by Want::Id()

  void Run(const std::stop_token& stop);
  [[nodiscard]] std::chrono::milliseconds Pause() const;
  [[nodiscard]] bool LookIsDue(SteadyTime now);
  void TakeWants(std::vector<Want> wants, SteadyTime now);
  void CarryOut();
  // False: the store is away; the others need not be tried.
  bool CarryOut(Waiting& waiting);
  [[nodiscard]] Result<bool> Write(const Want& want);
  // Whether one more deregistration given in advance is within protection.
  [[nodiscard]] bool MayRetire(const Want& want);
  void CountRetiredByOthers(const Waiting& gone);
  void Tell(const Want& want);
  void TellError(Verb verb, const Error& error);

  catalog::Publisher::Reader reader_;
  const std::function<catalog::Standing()> standing_;
  const Options options_;
  const Clock& clock_;
  registry::Records records_;

  // Of the thread.
  Sightings sightings_;
  catalog::Removals retired_;  // weighs them
  Census census_;
  Waitings waiting_;
  Backoff backoff_{std::chrono::milliseconds(500), std::chrono::milliseconds(30'000)};
  SteadyTime not_before_{};  // after the store was away
  SteadyTime next_look_{};   // at the latest
  SteadyTime soonest_look_{};
  std::uint64_t seen_changes_ = 0;
  std::array<bool, kVerbs> error_told_{};
  std::size_t told_ = 0;  // lines in the log of this turn
  bool protection_told_ = false;
  std::minstd_rand random_{std::random_device{}()};

  std::array<std::atomic<std::uint64_t>, kVerbs> done_{};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<bool> stopping_{false};
  Guarded<State> state_;
  std::mutex wake_mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace rollcall::keeper
