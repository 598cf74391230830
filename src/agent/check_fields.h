// What the fields of a check have to say together; internal to this room.
//
// Pure.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

#include "agent/definition.h"
#include "base/result.h"

namespace rollcall::agent {

// What belongs to a check's type is there, and nothing else is.
[[nodiscard]] Result<void> FinishCheck(const YAML::Node& node, const std::string& file,
                                       const std::string& type, CheckSpec& check);

}  // namespace rollcall::agent
