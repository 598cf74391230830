#include "agent/check_connect.h"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/error.hpp>
#include <cerrno>
#include <utility>
#include <vector>

#include "agent/check_output.h"
#include "model/duration.h"

namespace rollcall::agent {

using boost::asio::ip::tcp;
using boost::system::error_code;
using model::Health;

Outcome Critical(const std::string& output) {
  return {Health::kCritical, FirstLine(output), false};
}

Outcome Inconclusive(const std::string& output) {
  return {std::nullopt, FirstLine(output), false};
}

Outcome TimedOut(std::chrono::milliseconds timeout) {
  return {Health::kCritical, fmt::format("no answer within {}", model::FormatDuration(timeout)),
          true};
}

Outcome Interpret(const error_code& error, const char* what, const CheckSpec& spec) {
  if (error == boost::beast::error::timeout) return TimedOut(spec.timeout);
  std::string text = fmt::format("{}: {}", what, error.message());
  if (error.category() == boost::system::system_category()) {
    switch (error.value()) {
      case EMFILE:
      case ENFILE:
      case ENOMEM:
      case ENOBUFS:
        return Inconclusive(text);
      default:
        break;
    }
  }
  return Critical(text);
}

boost::asio::awaitable<std::optional<Outcome>> Connect(boost::beast::tcp_stream& stream,
                                                       const HostPort& place, const CheckSpec& spec,
                                                       SteadyTime until, ProbeRoom& room) {
  stream.expires_at(until);
  const auto addresses = co_await LookUp(place.host, until, room.names);
  if (!addresses && addresses.error().code == ErrorCode::kExhausted) {
    co_return Inconclusive(addresses.error().message);
  }
  if (!addresses) {
    Outcome outcome = Critical(addresses.error().message);
    outcome.timed_out = addresses.error().code == ErrorCode::kDeadline;
    co_return outcome;
  }
  std::vector<tcp::endpoint> endpoints;
  for (const auto& address : *addresses) endpoints.emplace_back(address, place.port);
  const auto [error, endpoint] = co_await stream.async_connect(endpoints, kTuple);
  if (!error) co_return std::nullopt;
  const std::string what = fmt::format("no connection to {}", ToText(place));
  co_return Interpret(error, what.c_str(), spec);
}

}  // namespace rollcall::agent
