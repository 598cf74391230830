// The directory of definitions, as it is on the disk at one moment.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace rollcall::agent {

struct DirectoryLook {
  struct File {
    Result<std::string> text;  // or why it cannot be read
    WallTime changed{};        // when it was last written
  };

  std::optional<Error> problem = {};       // the directory itself cannot be read
  std::string identity = {};               // another one, if another directory lies there
  std::map<std::string, File> files = {};  // by name
};

// Reads all files *.yml and *.yaml of `directory` but hidden ones.
[[nodiscard]] DirectoryLook LookAt(const std::filesystem::path& directory);

}  // namespace rollcall::agent
