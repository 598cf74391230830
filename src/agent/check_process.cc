#include "agent/check_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "base/quote.h"

namespace rollcall::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLastWait{500};

ErrorCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
      return ErrorCode::kNotFound;
    case EAGAIN:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return ErrorCode::kExhausted;
    default:
      return ErrorCode::kRefused;
  }
}

// How the command starts: a group of its own, and signals as a shell would give them.
class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

// What it has open: nothing to read, our pipe to write to, and nothing else.
class Files {
 public:
  explicit Files(int output) {
    posix_spawn_file_actions_init(&files_);
    posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files_, output, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files_, STDERR_FILENO + 1);
  }
  ~Files() { posix_spawn_file_actions_destroy(&files_); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &files_; }

 private:
  posix_spawn_file_actions_t files_{};
};

}  // namespace

Result<StartedCommand> StartCommand(const std::vector<std::string>& command) {
  if (command.empty() || command[0].empty()) {
    return Fail(ErrorCode::kNotFound, "no command is given");
  }
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return Fail(CodeOf(errno), fmt::format("no pipe: {}", std::strerror(errno)));
  }
  StartedCommand started{-1, ends[0]};
  const Attributes attributes;
  const Files files(ends[1]);
  const int error = posix_spawnp(&started.leader, arguments[0], files.get(), attributes.get(),
                                 arguments.data(), environ);
  close(ends[1]);
  if (error == 0) return started;
  close(ends[0]);
  return Fail(CodeOf(error),
              fmt::format("{} cannot be run: {}", Quote(command[0]), std::strerror(error)));
}

Reaper::~Reaper() {
  const auto until = std::chrono::steady_clock::now() + kLastWait;
  for (Sweep(); !killed_.empty() && std::chrono::steady_clock::now() < until; Sweep()) {
    std::this_thread::sleep_for(milliseconds(2));
  }
}

void Reaper::End(pid_t leader) {
  kill(-leader, SIGKILL);
  killed_.push_back(leader);
  Sweep();
}

Result<int> Reaper::Collect(pid_t leader) {
  kill(-leader, SIGKILL);
  int status = 0;
  while (waitpid(leader, &status, 0) != leader) {
    if (errno == EINTR) continue;
    return Fail(ErrorCode::kNotFound,
                "its exit status is lost: SIGCHLD is ignored where the agent was started");
  }
  return status;
}

void Reaper::Sweep() {
  std::erase_if(killed_, [](pid_t leader) { return waitpid(leader, nullptr, WNOHANG) != 0; });
}

}  // namespace rollcall::agent
