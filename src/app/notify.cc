#include "app/notify.h"

#include <systemd/sd-daemon.h>

namespace rollcall::app {

void NotifyReady() {
  (void)sd_notify(0, "READY=1");
}
void NotifyStopping() {
  (void)sd_notify(0, "STOPPING=1");
}
void NotifyStatus(const std::string& status) {
  (void)sd_notify(0, ("STATUS=" + status).c_str());
}
void NotifyWatchdog() {
  (void)sd_notify(0, "WATCHDOG=1");
}

std::chrono::milliseconds WatchdogInterval() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::chrono::milliseconds(0);
  return std::chrono::milliseconds(microseconds / 2000);
}

}  // namespace rollcall::app
