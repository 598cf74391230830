// Our own records under /rollcall/v1: their JSON.
//
// Every value has `since` (RFC 3339, UTC); unknown members are ignored, so that a
// newer rollcall may add some.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace rollcall::registry {

// "2026-01-31T12:00:00Z"
[[nodiscard]] std::string FormatTime(WallTime time);

// {"since":...,"by":...,"why":...}
[[nodiscard]] std::string RecordJson(WallTime since, std::string_view by, std::string_view why);

// {"offset":N,"cluster_id":"...","since":...}; the cluster id is text, as JSON
// numbers do not hold 64 bits everywhere.  Read by model::ParseSerialOffset().
[[nodiscard]] std::string SerialJson(std::uint32_t offset, std::uint64_t cluster_id,
                                     WallTime since);

}  // namespace rollcall::registry
