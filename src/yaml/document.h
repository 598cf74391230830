// The one YAML document of a text.
//
// Pure.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

#include "base/result.h"

namespace rollcall::yaml {

// A null node: there is none, or it is empty.  kInvalid: "PATH:LINE: what is wrong", also where
// a second document begins.
[[nodiscard]] Result<YAML::Node> ReadDocument(const std::string& text, const std::string& path);

}  // namespace rollcall::yaml
