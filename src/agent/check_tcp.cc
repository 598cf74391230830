// ProbeTcp.

#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>

#include "agent/check_connect.h"
#include "agent/check_probe.h"

namespace rollcall::agent {

boost::asio::awaitable<Outcome> ProbeTcp(const CheckSpec& spec, SteadyTime until, ProbeRoom& room) {
  const auto place = ParseHostPort(spec.address);
  if (!place) co_return Critical(place.error().message);
  boost::beast::tcp_stream stream(co_await boost::asio::this_coro::executor);
  auto trouble = co_await Connect(stream, *place, spec, until, room);
  if (trouble) co_return *std::move(trouble);
  co_return Outcome{model::Health::kPassing, fmt::format("{} accepts connections", ToText(*place)),
                    false};
}

}  // namespace rollcall::agent
