// rollcall deregister --lost-for=DURATION [SERVICE]
#pragma once

#include "app/command.h"

namespace rollcall::app {

[[nodiscard]] std::vector<Setting> LostForSettings();

// Shows what has been lost for longer than --lost-for, and deregisters it once somebody
// has said yes.  Returns the status to exit with.
[[nodiscard]] int DeregisterLost(const Invocation& invocation);

}  // namespace rollcall::app
