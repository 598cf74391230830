// The agent's memory on the disk: one file of its state directory, written whole or not at
// all, and held against a second agent.
//
// Threads: one.
#pragma once

#include <filesystem>
#include <string>

#include "agent/memory.h"
#include "base/result.h"

namespace rollcall::agent {

class StateFile {
 public:
  // Makes the directory if need be, and takes its lock.
  // kConflict: another agent runs on it.  kUnavailable: it cannot be made or written.
  [[nodiscard]] static Result<StateFile> Open(const std::filesystem::path& directory);

  StateFile(StateFile&& other) noexcept;
  StateFile& operator=(StateFile&&) = delete;
  ~StateFile();

  // What was saved last, if it is of this host and machine.  One that is damaged, or of
  // another host, is moved aside with a line in the log, and an empty one given: then
  // nothing is known, so nothing will be deregistered.
  [[nodiscard]] Memory Load(const std::string& host, const std::string& machine) const;
  [[nodiscard]] Result<void> Save(const Memory& memory) const;

  // The machine id where the system has none: made once, and kept here.
  [[nodiscard]] Result<std::string> MachineId() const;

 private:
  StateFile(std::filesystem::path directory, int lock)
      : directory_(std::move(directory)), lock_(lock) {}
  void SetAside(std::string_view why) const;

  std::filesystem::path directory_;
  int lock_;  // closing it unlocks
};

}  // namespace rollcall::agent
