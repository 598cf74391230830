// Reads a store's file in a process that can be spared: LMDB trusts its pages, and one
// that is damaged or missing ends whoever follows it.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace rollcall::app {

// Runs `work` in a child, which ends with us, and returns its exit status.  Before the
// first thread.
// kInternal: `file` is damaged so that reading it kills.  kUnavailable: something else
// ended the child.
[[nodiscard]] Result<int> InSparedProcess(const std::string& file,
                                          const std::function<int()>& work);

// Runs `rollcall store check` on the directory and waits for it; at any time.
// kInternal: as above.  What else may be wrong shows when the store is opened.
[[nodiscard]] Result<void> CheckInSparedProcess(const std::string& directory);

}  // namespace rollcall::app
