// What this host is called and by which address others reach it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace rollcall::app {

// The host name up to its first dot, in lower case.
[[nodiscard]] std::string ShortHostName();

// What this host calls itself, in lower case: the whole of it, and up to its first dot.
[[nodiscard]] std::vector<std::string> OwnNames();

// "root@server01": who is running this, for those who ask later.
[[nodiscard]] std::string WhoAmI();

// The source address of the route to an endpoint (a URL): where the store is
// reached from, this host is reached too.  Asks the kernel's routes; sends nothing.
// Loopback only if the endpoint is.  kUnavailable: its name does not resolve, or
// there is no route.
[[nodiscard]] Result<std::string> SourceAddressTowards(const std::string& url);

// All of them on loopback, by address: the store is on this machine alone.
[[nodiscard]] bool AllLoopback(const std::vector<std::string>& urls);

}  // namespace rollcall::app
