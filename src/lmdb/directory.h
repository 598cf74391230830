// The directory of one server's files, held by one process at a time.
//
// Threads: a value that is moved, not shared.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace rollcall::lmdb {

class Directory {
 public:
  // Makes the directory (mode 700) if it is not there, and holds it until destroyed.
  // kConflict: another process holds it; the message names it.  kUnavailable: it is not
  // there and cannot be made.
  [[nodiscard]] static Result<Directory> Hold(const std::string& path);

  Directory(Directory&& other) noexcept
      : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}
  Directory& operator=(Directory&&) = delete;
  ~Directory();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string File(const char* name) const { return path_ + "/" + name; }

 private:
  Directory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_;  // a locked file; closing it lets go
};

// Makes durable which names are in it.
[[nodiscard]] Result<void> SyncDirectory(const std::string& path);

}  // namespace rollcall::lmdb
