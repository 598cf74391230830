// A TCP connection to an address or a name, as checks make it.
//
// Threads: the checker's.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <optional>

#include "agent/check_probe.h"
#include "agent/check_url.h"

namespace rollcall::agent {

inline constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

// Connects `stream`, whose expiry is set to `until`.  Nothing: connected; else what the
// check has found thereby.
[[nodiscard]] boost::asio::awaitable<std::optional<Outcome>> Connect(
    boost::beast::tcp_stream& stream, const HostPort& place, const CheckSpec& spec,
    SteadyTime until, ProbeRoom& room);

// What an error on the way says about what is checked.
[[nodiscard]] Outcome Interpret(const boost::system::error_code& error, const char* what,
                                const CheckSpec& spec);

}  // namespace rollcall::agent
