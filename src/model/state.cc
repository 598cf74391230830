#include "model/state.h"

namespace rollcall::model {

std::string_view ToString(Health health) {
  switch (health) {
    case Health::kPassing:
      return "passing";
    case Health::kWarning:
      return "warning";
    case Health::kCritical:
      return "critical";
  }
  return "unknown";
}

std::optional<Health> ParseHealth(std::string_view text) {
  for (const Health health : {Health::kPassing, Health::kWarning, Health::kCritical}) {
    if (text == ToString(health)) return health;
  }
  return std::nullopt;
}

std::string_view ToString(State state) {
  switch (state) {
    case State::kStatic:
      return "static";
    case State::kPassing:
      return ToString(Health::kPassing);
    case State::kWarning:
      return ToString(Health::kWarning);
    case State::kCritical:
      return ToString(Health::kCritical);
    case State::kLost:
      return "lost";
    case State::kMaintenance:
      return "maintenance";
  }
  return "unknown";
}

}  // namespace rollcall::model
