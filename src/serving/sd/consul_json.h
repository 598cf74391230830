// Answers in the shapes of Consul's HTTP API.
//
// An instance is a service of a node of its own host.  Its state is one check: `critical` for
// critical and lost; for maintenance the check by which Consul itself says so, which its clients
// know; `passing` also for what nobody watches.  What a registration says about how it is to be
// scraped, and its exact state, are members of Service.Meta that begin with `rollcall_`.
//
// Pure.
#pragma once

#include <string>

#include "serving/sd/consul_ask.h"
#include "serving/sd/gather.h"
#include "serving/sd/http_sd.h"

namespace rollcall::serving::sd {

// /v1/health/service/NAME.  Instances with a text that is not UTF-8 are left out.
[[nodiscard]] Rendered RenderHealth(const ConsulAsk& ask, const Gathered& gathered,
                                    const Emit& emit);
// /v1/catalog/service/NAME, which knows no `passing`.
[[nodiscard]] Rendered RenderCatalogService(const ConsulAsk& ask, const Gathered& gathered,
                                            const Emit& emit);

// /v1/agent/self: that of a server in the zone.
[[nodiscard]] std::string RenderSelf(const answer::Zone& zone, std::string_view node);
// /v1/catalog/datacenters: the zones, but for those of addresses.
[[nodiscard]] std::string RenderDatacenters(const answer::Zones& zones);

}  // namespace rollcall::serving::sd
