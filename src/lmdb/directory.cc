#include "lmdb/directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace rollcall::lmdb {
namespace {

tl::unexpected<Error> Unusable(const std::string& path, int error) {
  return Fail(ErrorCode::kUnavailable, path + ": " + std::strerror(error));
}

// The process that holds the lock, as it wrote itself down.
std::string Holder(int lock) {
  std::array<char, 32> text{};
  const ssize_t size = pread(lock, text.data(), text.size(), 0);
  const std::string pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return pid.empty() ? "another process" : "process " + pid.substr(0, pid.find('\n'));
}

void WriteDown(int lock) {
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(lock, 0) != 0) return;
  (void)!pwrite(lock, pid.data(), pid.size(), 0);  // only a message is the poorer for it
}

}  // namespace

Result<Directory> Directory::Hold(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    const auto parent = std::filesystem::path(path).parent_path();
    if (!parent.empty()) std::filesystem::create_directories(parent, error);
    // What is registered is nobody's business but the server's.
    if (mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) return Unusable(path, errno);
  }
  const std::string file = path + "/lock";
  int lock = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (lock < 0) lock = open(file.c_str(), O_RDONLY | O_CLOEXEC);  // a file system only to read
  if (lock < 0) return Unusable(file, errno);
  Directory directory(path, lock);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Unusable(file, errno);
    return Fail(ErrorCode::kConflict, path + " is in use by " + Holder(lock));
  }
  WriteDown(lock);
  return directory;
}

Directory::~Directory() {
  if (lock_ >= 0) close(lock_);
}

Result<void> SyncDirectory(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Unusable(path, errno);
  const int error = fsync(fd) == 0 ? 0 : errno;
  (void)close(fd);
  return error == 0 ? Result<void>{} : Unusable(path, error);
}

}  // namespace rollcall::lmdb
