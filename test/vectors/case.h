// The vectors as values: what a file of this folder says (see README.md).
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "answer/zones.h"
#include "catalog/view.h"
#include "wire/types.h"

namespace rollcall::vectors {

struct Case {
  std::string name;
  boost::json::object question;
  boost::json::object expect;
  boost::json::array data;
  boost::json::array outside;            // records of the world outside
  boost::json::array outside_truncated;  // names whose outside reply has TC set
};

struct Suite {
  std::string name;
  std::vector<wire::Name> zones;
  std::vector<Case> cases;
};

// Throws std::runtime_error: the file cannot be read, or is not what README.md says.
[[nodiscard]] Suite ReadSuite(const std::string& path);

// Fills `view` as a server does that read `data` from the store at `now`.
void Load(const boost::json::array& data, SteadyTime now, catalog::View& view);

// The message of `question`, with id 0x1234.
[[nodiscard]] std::vector<std::uint8_t> MakeQuery(const boost::json::object& question);

[[nodiscard]] wire::Type TypeOf(std::string_view text);
[[nodiscard]] wire::Name NameOf(std::string_view text);

}  // namespace rollcall::vectors
