// The bodies of writes: JSON objects, with the members of openapi.yaml and no others.
//
// Pure, and bounded: by the size of a body, which the routes set, and in depth.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "model/service.h"

namespace rollcall::serving::api {

inline constexpr std::size_t kMostBody = 64u << 10;
inline constexpr std::size_t kMostWhy = 512;  // octets

// Each returns kInvalid with one sentence that names the member.

struct RegistrationBody {
  model::Service value;  // host: "", if no address is named
  std::string why = {};
};
// Looks at types only: what may be registered is for `registry` to say.
[[nodiscard]] Result<RegistrationBody> ReadRegistrationBody(std::string_view json);

struct MaintenanceBody {
  std::optional<WallTime> until = {};  // none: until it is ended
  std::string reason = {};
};
// A duration is counted from `now`.
[[nodiscard]] Result<MaintenanceBody> ReadMaintenanceBody(std::string_view json, WallTime now);

struct ReleaseBody {
  std::string name;
  std::string why = {};
};
[[nodiscard]] Result<ReleaseBody> ReadReleaseBody(std::string_view json);

// What somebody says of why.  kInvalid: longer than kMostWhy, or with control characters.
[[nodiscard]] Result<void> CheckWhy(std::string_view what, std::string_view text);

}  // namespace rollcall::serving::api
