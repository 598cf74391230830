#include "app/spared_check.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "app/child.h"
#include "base/log.h"

namespace rollcall::app {
namespace {

// In what `rollcall store check` prints, and nothing else says it.
constexpr std::string_view kKills = "a page is damaged or missing";

Result<int> AwaitStatus(pid_t child, const std::string& file) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFSIGNALED(status)) return ExitStatus(status);
  const int signal = WTERMSIG(status);
  const bool by_reading = signal == SIGBUS || signal == SIGSEGV || signal == SIGABRT;
  const std::string end = fmt::format("signal {}, {}", signal, strsignal(signal));
  if (!by_reading) return Fail(ErrorCode::kUnavailable, file + ": ended by " + end);
  return Fail(ErrorCode::kInternal,
              fmt::format("{}: {} (reading it ends in {})", file, kKills, end));
}

// The line of what a child wrote that tells of its end; "": none does.
std::string LineOfEnd(int output) {
  std::string text;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t size = pread(output, part.data(), part.size(), static_cast<off_t>(text.size()));
    if (size <= 0) break;
    text.append(part.data(), static_cast<std::size_t>(size));
  }
  const std::size_t found = text.find(kKills);
  return found == std::string::npos ? "" : text.substr(found, text.find('\n', found) - found);
}

}  // namespace

Result<int> InSparedProcess(const std::string& file, const std::function<int()>& work) {
  (void)std::fflush(nullptr);  // else both of us write what waits there
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return Fail(ErrorCode::kUnavailable, file + ": " + std::strerror(errno));
  if (child == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    const rlimit none{0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    const int status = work();
    (void)std::fflush(nullptr);
    _exit(status);
  }
  return AwaitStatus(child, file);
}

Result<void> CheckInSparedProcess(const std::string& directory) {
  const int output = memfd_create("check", MFD_CLOEXEC);
  const auto child =
      Spawn({"/proc/self/exe", "store", "check", "--store.path=" + directory}, output);
  std::string end;
  if (child) {
    const auto status = AwaitStatus(*child, directory);
    if (output >= 0) end = LineOfEnd(output);
    if (!status && end.empty()) end = status.error().message;
  }
  if (output >= 0) (void)close(output);
  if (!child) {
    // Without /proc.  It is a precaution, no condition.
    log::Warn("the store's file is opened unchecked", {{"why", child.error().message}});
    return {};
  }
  if (end.empty()) return {};
  return Fail(ErrorCode::kInternal, directory + ": " + end);
}

}  // namespace rollcall::app
