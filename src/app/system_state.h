// Is this machine going down?  Then its services stop without having been asked to
// leave: they come back with it.
#pragma once

#include <string>
#include <vector>

namespace rollcall::app {

enum class SystemState {
  kStaysUp,
  kGoingDown,
  kUnknown,  // there is an init that should know, and it did not say
};

// Where to look; the tests look elsewhere.
struct SystemPlaces {
  std::string systemd_directory = "/run/systemd/system";  // there exactly under systemd
  std::vector<std::string> systemctl = {"systemctl", "is-system-running"};
};

// Under systemd: what `systemctl is-system-running` says, asked for two seconds at
// most.  Else the run level: 0 and 6 are going down (SysV init's and Upstart's
// RUNLEVEL variable, or utmp's record).
[[nodiscard]] SystemState AskSystemState(const SystemPlaces& places = {});

}  // namespace rollcall::app
