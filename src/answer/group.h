// The member `group`: of several groups under one name, the one nearest to the top
// answers (SkyDNS's README, "Groups").
#pragma once

#include <cstddef>
#include <span>

#include "catalog/registration.h"

namespace rollcall::answer {

// Moves what stays to the front of `services`, in their order, and returns how
// many.  Their order counts, as it does in CoreDNS: the shallowest key that the
// scan meets gives the group; where keys of that depth disagree, all stay.
[[nodiscard]] std::size_t KeepGroup(std::span<const catalog::Registration*> services);

}  // namespace rollcall::answer
