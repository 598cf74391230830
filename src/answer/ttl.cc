#include "answer/ttl.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace rollcall::answer {
namespace {

constexpr std::uint32_t kUnset = std::numeric_limits<std::uint32_t>::max();

std::uint32_t LeaseTtl(const catalog::Registration& registration, const catalog::View& view,
                       const Zones::Options& options, SteadyTime now, Basis& basis) {
  if (registration.lease == 0) return kUnset;
  const auto lease = view.leases.find(registration.lease);
  if (lease == view.leases.end()) {
    basis.AddUnknown();  // the store may tell any time
    return kUnset;
  }
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(lease->second - now);
  // The next second; what was told of a lease that is renewed meanwhile was less than there is.
  basis.EndsAt(lease->second - seconds + std::chrono::seconds(1));
  const auto left = seconds.count();
  if (left <= options.min_lease_ttl) return options.min_lease_ttl;
  if (left >= options.max_lease_ttl) return options.max_lease_ttl;
  return static_cast<std::uint32_t>(left);
}

}  // namespace

std::uint32_t TtlOf(const catalog::Registration& registration, const catalog::View& view,
                    const Zones::Options& options, SteadyTime now, Basis& basis) {
  const std::uint32_t own = registration.service.ttl;
  const std::uint32_t lease = LeaseTtl(registration, view, options, now, basis);
  if (lease == kUnset) return own == 0 ? options.default_ttl : own;
  return own == 0 ? lease : std::min(own, lease);
}

}  // namespace rollcall::answer
