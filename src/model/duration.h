// Durations as people write them in flags and files: `30s`, `1h30m`, `500ms`.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::model {

// Numbers with units, added up: `ms`, `s`, `m`, `h`, and Prometheus's `d` and `w`;
// a bare number is seconds, "" is zero.
// kInvalid: anything else (a sign, a fraction, a year, which is no fixed time), or
// more than about 292 years.
[[nodiscard]] Result<std::chrono::milliseconds> ParseDuration(std::string_view text);

// What ParseDuration() reads back, in hours and below: "1h30m", "500ms", "0s".
// Requires: not negative.
[[nodiscard]] std::string FormatDuration(std::chrono::milliseconds duration);

}  // namespace rollcall::model
