#include "serving/dns/udp_worker.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>

#include "base/log.h"
#include "serving/dns/notice.h"

namespace rollcall::serving::dns {
namespace {

constexpr std::size_t kBatch = 64;
// A longer question is cut, which makes it a malformed one.
constexpr std::size_t kMostQuery = 4096;
// From one question's room to the next: were it a power of two, the heads of all questions would
// compete for the same few lines of the processor's cache.
constexpr std::size_t kStride = kMostQuery + 3 * 64;
// For replies kept, at most: those of a million instances.
constexpr std::size_t kReadyOctets = 128 << 20;
// How long a full send buffer may hold up a worker, in all, before the rest of a
// batch is given up: whoever asked will ask again.
constexpr int kSendPatienceMs = 20;

// Where a datagram came from, and the address of ours that it was sent to: the
// reply has to leave from there (it matters to sockets bound to 0.0.0.0 or ::).
struct Route {
  sockaddr_storage peer;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> control;
};

void Clear(msghdr& header, Route& route, iovec& payload) {
  header = {};
  header.msg_name = &route.peer;
  header.msg_namelen = sizeof route.peer;
  header.msg_iov = &payload;
  header.msg_iovlen = 1;
  header.msg_control = route.control.data();
  header.msg_controllen = route.control.size();
}

// Turns what recvmsg() told of the way in into what sendmsg() wants for the way
// back: the address stays, the choice of the interface is left to the routes,
// except where the address means nothing without it.
void Reverse(msghdr& header) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      info.ipi_ifindex = 0;
      std::memcpy(CMSG_DATA(c), &info, sizeof info);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
      std::memcpy(CMSG_DATA(c), &info, sizeof info);
    }
  }
  if (header.msg_controllen == 0) header.msg_control = nullptr;
  header.msg_flags = 0;
}

// A copy of the way back, for a reply that leaves later.
class LaterReply {
 public:
  LaterReply(int socket, const msghdr& received) : socket_(socket), header_(received) {
    std::memcpy(&route_.peer, received.msg_name, received.msg_namelen);
    std::memcpy(route_.control.data(), received.msg_control, received.msg_controllen);
  }

  void operator()(std::span<const std::uint8_t> reply) {
    if (reply.empty()) return;
    iovec payload{const_cast<std::uint8_t*>(reply.data()), reply.size()};
    msghdr header = header_;
    header.msg_name = &route_.peer;
    header.msg_control = route_.control.data();
    header.msg_iov = &payload;
    header.msg_iovlen = 1;
    Reverse(header);
    // A full buffer loses it, as the network may.
    (void)sendmsg(socket_, &header, MSG_DONTWAIT);
  }

 private:
  int socket_;
  msghdr header_;
  Route route_;
};

}  // namespace

class UdpWorker::Impl {
 public:
  Impl(const Shared& shared, Fd socket)
      : shared_(shared),
        socket_(std::move(socket)),
        reader_(shared.publisher.AddReader()),
        responder_(shared.zones, answer::WithReady(shared.responder, kReadyOctets)),
        tap_(shared.book != nullptr ? shared.book->AddTap() : nullptr),
        reply_size_(std::max<std::size_t>(wire::kMinUdpSize, shared.responder.max_udp_size)),
        questions_(kBatch * kStride),
        replies_(kBatch * reply_size_) {}

  void Run(const std::stop_token& stop) {
    for (std::size_t i = 0; i < kBatch; ++i)
      question_iov_[i] = {&questions_[i * kStride], kMostQuery};
    while (!stop.stop_requested()) {
      try {
        const std::size_t received = Receive();
        // A socket that was shut down gives empty datagrams.
        if (stop.stop_requested() && received > 0 && received_[0].msg_len == 0) return;
        const std::size_t replies = Answer(received);
        Send(replies);
      } catch (const std::exception& error) {
        // A lost batch is asked for again; a lost worker would be noticed too late.
        counters_.dropped.Add(1);
        log::Error("udp worker went on after an exception", {{"error", error.what()}});
      }
    }
  }

  // Linux says that an unconnected socket cannot be shut down, and wakes who waits all the same.
  void Wake() { (void)shutdown(socket_.get(), SHUT_RD); }

  [[nodiscard]] const ThreadCounters& counters() const { return counters_; }

 private:
  // Waits for the first datagram at most as long as the socket's timeout, and
  // takes what else is there.
  std::size_t Receive() {
    for (std::size_t i = 0; i < used_; ++i) {
      Clear(received_[i].msg_hdr, routes_[i], question_iov_[i]);
    }
    used_ = 0;
    const int n = recvmmsg(socket_.get(), received_.data(), kBatch, MSG_WAITFORONE, nullptr);
    if (n >= 0) return used_ = static_cast<std::size_t>(n);
    if (errno != EAGAIN && errno != EINTR) poll(nullptr, 0, 10);  // no memory: not in a loop
    return 0;
  }

  [[nodiscard]] std::span<const std::uint8_t> Question(std::size_t i) const {
    return {&questions_[i * kStride], received_[i].msg_len};
  }

  // Fills replies_ and to_send_; returns how many.  One view for the whole batch.
  std::size_t Answer(std::size_t received) {
    if (received == 0) return 0;
    counters_.udp_queries.Add(received);
    answer::Request request;
    request.standing = shared_.standing();
    request.now = std::chrono::steady_clock::now();
    request.wall_now = std::chrono::system_clock::now();
    request.outside = shared_.outside();
    for (std::size_t i = 0; i < received; ++i) foreseen_[i] = responder_.Foresee(Question(i));
    for (std::size_t i = 0; i < received; ++i) responder_.Await(foreseen_[i]);
    std::size_t replies = 0;
    const auto view = reader_.Enter();
    for (std::size_t i = 0; i < received; ++i) {
      request.message = Question(i);
      request.foreseen = foreseen_[i];
      msghdr& header = received_[i].msg_hdr;
      const std::span<std::uint8_t> out(&replies_[replies * reply_size_], reply_size_);
      const std::size_t size = AnswerOne(*view, request, header, out);
      if (size == 0) continue;
      reply_iov_[replies] = {out.data(), size};
      to_send_[replies].msg_hdr = header;
      to_send_[replies].msg_hdr.msg_iov = &reply_iov_[replies];
      Reverse(to_send_[replies].msg_hdr);
      ++replies;
    }
    return replies;
  }

  // The size of the reply; 0: none, or not now.
  std::size_t AnswerOne(const catalog::View& view, const answer::Request& request,
                        const msghdr& header, std::span<std::uint8_t> out) {
    const auto* source = static_cast<const sockaddr*>(header.msg_name);
    if (PortOf(source) == 0) {  // nobody can be there
      counters_.dropped.Add(1);
      ThreadCounters::CountType(counters_.udp_types, false, {});
      return 0;
    }
    const answer::Responded said = responder_.Respond(view, request, out);
    ThreadCounters::CountType(counters_.udp_types, said.asked, said.type);
    switch (said.outcome) {
      case answer::Outcome::kReply:
        counters_.CountReply(said.rcode, said.truncated);
        if (tap_) Notice(*tap_, view, said, source, false, request.now);
        return said.size;
      case answer::Outcome::kNoReply:
        counters_.dropped.Add(1);
        return 0;
      case answer::Outcome::kForward:
      case answer::Outcome::kNeedsOutside:
        break;
    }
    const wire::Rcode refusal = Defer(shared_, said.outcome, source,
                                      {.message = {request.message.begin(), request.message.end()},
                                       .tcp = false,
                                       .deliver = LaterReply(socket_.get(), header)});
    if (refusal == wire::Rcode::kNoError) return 0;
    counters_.CountReply(refusal, false);
    return responder_.ReplyEmpty(refusal, out);
  }

  void Send(std::size_t replies) {
    int patience_ms = kSendPatienceMs;
    for (std::size_t sent = 0; sent < replies;) {
      const int n = sendmmsg(socket_.get(), &to_send_[sent], static_cast<unsigned>(replies - sent),
                             MSG_DONTWAIT);
      if (n > 0) {
        sent += static_cast<std::size_t>(n);
        continue;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != ENOBUFS) {
        ++sent;  // this one cannot go out (no route, forbidden): on with the others
        counters_.dropped.Add(1);
        continue;
      }
      if (patience_ms-- <= 0) {
        counters_.dropped.Add(replies - sent);
        return;
      }
      pollfd writable{socket_.get(), POLLOUT, 0};
      poll(&writable, 1, 1);
    }
  }

  const Shared& shared_;
  Fd socket_;
  catalog::Publisher::Reader reader_;
  answer::Responder responder_;
  const std::shared_ptr<seen::Tap> tap_;  // null: nobody is remembered
  std::size_t reply_size_;
  std::vector<std::uint8_t> questions_;
  std::vector<std::uint8_t> replies_;
  std::array<Route, kBatch> routes_{};
  std::array<iovec, kBatch> question_iov_{};
  std::array<iovec, kBatch> reply_iov_{};
  std::array<mmsghdr, kBatch> received_{};
  std::array<std::uint64_t, kBatch> foreseen_{};
  std::size_t used_ = kBatch;  // of received_, and to be cleared
  std::array<mmsghdr, kBatch> to_send_{};
  ThreadCounters counters_;
};

UdpWorker::UdpWorker(const Shared& shared, Fd socket)
    : impl_(std::make_unique<Impl>(shared, std::move(socket))) {
}
UdpWorker::~UdpWorker() = default;
void UdpWorker::Run(const std::stop_token& stop) {
  impl_->Run(stop);
}
void UdpWorker::Wake() {
  impl_->Wake();
}
const ThreadCounters& UdpWorker::counters() const {
  return impl_->counters();
}

}  // namespace rollcall::serving::dns
