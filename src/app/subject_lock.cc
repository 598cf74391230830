#include "app/subject_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace rollcall::app {
namespace {

int OpenLockFile(const std::filesystem::path& directory) {
  return open((directory / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

bool LockByte(int fd, int command, std::uint64_t hash) {
  struct flock byte {};
  byte.l_type = F_WRLCK;
  byte.l_whence = SEEK_SET;
  byte.l_start = static_cast<off_t>(hash >> 2U);  // within what an offset may be
  byte.l_len = 1;
  int result = 0;
  do {
    result = fcntl(fd, command, &byte);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

}  // namespace

SubjectLock SubjectLock::Wait(const std::filesystem::path& directory, std::uint64_t hash) {
  const int fd = OpenLockFile(directory);
  if (fd >= 0) (void)LockByte(fd, F_OFD_SETLKW, hash);
  return SubjectLock(fd);
}

std::optional<SubjectLock> SubjectLock::Try(const std::filesystem::path& directory,
                                            std::uint64_t hash) {
  SubjectLock lock(OpenLockFile(directory));
  if (lock.fd_ >= 0 && !LockByte(lock.fd_, F_OFD_SETLK, hash) &&
      (errno == EAGAIN || errno == EACCES)) {
    return std::nullopt;
  }
  return lock;
}

SubjectLock::SubjectLock(SubjectLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {
}

SubjectLock::~SubjectLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace rollcall::app
