#include "app/system_state.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmpx.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "app/child.h"

namespace rollcall::app {
namespace {

constexpr std::chrono::milliseconds kPatience{2000};

// What a program prints, if it is done in time.
std::optional<std::string> OutputOf(const std::vector<std::string>& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  const auto child = Spawn(command, ends[1]);
  close(ends[1]);
  if (!child) {
    close(ends[0]);
    return std::nullopt;
  }
  std::string output;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  bool done = false;
  while (!done) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd waiting{ends[0], POLLIN, 0};
    if (left.count() <= 0 || poll(&waiting, 1, static_cast<int>(left.count())) == 0) break;
    char buffer[256];
    const ssize_t n = read(ends[0], buffer, sizeof buffer);
    if (n > 0) output.append(buffer, static_cast<std::size_t>(n));
    done = n == 0 || (n < 0 && errno != EINTR);
  }
  close(ends[0]);
  if (!done) kill(*child, SIGKILL);
  (void)waitpid(*child, nullptr, 0);
  if (!done) return std::nullopt;
  return output;
}

SystemState AskSystemd(const std::vector<std::string>& systemctl) {
  const auto output = OutputOf(systemctl);
  if (!output) return SystemState::kUnknown;
  const std::string word = output->substr(0, output->find('\n'));
  if (word == "stopping") return SystemState::kGoingDown;
  for (const char* up : {"running", "degraded", "starting", "initializing", "maintenance"}) {
    if (word == up) return SystemState::kStaysUp;
  }
  return SystemState::kUnknown;
}

bool RunLevelGoesDown() {
  if (const char* level = std::getenv("RUNLEVEL"); level != nullptr) {
    return level[0] == '0' || level[0] == '6';
  }
  utmpx wanted{};
  wanted.ut_type = RUN_LVL;
  setutxent();
  const utmpx* record = getutxid(&wanted);
  const int level = record == nullptr ? 0 : record->ut_pid % 256;  // the lower octet
  endutxent();
  return level == '0' || level == '6';
}

}  // namespace

SystemState AskSystemState(const SystemPlaces& places) {
  if (access(places.systemd_directory.c_str(), F_OK) == 0) return AskSystemd(places.systemctl);
  return RunLevelGoesDown() ? SystemState::kGoingDown : SystemState::kStaysUp;
}

}  // namespace rollcall::app
