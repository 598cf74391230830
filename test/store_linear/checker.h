// Whether a history of one register, seen by many clients at once, can have happened one
// operation after the other (Wing and Gong 1993, with the memory of Lowe 2017).
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace rollcall::linear {

inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// Values are numbers; 0: the key is not there.
struct Operation {
  enum class Kind { kRead, kWrite, kCompareAndSet };
  Kind kind = Kind::kRead;
  std::int64_t begun = 0;
  std::int64_t ended = 0;     // kNever: nobody knows whether it was done
  std::int64_t value = 0;     // kRead: what was found; else what is written
  std::int64_t expected = 0;  // kCompareAndSet
  bool succeeded = false;     // kCompareAndSet
};

// Times are of one clock.  The register begins at 0.
[[nodiscard]] bool IsLinearizable(const std::vector<Operation>& history);

}  // namespace rollcall::linear
