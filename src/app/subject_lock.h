// One subject of a directory, held against other processes: a byte of its file `.lock`,
// picked by a hash, so that those who are about something else need not wait.  The file
// goes with the last who holds a byte of it.
//
// Threads: two locks of one process exclude each other as well (open file description
// locks, fcntl(2)); so never ask for one while holding it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

namespace rollcall::app {

class SubjectLock {
 public:
  // Waits.  A directory that is not there or may not be written holds nothing to be
  // kept from others: then there is no lock.
  [[nodiscard]] static SubjectLock Wait(const std::filesystem::path& directory, std::uint64_t hash);
  // Empty: somebody else has it.
  [[nodiscard]] static std::optional<SubjectLock> Try(const std::filesystem::path& directory,
                                                      std::uint64_t hash);

  SubjectLock(SubjectLock&& other) noexcept;
  SubjectLock& operator=(SubjectLock&&) = delete;
  ~SubjectLock();

 private:
  SubjectLock(std::filesystem::path file, int fd) : file_(std::move(file)), fd_(fd) {}

  std::filesystem::path file_;
  int fd_;  // closing it unlocks; -1: nothing is held
};

}  // namespace rollcall::app
