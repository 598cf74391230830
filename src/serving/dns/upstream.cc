#include "serving/dns/upstream.h"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <cstring>
#include <tuple>

#include "wire/build_query.h"

namespace rollcall::serving::dns {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kDeadFor{5};
constexpr std::uint16_t kUdpSize = 1232;
// Received: for those that do not heed what we told.
constexpr std::size_t kMostUdp = 4096;
// Datagrams on one port that do not fit the question: an attack, or a mess.
constexpr int kMostStrangers = 16;

// Closes `socket` at a point in time, which ends what it waits for.  Shares it,
// since a timer that has fired may run its handler after the Watchdog is gone.
template <typename Socket>
class Watchdog {
 public:
  Watchdog(const std::shared_ptr<Socket>& socket, SteadyTime when)
      : timer_(socket->get_executor(), when) {
    timer_.async_wait([socket](const error_code& error) {
      error_code ignored;
      if (!error) socket->close(ignored);
    });
  }

 private:
  asio::steady_timer timer_;
};

template <typename Protocol>
typename Protocol::endpoint Endpoint(const SocketAddress& address) {
  typename Protocol::endpoint endpoint;
  endpoint.resize(address.size);
  std::memcpy(endpoint.data(), address.get(), address.size);
  return endpoint;
}

// One question as asked of an upstream: the bytes, and what must come back.
struct Asked {
  std::uint16_t id = 0;
  std::vector<std::uint8_t> message;
};

Asked MakeQuery(const OutsideQuestion& question, bool edns) {
  wire::QueryOptions options;
  options.id = static_cast<std::uint16_t>(arc4random());
  options.checking_disabled = question.checking_disabled;
  if (edns) options.edns_udp_size = kUdpSize;
  options.dnssec_ok = question.dnssec_ok;
  wire::Question asked;
  asked.name = question.name;
  asked.type = question.type;
  return {options.id, wire::BuildQuery(asked, options)};
}

bool HasId(std::span<const std::uint8_t> message, std::uint16_t id) {
  return message.size() >= wire::kHeaderSize && (message[0] << 8 | message[1]) == id &&
         (message[2] & 0x80) != 0;
}

bool Fits(const wire::Response& reply, const OutsideQuestion& question) {
  if (reply.opcode != wire::Opcode::kQuery) return false;
  if (reply.questions.empty()) {
    // A header alone: what some servers send with an error.
    return reply.rcode != wire::Rcode::kNoError && reply.rcode != wire::Rcode::kNxDomain;
  }
  const wire::Question& echoed = reply.questions.front();
  return reply.questions.size() == 1 && echoed.type == question.type &&
         echoed.qclass == wire::Class::kIn && echoed.name.view() == question.name.view();
}

// Null: not a reply to what was asked.
std::shared_ptr<OutsideReply> Read(std::span<const std::uint8_t> message, const Asked& asked,
                                   const OutsideQuestion& question) {
  if (!HasId(message, asked.id)) return nullptr;
  auto reply = std::make_shared<OutsideReply>();
  reply->received = steady_clock::now();
  reply->octets = message.size();
  Result<wire::Response> decoded = wire::DecodeResponse(message);
  if (decoded) {
    if (!Fits(*decoded, question)) return nullptr;
    reply->message = std::move(*decoded);
    return reply;
  }
  // Some servers cut in the middle of a record: good enough to go on by TCP.
  if ((message[2] & 0x02) == 0) return nullptr;
  reply->message.truncated = true;
  reply->message.rcode = wire::Rcode::kServFail;
  return reply;
}

using MaybeReply = std::shared_ptr<OutsideReply>;

asio::awaitable<MaybeReply> AskUdp(const SocketAddress& upstream, const OutsideQuestion& question,
                                   bool edns, SteadyTime until) {
  const Asked asked = MakeQuery(question, edns);
  const auto executor = co_await asio::this_coro::executor;
  const auto socket = std::make_shared<asio::ip::udp::socket>(executor);
  const auto endpoint = Endpoint<asio::ip::udp>(upstream);
  // Connected: the kernel picks a random port, drops what comes from elsewhere and
  // tells when nobody listens there.
  error_code error;
  if (socket->open(endpoint.protocol(), error) || socket->connect(endpoint, error)) {
    co_return nullptr;
  }
  if (socket->send(asio::buffer(asked.message), 0, error) != asked.message.size()) {
    co_return nullptr;
  }
  const Watchdog watchdog(socket, until);
  std::vector<std::uint8_t> buffer(kMostUdp);
  for (int strangers = 0; strangers < kMostStrangers; ++strangers) {
    const auto [failed, size] = co_await socket->async_receive(asio::buffer(buffer), kAsTuple);
    if (failed) co_return nullptr;
    MaybeReply reply = Read(std::span(buffer).first(size), asked, question);
    if (reply) co_return reply;
  }
  co_return nullptr;
}

asio::awaitable<MaybeReply> AskTcp(const SocketAddress& upstream, const OutsideQuestion& question,
                                   SteadyTime until) {
  const Asked asked = MakeQuery(question, true);
  const auto executor = co_await asio::this_coro::executor;
  const auto socket = std::make_shared<asio::ip::tcp::socket>(executor);
  const Watchdog watchdog(socket, until);
  const auto endpoint = Endpoint<asio::ip::tcp>(upstream);
  const auto [unreachable] = co_await socket->async_connect(endpoint, kAsTuple);
  if (unreachable) co_return nullptr;

  const std::size_t size = asked.message.size();
  std::vector<std::uint8_t> buffer(2 + size);
  buffer[0] = static_cast<std::uint8_t>(size >> 8);
  buffer[1] = static_cast<std::uint8_t>(size & 0xFF);
  std::copy(asked.message.begin(), asked.message.end(), buffer.begin() + 2);
  const auto [unsent, sent] = co_await asio::async_write(*socket, asio::buffer(buffer), kAsTuple);
  if (unsent) co_return nullptr;

  std::array<std::uint8_t, 2> length{};
  const auto [no_length, n] = co_await asio::async_read(*socket, asio::buffer(length), kAsTuple);
  if (no_length) co_return nullptr;
  buffer.resize(length[0] << 8 | length[1]);
  const auto [no_body, m] = co_await asio::async_read(*socket, asio::buffer(buffer), kAsTuple);
  if (no_body) co_return nullptr;
  co_return Read(buffer, asked, question);
}

// One upstream: UDP, without EDNS if it cannot stand that (RFC 6891 section 7), TCP
// if truncated.  If TCP fails, what UDP gave is still something.
asio::awaitable<MaybeReply> AskOne(const SocketAddress& upstream, const OutsideQuestion& question,
                                   Patience patience) {
  const auto now = steady_clock::now();
  const SteadyTime until = std::min(patience.deadline, now + patience.per_try);
  MaybeReply reply = co_await AskUdp(upstream, question, true, until);
  if (reply && reply->message.rcode == wire::Rcode::kFormErr) {
    reply = co_await AskUdp(upstream, question, false, until);
  }
  if (!reply || !reply->message.truncated) co_return reply;
  MaybeReply whole = co_await AskTcp(
      upstream, question, std::min(patience.deadline, steady_clock::now() + patience.per_try));
  if (whole) reply = std::move(whole);
  reply->truncated_by_udp = true;
  co_return reply;
}

bool IsFailure(wire::Rcode rcode) {
  return rcode != wire::Rcode::kNoError && rcode != wire::Rcode::kNxDomain;
}

}  // namespace

Upstreams::Upstreams(const std::vector<SocketAddress>& addresses) {
  for (const SocketAddress& address : addresses) upstreams_.push_back({address});
}

std::vector<std::size_t> Upstreams::Order(SteadyTime now) const {
  std::vector<std::size_t> order(upstreams_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t i) { return upstreams_[i].dead_until <= now; });
  return order;
}

void Upstreams::MarkDead(std::size_t index, SteadyTime now) {
  upstreams_[index].dead_until = now + kDeadFor;
}

void Upstreams::MarkAlive(std::size_t index) {
  upstreams_[index].dead_until = {};
}

asio::awaitable<OutsideReplyPtr> Ask(Upstreams& upstreams, OutsideQuestion question,
                                     Patience patience) {
  const std::vector<std::size_t> order = upstreams.Order(steady_clock::now());
  OutsideReplyPtr failure;
  // Two tries more than there are upstreams, since UDP loses packets.
  for (std::size_t i = 0; i < order.size() + 2 && steady_clock::now() < patience.deadline; ++i) {
    if (i >= order.size() && failure) break;  // all were asked, and one said why not
    const std::size_t upstream = order[i % order.size()];
    MaybeReply reply = co_await AskOne(upstreams.address(upstream), question, patience);
    if (!reply) {
      upstreams.MarkDead(upstream, steady_clock::now());
      continue;
    }
    upstreams.MarkAlive(upstream);
    if (!IsFailure(reply->message.rcode)) co_return reply;
    failure = std::move(reply);
  }
  co_return failure;
}

}  // namespace rollcall::serving::dns
