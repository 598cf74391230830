// Which of a name's registrations are targets - of SRV, of MX, of Prometheus - and what they
// are called.  Internal to the room.
#pragma once

#include <array>
#include <cstdint>

#include "answer/glue.h"
#include "answer/task.h"

namespace rollcall::answer {

// Which registrations a pass looks at.  Names with a text, which CoreDNS leaves out,
// are looked at only where the others give nothing: so they add answers and never
// change one that CoreDNS gives (coredns#6110).
enum class Pass : std::uint8_t { kSound, kNamesWithText };
inline constexpr std::array kPasses = {Pass::kSound, Pass::kNamesWithText};

[[nodiscard]] inline bool IsOf(Pass pass, const catalog::Registration& registration) {
  if (pass == Pass::kNamesWithText) return IsName(registration) && HasText(registration);
  return IsAddress(registration) || IsPlainName(registration);
}

// An address is a target by the name of its registration, and one may have none.
[[nodiscard]] inline bool HasTarget(const catalog::Registration& registration) {
  return !(IsAddress(registration) && registration.nameless);
}

[[nodiscard]] inline wire::NameView TargetOf(const catalog::Registration& registration) {
  const wire::NameView whole(IsName(registration) ? registration.host.name : registration.name);
  return Strip(whole, registration.service.target_strip);
}

// SRV is for what listens: -1 says that it does not.
inline constexpr std::int64_t kNoPort = -1;

}  // namespace rollcall::answer
