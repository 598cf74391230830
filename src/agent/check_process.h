// Commands of checks as processes: each leads a process group of its own, which ends with
// it.
//
// Threads: one.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace rollcall::agent {

struct StartedCommand {
  pid_t leader = -1;
  int output = -1;  // the reading end of its standard output and error; the caller closes it
};

// Program and arguments, as they are, without a shell; no input, none of our descriptors.
// kNotFound: there is no such program; kRefused: it cannot be run; kExhausted: we have
// no processes, memory or descriptors left.
[[nodiscard]] Result<StartedCommand> StartCommand(const std::vector<std::string>& command);

// Ends groups, and collects their leaders, so that none stays behind as a zombie.
class Reaper {
 public:
  Reaper() = default;
  ~Reaper();  // waits for those that were killed just now, half a second at most
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

  // Kills the group, and collects its leader: now, if it has ended, or by and by.
  // Requires: it has not been collected yet; until then nobody else can have its number.
  void End(pid_t leader);
  // Kills the rest of the group of a leader that has ended, and collects it: its wait
  // status.  kNotFound: the kernel does not keep it, since somebody ignores SIGCHLD.
  [[nodiscard]] static Result<int> Collect(pid_t leader);

 private:
  void Sweep();

  std::vector<pid_t> killed_;
};

}  // namespace rollcall::agent
