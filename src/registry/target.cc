#include "registry/target.h"

#include <fmt/format.h>

#include "model/service.h"

namespace rollcall::registry {

Result<void> CheckTarget(const store::KeyValue& kv, const Target& target) {
  const auto held = model::ParseService(kv.value);
  if (!target.owner.empty() && (!held || held->extension.owner != target.owner)) {
    return Fail(ErrorCode::kConflict,
                fmt::format("{} is now held by {}, not by {}; it is left as it is", kv.key,
                            !held                           ? "a value that cannot be read"
                            : held->extension.owner.empty() ? "nobody"
                                                            : held->extension.owner,
                            target.owner));
  }
  if (target.address.empty()) return {};
  const bool same =
      held && held->host == target.address && (target.port == 0 || held->port == target.port);
  if (same) return {};
  return Fail(ErrorCode::kConflict,
              fmt::format("{} is now held by {}, not by {}; it is left as it is", kv.key,
                          held ? fmt::format("{} port {}", held->host, held->port)
                               : "a value that cannot be read",
                          target.address));
}

}  // namespace rollcall::registry
