// What systemd wants to know (sd_notify(3)); silence where there is no systemd.
#pragma once

#include <chrono>
#include <string>

namespace rollcall::app {

void NotifyReady();
void NotifyStopping();
void NotifyStatus(const std::string& status);
void NotifyWatchdog();
// How often to call NotifyWatchdog(): half of WatchdogSec=; 0: it is not set.
[[nodiscard]] std::chrono::milliseconds WatchdogInterval();

}  // namespace rollcall::app
