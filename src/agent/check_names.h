// The addresses of a name, as this system finds them: /etc/hosts, then the name servers of
// /etc/resolv.conf, both read anew for each lookup.
//
// By c-ares and not getaddrinfo(3), which waits: behind a name server that is silent it
// would hold up all other checks, and our end.
//
// Threads: that of the coroutine's executor.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace rollcall::agent {

// "ADDRESS:PORT,..."; "": those of the system.
using NameServers = std::string;

// `host`: a name, or an address, which is its own.  Never empty.
// kNotFound: it has none; kDeadline; kUnavailable: no name server could be asked;
// kExhausted: we have no descriptors left.
[[nodiscard]] boost::asio::awaitable<Result<std::vector<boost::asio::ip::address>>> LookUp(
    std::string host, SteadyTime until, const NameServers& servers);

}  // namespace rollcall::agent
