// Which questions show that somebody watches a name, and so go into the book of consumers.
//
// Threads: as the tap, on the way of a query.
#pragma once

#include <sys/socket.h>

#include "answer/respond.h"
#include "base/clock.h"
#include "catalog/view.h"
#include "serving/seen/tap.h"

namespace rollcall::serving::dns {

// Notes a question that was answered well and is for a name that stands for several: for SRV, or
// for the addresses of a name above instances.  Not one for the address of an instance: whoever
// scrapes it asks for that at each scrape.
// Requires: `said` is from `view`, and the request is still there.
void Notice(seen::Tap& tap, const catalog::View& view, const answer::Responded& said,
            const sockaddr* source, bool tcp, SteadyTime now);

}  // namespace rollcall::serving::dns
