#include "app/spared_check.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>

#include "app/child.h"
#include "base/log.h"
#include "lmdb/spared.h"

namespace rollcall::app {
namespace {

// The line of what a child wrote that tells of its end; "": none does.
std::string LineOfEnd(int output) {
  std::string text;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t size = pread(output, part.data(), part.size(), static_cast<off_t>(text.size()));
    if (size <= 0) break;
    text.append(part.data(), static_cast<std::size_t>(size));
  }
  const std::size_t found = text.find(lmdb::kKills);
  return found == std::string::npos ? "" : text.substr(found, text.find('\n', found) - found);
}

}  // namespace

Result<void> CheckInSparedProcess(const std::string& directory) {
  const int output = memfd_create("check", MFD_CLOEXEC);
  const auto child =
      Spawn({"/proc/self/exe", "store", "check", "--store.path=" + directory}, output);
  std::string end;
  if (child) {
    const auto status = lmdb::AwaitReader(*child, directory);
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
