// Answers made once for all who ask for the same: kept as long as they are true, a few of them,
// and made by one for all who ask meanwhile.
//
// A body that many are still being sent lives until the last of them has it.  So that clients
// which take long, each of them another version, cannot fill the memory, nothing large is made
// while too much is under way.  Then there is no answer, rather than an old one: whoever has had
// a newer one would take what is new in it for gone.
//
// Threads: any.  What is made large is made on the worker.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "serving/http/exchange.h"
#include "serving/sd/body.h"
#include "serving/sd/worker.h"

namespace rollcall::serving::sd {

class Bodies {
 public:
  struct Limits {
    std::size_t most_bodies = 256;
    std::size_t most_octets = std::size_t{64} << 20U;      // kept; the newest always is
    std::size_t most_under_way = std::size_t{128} << 20U;  // being sent
  };
  // Borrows `worker`; destroyed before it only once it does nothing more.
  Bodies(Worker& worker, Limits limits) : worker_(worker), limits_(limits) {}

  // The body of `key`, if it is true of `moment`; null: it has to be made.
  [[nodiscard]] BodyPtr Find(const std::string& key, const Moment& moment, WallTime now);

  // Makes a body.  May tell `begun` of it once, before it is whole: then those who wait for
  // it get it already.
  using Begun = std::function<void(const BodyPtr&)>;
  using Build = std::function<BodyPtr(const Begun& begun)>;
  // Makes it on this thread; for what is small.
  [[nodiscard]] BodyPtr MakeHere(const std::string& key, const Build& build);

  // Calls `done` with a body of `moment` or later: at once if there is one, else it is made on the
  // worker, for all who wait for it, and `done` is called there.  Null: too much is under way.
  using Done = std::function<void(const BodyPtr&)>;
  void Make(const std::string& key, const Moment& moment, WallTime now, Build build, Done done);

  struct Counters {
    std::uint64_t made = 0;
    std::uint64_t kept = 0;    // answers for which there was one
    std::uint64_t spared = 0;  // times that none was made, since too much was under way
  };
  [[nodiscard]] Counters counters() const { return state_.Lock()->counters; }

 private:
  struct Entry {
    BodyPtr body;
    std::uint64_t used = 0;
    std::size_t octets = 0;  // once it is whole
  };
  struct Waiter {
    Moment moment;
    Done done;
  };
  struct Flight {
    Build build;
    std::vector<Waiter> waiters;
  };
  struct State {
    absl::flat_hash_map<std::string, Entry> entries;
    absl::flat_hash_map<std::string, Flight> flights;
    std::vector<std::weak_ptr<const std::string>> alive;  // large pieces; some may be gone
    std::size_t octets = 0;                               // of the entries
    std::uint64_t uses = 0;
    Counters counters;
  };

  // Octets that somebody besides the entries still has.
  [[nodiscard]] static std::size_t UnderWay(State& state);
  [[nodiscard]] static BodyPtr Use(State& state, const std::string& key, const Moment& moment,
                                   WallTime now);
  // One that has begun; once it is whole it counts.
  static void Keep(State& state, const std::string& key, const BodyPtr& body);
  void Count(State& state, const std::string& key, const BodyPtr& body) const;
  void Start(const std::string& key);
  void Fly(const std::string& key);
  // Null: for none of them is there one.
  void Land(const std::string& key, const BodyPtr& body);

  Worker& worker_;
  const Limits limits_;
  mutable Guarded<State> state_;
};

}  // namespace rollcall::serving::sd
