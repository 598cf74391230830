// The zones to serve, from names and from networks.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/name.h"

namespace rollcall::app {

// "prom.internal" is that zone.  A network is the reverse zones that cover it
// (RFC 1035 section 3.5, RFC 3596 section 2.5): "10.0.0.0/8" is 10.in-addr.arpa;
// one that ends within an octet, or within a nibble of IPv6, is the several zones
// of the next boundary: "10.2.0.0/15" is 2.10.in-addr.arpa and 3.10.in-addr.arpa.
// kInvalid: neither name nor network; or bits are set behind its length, where a typing
// error would else serve the wrong zone.
[[nodiscard]] Result<std::vector<wire::Name>> ParseZone(std::string_view text);

}  // namespace rollcall::app
