#include "agent/state_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "base/whole_file.h"

namespace rollcall::agent {
namespace {

namespace fs = std::filesystem;

constexpr char kState[] = "state";
constexpr char kMachine[] = "machine-id";

}  // namespace

Result<StateFile> StateFile::Open(const fs::path& directory) {
  const auto fail = [&](const char* what, int why) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("{}: {}: {}", directory.string(), what, std::strerror(why)));
  };
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return fail("making the directory", error.value());
  const int lock = open((directory / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return fail("opening its lock", errno);
  StateFile file(directory, lock);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail("locking", errno);
    return Fail(ErrorCode::kConflict,
                fmt::format("another agent runs with the state in {}", directory.string()));
  }
  return file;
}

StateFile::StateFile(StateFile&& other) noexcept
    : directory_(std::move(other.directory_)), lock_(std::exchange(other.lock_, -1)) {
}

StateFile::~StateFile() {
  if (lock_ >= 0) close(lock_);
}

Memory StateFile::Load(const std::string& host, const std::string& machine) const {
  Memory fresh;
  fresh.host = host;
  fresh.machine = machine;
  const auto text = ReadWholeFile(directory_ / kState);
  if (!text) {
    if (text.error().code != ErrorCode::kNotFound) SetAside(text.error().message);
    return fresh;
  }
  auto memory = ParseMemory(*text);
  if (!memory) {
    SetAside(memory.error().message);
    return fresh;
  }
  if (memory->host == host && memory->machine == machine) return *std::move(memory);
  SetAside(fmt::format("it is of {} with machine id {}, this is {} with {}", memory->host,
                       memory->machine, host, machine));
  return fresh;
}

void StateFile::SetAside(std::string_view why) const {
  std::error_code error;
  fs::rename(directory_ / kState, directory_ / "state.aside", error);
  log::Error(
      "the agent's state is not used; it starts afresh, and deregisters nothing it does not "
      "know",
      {{"file", (directory_ / kState).string()},
       {"reason", why},
       {"moved_to", error ? error.message() : (directory_ / "state.aside").string()}});
}

Result<void> StateFile::Save(const Memory& memory) const {
  return WriteWholeFile(directory_ / kState, ToText(memory));
}

Result<std::string> StateFile::MachineId() const {
  if (auto known = ReadWholeFile(directory_ / kMachine, 100); known && known->size() == 33) {
    known->pop_back();
    return known;
  }
  std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", random());
  if (auto ok = WriteWholeFile(directory_ / kMachine, id + "\n"); !ok) return Fail(ok.error());
  return id;
}

}  // namespace rollcall::agent
