// Runs the checks of all definitions, and tells of each change of health.
//
// Each check runs once an interval, whatever the others do: one that hangs holds up none,
// and ends by its timeout.  The first result of a check is its first health; from then on
// `rise` and `fall` count (health_count.h).  A check without a type is passing from the start.
//
// Threads: one of its own for all of them.  Set() may be called by any thread, one at a
// time.
// Bounded: connections and processes at once, what is read of an answer, and the time of all.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/definition.h"
#include "base/clock.h"
#include "model/state.h"

namespace rollcall::agent {

class Checker {
 public:
  struct Verdict {
    model::Health health = model::Health::kCritical;
    std::string output;  // of the result that decided; one short line, never empty
    WallTime since{};    // when it was decided
  };
  // Called on the checker's thread, which it must not hold up: it may not wait, nor throw,
  // nor destroy the checker.
  using OnChange = std::function<void(const std::string& id, const Verdict& verdict)>;

  struct Options {
    std::size_t most_connections = 256;
    std::size_t most_commands = 32;
    std::string name_servers;  // "ADDRESS:PORT,..."; "": the system's
  };

  // Borrows `clock` until destroyed.
  explicit Checker(OnChange on_change, const Clock& clock = SystemClock());
  Checker(OnChange on_change, const Clock& clock, Options options);
  // Breaks off what is running and kills the commands; within a second, whatever hangs.
  ~Checker();
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  // The checks there are, by id.  What is unchanged goes on undisturbed; what is changed
  // begins anew, with a first result.  Takes effect soon: until then a verdict on what was
  // taken away may still be told, but none after one on what came in its place.
  void Set(std::map<std::string, CheckSpec> checks);

 private:
  class Running;
  std::unique_ptr<Running> running_;
};

}  // namespace rollcall::agent
