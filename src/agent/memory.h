// What the agent knows across its restarts.
//
// Values; no files (see state_file.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agent/definition_book.h"
#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace rollcall::agent {

// One instance of ours, by its key.
struct Remembered {
  enum class As : std::uint8_t {
    kRegistered,
    kAway,     // somebody deregistered it: until its definition changes, or is readmitted
    kStopped,  // we stopped, and it was to be deregistered at `until`
  };

  As as = As::kRegistered;
  std::uint64_t hash = 0;  // of the definition then
  std::string id = {};     // of it, see IdOf()
  std::string service = {};
  std::string instance = {};
  std::string file = {};  // where it was defined
  WallTime until{};       // kStopped

  friend bool operator==(const Remembered&, const Remembered&) = default;
};

struct Memory {
  // Whose it is: a copy of a disk must not act for the host it came from.
  std::string host;
  std::string machine;
  store::LeaseId lease = 0;
  std::map<std::string, Remembered> instances;
  std::vector<std::string> endpoints;  // of the store, the last that were good
  DefinitionBook::Kept kept;

  friend bool operator==(const Memory&, const Memory&) = default;
};

[[nodiscard]] std::string ToText(const Memory& memory);
// kInvalid: not what ToText() wrote, whole and undamaged, or of a newer rollcall.
[[nodiscard]] Result<Memory> ParseMemory(const std::string& text);

}  // namespace rollcall::agent
