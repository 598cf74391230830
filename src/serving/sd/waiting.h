// Blocking queries: those who wait until an answer is another one than they have.
//
// While somebody waits, what he waits for is looked at every 25 ms, once for all who wait for
// the same, and only if the view has changed: thousands who wait cost next to nothing.
//
// Threads: one of its own; any may call Add() and Remove().
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "catalog/readers.h"

namespace rollcall::serving::sd {

struct WaitingOptions {
  std::size_t most = 20'000;
  std::chrono::milliseconds interval{25};
  bool alone = true;  // false: no thread; somebody calls Look()
};

class Waiting {
 public:
  // Borrows both until destroyed.
  Waiting(catalog::Readers& readers, const Clock& clock, WaitingOptions options);
  ~Waiting();
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  // What may change: two with one key are one.
  struct Subject {
    std::string key;
    // Quick: the view is held.
    std::function<std::uint64_t(const catalog::View&)> index;
    bool of_the_view = true;  // false: it may change while the view does not
  };
  using Id = std::uint64_t;
  // Calls `answer` once, on its own thread, when the subject's index is another one than `seen`
  // or the deadline is past.  Nothing: too many wait.
  [[nodiscard]] std::optional<Id> Add(Subject subject, std::uint64_t seen, SteadyTime deadline,
                                      std::function<void()> answer);
  // `answer` will not be called, unless it is being called already.
  void Remove(Id id);

  // Answers whom there is something for.
  void Look();
  // No more is answered; who waits is let go.
  void Stop();

  [[nodiscard]] std::size_t size() const { return state_.Lock()->where.size(); }

 private:
  struct Waiter {
    Id id = 0;
    std::uint64_t seen = 0;
    SteadyTime deadline;
    std::function<void()> answer;
  };
  struct Group {
    Subject subject;
    std::vector<Waiter> waiters;
  };
  struct State {
    std::map<std::string, Group> groups;
    std::unordered_map<Id, std::string> where;  // the group's key
    Id last = 0;
    std::uint64_t looked_at = 0;  // View::changes
    bool added = false;           // since then
    bool stopped = false;
  };

  void Run();
  // Moves who has waited long enough, or if `changed` all but those who have seen `index`.
  static void Take(Group& group, bool changed, std::uint64_t index, SteadyTime now,
                   std::vector<Waiter>& taken);

  catalog::Readers& readers_;
  const Clock& clock_;
  const WaitingOptions options_;
  mutable Guarded<State> state_;
  std::condition_variable wake_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace rollcall::serving::sd
