// Whether an instance is still the one that an order was about; internal to this room.
#pragma once

#include "base/result.h"
#include "registry/registry.h"
#include "store/store.h"

namespace rollcall::registry {

// kConflict: `target.address` or `target.owner` is set and the registration has another.
[[nodiscard]] Result<void> CheckTarget(const store::KeyValue& registration, const Target& target);

}  // namespace rollcall::registry
