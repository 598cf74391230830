#include "lmdb/spared.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace rollcall::lmdb {

Result<int> InSparedProcess(const std::string& file, const std::function<int()>& work,
                            const std::function<void()>& meanwhile) {
  (void)std::fflush(nullptr);  // else both of us write what waits there
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return Fail(ErrorCode::kUnavailable, file + ": " + std::strerror(errno));
  if (child == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    const rlimit none{0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    // A sanitizer's would end us by a status.
    for (const int signal : {SIGBUS, SIGSEGV, SIGABRT}) (void)std::signal(signal, SIG_DFL);
    const int status = work();
    (void)std::fflush(nullptr);
    _exit(status);
  }
  if (meanwhile) meanwhile();
  return AwaitReader(child, file);
}

Result<int> AwaitReader(pid_t child, const std::string& file) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFSIGNALED(status)) return WEXITSTATUS(status);
  const int signal = WTERMSIG(status);
  const bool by_reading = signal == SIGBUS || signal == SIGSEGV || signal == SIGABRT;
  const std::string end = "signal " + std::to_string(signal) + ", " + strsignal(signal);
  if (!by_reading) return Fail(ErrorCode::kUnavailable, file + ": ended by " + end);
  return Fail(ErrorCode::kInternal,
              file + ": " + std::string(kKills) + " (reading it ends in " + end + ")");
}

}  // namespace rollcall::lmdb
