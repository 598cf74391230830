// A file of YAML that is one map of fields.
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <string>

#include "base/result.h"

namespace rollcall::app {

// Has `read` take the map apart; an empty file is an empty map.  What yaml-cpp throws, there too,
// becomes an error.
// kInvalid: "FILE:LINE: why", or what `read` says.
[[nodiscard]] Result<void> ReadYamlText(const std::string& text, const std::string& path,
                                        const std::function<Result<void>(const YAML::Node&)>& read);
// The same of a file.  kInvalid: it cannot be read, too.
[[nodiscard]] Result<void> ReadYamlFile(const std::string& path,
                                        const std::function<Result<void>(const YAML::Node&)>& read);

}  // namespace rollcall::app
