// What the kernel knows of this process, under the names that every exporter has ("process_...").
//
// Threads: any.  What cannot be read is left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "app/metrics.h"

namespace rollcall::app {

// Of the text of /proc/PID/stat.
struct ProcessStat {
  std::uint64_t cpu_ticks = 0;  // in user and in kernel mode
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  // after the machine's start
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};
// Nothing: it is no such text.
[[nodiscard]] std::optional<ProcessStat> ParseProcessStat(std::string_view text);

void CollectProcess(Metrics& metrics);

}  // namespace rollcall::app
