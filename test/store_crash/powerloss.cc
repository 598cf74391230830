// A preloaded library that keeps, beside a file, what of it would be left after the power
// had failed: what was synced, and of what was only written some part, by chance.
//
// kill -9 leaves the page cache, so it proves nothing about syncing.
//
//   POWERLOSS_FILE    the file, as its program opens it for writing
//   POWERLOSS_IMAGE   where to keep the image; made of the file if it is not there
//   POWERLOSS_NOSYNC  a number: after so many, fsync and fdatasync do nothing, as if
//                     nobody called them
//   POWERLOSS_FAIL    while a file of this name is there, they fail with EIO
//
// Writes by a descriptor that was opened with O_DSYNC are synced at once.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace {

template <typename Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

constexpr off_t kSector = 512;

class Image {
 public:
  static Image& Get() {
    static Image* image = new Image;  // outlives every caller
    return *image;
  }

  // A file was opened.
  void Opened(const char* path, int flags, int fd) {
    if (file_.empty() || fd < 0 || file_ != path || (flags & O_ACCMODE) == O_RDONLY) return;
    const std::lock_guard lock(mutex_);
    synced_at_once_[fd] = (flags & O_DSYNC) != 0;
    if (image_fd_ < 0) Begin();
  }
  void Closed(int fd) {
    const std::lock_guard lock(mutex_);
    synced_at_once_.erase(fd);
  }

  // Octets of the file were written by `fd`.
  void Written(int fd, off_t at, ssize_t size) {
    if (size <= 0) return;
    const std::lock_guard lock(mutex_);
    const auto known = synced_at_once_.find(fd);
    if (known == synced_at_once_.end()) return;
    if (known->second) {
      Keep(at, size);
      return;
    }
    dirty_.emplace_back(at, size);
    // The kernel may write back what nobody asked it to, and be cut off in the midst.
    if (random_() % 4 == 0) Keep(at, std::min<off_t>(size, (random_() % 9) * kSector));
  }

  // What becomes of a sync: 0: it is left out; -1: it fails; 1: it is done.
  int Sync(int fd) {
    const std::lock_guard lock(mutex_);
    if (!synced_at_once_.contains(fd)) return 1;
    if (!fail_.empty() && access(fail_.c_str(), F_OK) == 0) {
      errno = EIO;
      return -1;
    }
    if (syncs_left_ <= 0) return 0;
    --syncs_left_;
    return 1;
  }
  void Synced(int fd) {
    const std::lock_guard lock(mutex_);
    if (!synced_at_once_.contains(fd)) return;
    struct stat stat {};
    if (fstat(fd, &stat) == 0) (void)!ftruncate(image_fd_, stat.st_size);
    for (const auto& [at, size] : dirty_) Keep(at, size);
    dirty_.clear();
  }

 private:
  Image() {
    const char* file = std::getenv("POWERLOSS_FILE");
    const char* image = std::getenv("POWERLOSS_IMAGE");
    if (file && image) {
      file_ = file;
      image_ = image;
    }
    if (const char* syncs = std::getenv("POWERLOSS_NOSYNC")) syncs_left_ = std::atoll(syncs);
    if (const char* fail = std::getenv("POWERLOSS_FAIL")) fail_ = fail;
  }

  // The image of what was there before: all of it counts as synced.
  void Begin() {
    image_fd_ = open_(image_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    file_fd_ = open_(file_.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat stat {};
    if (image_fd_ < 0 || file_fd_ < 0 || fstat(image_fd_, &stat) != 0) {
      Die("the image cannot be made");
    }
    if (stat.st_size > 0) return;
    if (fstat(file_fd_, &stat) == 0 && stat.st_size > 0) Keep(0, stat.st_size);
  }

  void Keep(off_t at, off_t size) {
    std::array<char, 1 << 16> octets;
    while (size > 0) {
      const ssize_t got = pread(file_fd_, octets.data(),
                                static_cast<std::size_t>(std::min<off_t>(size, octets.size())), at);
      if (got <= 0) return;
      if (pwrite_(image_fd_, octets.data(), static_cast<std::size_t>(got), at) != got) {
        Die("the image cannot be written");
      }
      at += got;
      size -= got;
    }
  }

  [[noreturn]] static void Die(const char* why) {
    (void)!write(STDERR_FILENO, why, std::strlen(why));
    std::abort();
  }

  using OpenFunction = int (*)(const char*, int, ...);
  using PwriteFunction = ssize_t (*)(int, const void*, size_t, off_t);
  const OpenFunction open_ = Next<OpenFunction>("open");
  const PwriteFunction pwrite_ = Next<PwriteFunction>("pwrite");

  std::mutex mutex_;
  std::string file_;
  std::string image_;
  std::string fail_;
  long long syncs_left_ = std::numeric_limits<long long>::max();
  int image_fd_ = -1;
  int file_fd_ = -1;                    // to read by: LMDB's own may only write
  std::map<int, bool> synced_at_once_;  // descriptors of the file, and whether O_DSYNC
  std::vector<std::pair<off_t, off_t>> dirty_;
  std::minstd_rand random_{std::random_device{}()};
};

int OpenNext(const char* name, const char* path, int flags, mode_t mode) {
  const int fd = Next<int (*)(const char*, int, ...)>(name)(path, flags, mode);
  Image::Get().Opened(path, flags, fd);
  return fd;
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenNext("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenNext("open64", path, flags, mode);
}

int close(int fd) {
  Image::Get().Closed(fd);
  return Next<int (*)(int)>("close")(fd);
}

ssize_t pwrite(int fd, const void* octets, size_t size, off_t at) {
  const ssize_t done =
      Next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite")(fd, octets, size, at);
  Image::Get().Written(fd, at, done);
  return done;
}

ssize_t pwrite64(int fd, const void* octets, size_t size, off64_t at) {
  return pwrite(fd, octets, size, at);
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t at) {
  const ssize_t done =
      Next<ssize_t (*)(int, const iovec*, int, off_t)>("pwritev")(fd, parts, count, at);
  Image::Get().Written(fd, at, done);
  return done;
}

ssize_t pwritev64(int fd, const iovec* parts, int count, off64_t at) {
  return pwritev(fd, parts, count, at);
}

ssize_t write(int fd, const void* octets, size_t size) {
  const off_t at = lseek(fd, 0, SEEK_CUR);
  const ssize_t done = Next<ssize_t (*)(int, const void*, size_t)>("write")(fd, octets, size);
  if (at >= 0) Image::Get().Written(fd, at, done);
  return done;
}

ssize_t writev(int fd, const iovec* parts, int count) {
  const off_t at = lseek(fd, 0, SEEK_CUR);
  const ssize_t done = Next<ssize_t (*)(int, const iovec*, int)>("writev")(fd, parts, count);
  if (at >= 0) Image::Get().Written(fd, at, done);
  return done;
}

int fdatasync(int fd) {
  if (const int what = Image::Get().Sync(fd); what != 1) return what;
  const int done = Next<int (*)(int)>("fdatasync")(fd);
  if (done == 0) Image::Get().Synced(fd);
  return done;
}

int fsync(int fd) {
  if (const int what = Image::Get().Sync(fd); what != 1) return what;
  const int done = Next<int (*)(int)>("fsync")(fd);
  if (done == 0) Image::Get().Synced(fd);
  return done;
}

}  // extern "C"
