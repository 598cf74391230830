// Moments as records and people spell them: RFC 3339, UTC.
//
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace rollcall::model {

// "2026-01-31T12:00:00Z"; what is below a second is dropped.
[[nodiscard]] std::string FormatTime(WallTime time);

// What FormatTime() gives, and whatever else RFC 3339 allows: a fraction, an offset from
// UTC, small letters.  kInvalid: anything else, or a day that no calendar has.
[[nodiscard]] Result<WallTime> ParseTime(std::string_view text);

}  // namespace rollcall::model
