#include "base/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace rollcall {
namespace {

namespace fs = std::filesystem;

// A file descriptor that is closed when it goes.
class File {
 public:
  File(const fs::path& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] bool ok() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

bool Write(const fs::path& path, const std::string& text) {
  const File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file.ok()) return false;
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = write(file.fd(), text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return fsync(file.fd()) == 0;
}

bool SyncDirectory(const fs::path& directory) {
  const File file(directory, O_RDONLY | O_DIRECTORY);
  return file.ok() && fsync(file.fd()) == 0;
}

tl::unexpected<Error> Failed(ErrorCode code, const fs::path& path, const char* what) {
  return Fail(code, path.string() + ": " + what + ": " + std::strerror(errno));
}

}  // namespace

Result<void> WriteWholeFile(const fs::path& path, const std::string& text) {
  const fs::path draft = path.parent_path() / ("." + path.filename().string() + ".draft");
  if (!Write(draft, text)) {
    auto failed = Failed(ErrorCode::kUnavailable, path, "writing");
    std::error_code error;
    fs::remove(draft, error);
    return failed;
  }
  if (std::rename(draft.c_str(), path.c_str()) != 0) {
    return Failed(ErrorCode::kUnavailable, path, "renaming");
  }
  if (!SyncDirectory(path.parent_path())) {
    return Failed(ErrorCode::kUnavailable, path, "syncing the directory");
  }
  return {};
}

Result<std::string> ReadWholeFile(const fs::path& path, std::size_t most) {
  // Else opening a FIFO would wait for somebody to write to it.
  const File file(path, O_RDONLY | O_NONBLOCK);
  if (!file.ok()) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    return Failed(missing ? ErrorCode::kNotFound : ErrorCode::kUnavailable, path, "opening");
  }
  struct stat about {};
  if (fstat(file.fd(), &about) != 0) return Failed(ErrorCode::kUnavailable, path, "reading");
  if (!S_ISREG(about.st_mode)) {
    return Fail(ErrorCode::kUnavailable, path.string() + ": is no regular file");
  }
  std::string text;
  for (char buffer[16 << 10];;) {
    const ssize_t n = read(file.fd(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failed(ErrorCode::kUnavailable, path, "reading");
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > most) {
      return Fail(ErrorCode::kExhausted,
                  path.string() + ": is larger than " + std::to_string(most) + " octets");
    }
  }
}

}  // namespace rollcall
