// How an instance is, as far as the store tells.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rollcall::model {

// What an owner's checks say.
enum class Health : std::uint8_t { kPassing, kWarning, kCritical };
[[nodiscard]] std::string_view ToString(Health health);  // "passing", ...
[[nodiscard]] std::optional<Health> ParseHealth(std::string_view text);

enum class State : std::uint8_t {
  kStatic,  // names no owner: registered by hand or by others; nobody says how it is
  kPassing,
  kWarning,
  kCritical,
  kLost,  // names an owner, whose liveness key is gone
  kMaintenance,
};
[[nodiscard]] std::string_view ToString(State state);  // "static", ...

// Whether it belongs to the healthy view; all belong to the inventory (rule D16).
[[nodiscard]] constexpr bool IsHealthy(State state) {
  return state == State::kStatic || state == State::kPassing || state == State::kWarning;
}

}  // namespace rollcall::model
