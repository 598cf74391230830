// Whether anything has changed in a directory, by inotify(7).
//
// A hint: where the kernel cannot tell (a network file system, a directory that is not there
// yet), it is silent, and the caller looks now and then.
//
// Threads: one.
#pragma once

#include <filesystem>

namespace rollcall::app {

class DirectoryWatch {
 public:
  explicit DirectoryWatch(std::filesystem::path directory);
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

  // Since the last call; never waits.  Watches anew where another directory lies now.
  [[nodiscard]] bool Changed();

 private:
  std::filesystem::path directory_;
  int fd_ = -1;
  int watch_ = -1;  // -1: there is nothing to watch
};

}  // namespace rollcall::app
