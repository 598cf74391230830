// One instance that the agent keeps; internal to this room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/decide.h"
#include "agent/definition.h"
#include "base/clock.h"

namespace rollcall::agent {

struct Instance {
  enum class Standing : std::uint8_t {
    kWaiting,     // to be registered
    kRegistered,  // as it shall be
    kAway,        // somebody deregistered it
    kRefused,     // another holds it, or the store will not
  };

  // None: what defines it is not known (see DefinitionBook::Unknown()), so it is kept as
  // it is.
  std::optional<Definition> definition;
  std::string id;    // see IdOf(); "" without a definition
  std::string name;  // of the instance
  std::string key;   // of its registration
  std::uint64_t hash = 0;
  WallTime at{};       // when its file was written
  SteadyTime since{};  // when it was first heard of
  Standing standing = Standing::kWaiting;
  bool look = true;       // it has to be looked at,
  SteadyTime due{};       // but not before
  std::string told = {};  // the last that the log said about it
};

}  // namespace rollcall::agent
