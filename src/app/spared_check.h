// Looks through the embedded store's file before it is opened.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace rollcall::app {

// Runs `rollcall store check` on the directory and waits for it; at any time.
// kInternal: the file is damaged so that reading it kills.  What else may be wrong shows
// when the store is opened.  `check`: the command, for tests.
[[nodiscard]] Result<void> CheckInSparedProcess(const std::string& directory,
                                                std::vector<std::string> check = {
                                                    "/proc/self/exe", "store", "check"});

}  // namespace rollcall::app
