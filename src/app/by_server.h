// What commands do that are told --server: the same as at the store, by the API of a server.
//
// For hosts and people that may not, or cannot, reach the store.  What is read is what the server
// answers by, so it may be a moment behind; what is written is checked by its tokens.
//
// Threads: one; each call blocks until the server has answered.
#pragma once

#include <string>

#include "app/command.h"

namespace rollcall::app {

// Each returns the exit status of its command, and prints what it prints at the store.
[[nodiscard]] int ListByServer(const Invocation& invocation);
[[nodiscard]] int WatchByServer(const Invocation& invocation);
[[nodiscard]] int MaintainByServer(const Invocation& invocation);
[[nodiscard]] int EndMaintenanceByServer(const Invocation& invocation);
[[nodiscard]] int ListMaintenanceByServer(const Invocation& invocation);
[[nodiscard]] int ListHeldByServer(const Invocation& invocation);
[[nodiscard]] int ReleaseByServer(const Invocation& invocation);

}  // namespace rollcall::app
