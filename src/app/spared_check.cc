#include "app/spared_check.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/child.h"
#include "base/log.h"

namespace rollcall::app {

Result<void> CheckInSparedProcess(const std::string& directory) {
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const auto child =
      Spawn({"/proc/self/exe", "store", "check", "--store.path=" + directory}, nowhere);
  if (nowhere >= 0) (void)close(nowhere);
  if (!child) {
    // Without /proc.  It is a precaution, no condition.
    log::Warn("the store's file is opened unchecked", {{"why", child.error().message}});
    return {};
  }
  int status = 0;
  while (waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFSIGNALED(status)) return {};
  return Fail(ErrorCode::kInternal,
              fmt::format("{}: a page is damaged or missing (reading it ends in signal {}, {})",
                          directory, WTERMSIG(status), strsignal(WTERMSIG(status))));
}

}  // namespace rollcall::app
