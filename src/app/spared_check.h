// Looks whether a store's file can be read at all, in a process that can be spared.
#pragma once

#include <string>

#include "base/result.h"

namespace rollcall::app {

// Runs `rollcall store check` on the directory and waits for it.  kInternal: the file is
// damaged so that reading it kills.  What else may be wrong shows when it is opened.
[[nodiscard]] Result<void> CheckInSparedProcess(const std::string& directory);

}  // namespace rollcall::app
