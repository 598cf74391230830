// The record that holds the SOA serial's offset: {"offset":N,...}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace rollcall::model {

// The member `offset`; nothing, if it is not there or no unsigned 32-bit integer.
[[nodiscard]] std::optional<std::uint32_t> ParseSerialOffset(std::string_view json);

// {"offset":N,"cluster_id":"...","since":...}; the cluster id is text, as JSON
// numbers do not hold 64 bits everywhere.
[[nodiscard]] std::string SerialJson(std::uint32_t offset, std::uint64_t cluster_id,
                                     WallTime since);

}  // namespace rollcall::model
