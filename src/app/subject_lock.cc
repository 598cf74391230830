#include "app/subject_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace rollcall::app {
namespace {

namespace fs = std::filesystem;

// `length` 0: all of the file.
bool Lock(int fd, int command, off_t start, off_t length) {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = start;
  range.l_len = length;
  int result = 0;
  do {
    result = fcntl(fd, command, &range);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

// Whether the file is still what others find by its name.
bool IsThere(int fd, const fs::path& file) {
  struct stat held {};
  struct stat named {};
  return fstat(fd, &held) == 0 && stat(file.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
         held.st_dev == named.st_dev;
}

constexpr int kBusy = -2;

// A descriptor that holds the byte; -1: there is nothing to lock; or kBusy.
int OpenLocked(const fs::path& file, int command, std::uint64_t hash) {
  const auto byte = static_cast<off_t>(hash >> 2U);  // within what an offset may be
  for (;;) {
    const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    const bool locked = Lock(fd, command, byte, 1);
    const int error = errno;
    if (locked && IsThere(fd, file)) return fd;
    close(fd);
    if (!locked) return error == EAGAIN || error == EACCES ? kBusy : -1;
  }
}

}  // namespace

SubjectLock SubjectLock::Wait(const fs::path& directory, std::uint64_t hash) {
  fs::path file = directory / ".lock";
  const int fd = OpenLocked(file, F_OFD_SETLKW, hash);
  return {std::move(file), fd};
}

std::optional<SubjectLock> SubjectLock::Try(const fs::path& directory, std::uint64_t hash) {
  fs::path file = directory / ".lock";
  const int fd = OpenLocked(file, F_OFD_SETLK, hash);
  if (fd == kBusy) return std::nullopt;
  return SubjectLock(std::move(file), fd);
}

SubjectLock::SubjectLock(SubjectLock&& other) noexcept
    : file_(std::move(other.file_)), fd_(std::exchange(other.fd_, -1)) {
}

SubjectLock::~SubjectLock() {
  if (fd_ < 0) return;
  // Nobody else holds a byte, and who comes to wait for one sees that the file is gone.
  if (Lock(fd_, F_OFD_SETLK, 0, 0)) (void)unlink(file_.c_str());
  close(fd_);
}

}  // namespace rollcall::app
