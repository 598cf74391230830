// How long a record may be kept by whoever asked.
#pragma once

#include <cstdint>

#include "answer/basis.h"
#include "answer/zones.h"
#include "base/clock.h"
#include "catalog/view.h"

namespace rollcall::answer {

// The smaller of the service's own TTL and what is left of its lease, held within
// the configured bounds; the default where neither is known.  In seconds.  `basis` is told
// until when it is that.
//
// A lease whose deadline has passed while its key is still there counts as about
// to end: not as unknown, which would let the long default slip out just when the
// key goes (skydns#244).
[[nodiscard]] std::uint32_t TtlOf(const catalog::Registration& registration,
                                  const catalog::View& view, const Zones::Options& options,
                                  SteadyTime now, Basis& basis);

}  // namespace rollcall::answer
