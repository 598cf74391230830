#include "app/spared_check.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <utility>

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

SparedCheck::SparedCheck(std::string directory, std::vector<std::string> check)
    : directory_(std::move(directory)), output_(memfd_create("check", MFD_CLOEXEC)) {
  check.push_back("--store.path=" + directory_);
  child_ = Spawn(check, output_);
}

SparedCheck::SparedCheck(SparedCheck&& other) noexcept
    : directory_(std::move(other.directory_)),
      output_(std::exchange(other.output_, -1)),
      child_(std::exchange(other.child_, std::nullopt)) {
}

SparedCheck::~SparedCheck() {
  if (child_) (void)Await();
}

Result<void> SparedCheck::Await() {
  const auto child = *std::exchange(child_, std::nullopt);
  Result<int> status = 0;
  std::string end;
  if (child) {
    status = lmdb::AwaitReader(*child, directory_);
    if (output_ >= 0) end = LineOfEnd(output_);
  } else {
    status = Fail(child.error());  // without /proc
  }
  if (output_ >= 0) (void)close(std::exchange(output_, -1));
  if (!end.empty()) return Fail(ErrorCode::kInternal, directory_ + ": " + end);
  if (status) return {};
  if (status.error().code == ErrorCode::kInternal) return Fail(status.error());
  // It is a precaution, no condition: one whom somebody else has ended, since memory was short,
  // say, has told nothing of the file.
  log::Warn("the store's file is opened unchecked", {{"why", status.error().message}});
  return {};
}

}  // namespace rollcall::app
