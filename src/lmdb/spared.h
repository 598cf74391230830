// Reads a file in a process that can be spared: LMDB trusts its pages, and one that is
// damaged or missing ends whoever follows it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::lmdb {

// In the message of an error that says that reading kills, and nowhere else.
inline constexpr std::string_view kKills = "a page is damaged or missing";

// Runs `work` in a child, which ends with us, and returns its exit status.  Before the
// first thread; but `meanwhile` runs here when the child is there, and may begin some.
// kInternal: `file` is damaged so that reading it kills.  kUnavailable: something else
// ended the child.
[[nodiscard]] Result<int> InSparedProcess(const std::string& file, const std::function<int()>& work,
                                          const std::function<void()>& meanwhile = {});

// The same of a child that is there already: waits for its end.
[[nodiscard]] Result<int> AwaitReader(pid_t child, const std::string& file);

}  // namespace rollcall::lmdb
