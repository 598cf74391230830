// Somebody else's program, run by us.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace rollcall::app {

// Starts a program, found by PATH, without a shell: in our process group, with no
// signal blocked or ignored but as we were started, and our standard streams
// (`output`, if not negative, is its standard output, and its standard error is
// /dev/null).
// It is not bound to our life: if we are killed it goes on, as an exporter should.
// kNotFound: no such program; kRefused: it may not be run.
[[nodiscard]] Result<pid_t> Spawn(const std::vector<std::string>& command, int output = -1);

// The status a shell gives: the program's own, or 128 + the signal that ended it.
[[nodiscard]] int ExitStatus(int wait_status);

}  // namespace rollcall::app
