// A load of DNS questions by TCP that takes answers of any size whole (dnsperf 2.10 loses those of
// tens of kilobytes).
//   tcp_load PORT SECONDS CONNECTIONS DEPTH NAME...
// asks 127.0.0.1 for the SRV records of the NAMEs in turn, DEPTH questions at a time on each
// connection; DEPTH 0: a new connection for each question.  Prints, as JSON, how many answers and
// octets came and in what time, and the latencies in microseconds.  An answer that is none (an
// rcode, TC, no records) ends it.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "wire/build_query.h"

namespace rollcall {
namespace {

using Clock = std::chrono::steady_clock;
using Octets = std::vector<std::uint8_t>;

[[noreturn]] void Die(const std::string& why) {
  fmt::print(stderr, "tcp_load: {}\n", why);
  std::exit(1);
}

[[noreturn]] void DieOf(const char* call) {
  Die(fmt::format("{}: {}", call, std::strerror(errno)));  // NOLINT(concurrency-mt-unsafe)
}

Octets Framed(const char* text) {
  const auto name = wire::Name::FromText(text);
  if (!name) Die(name.error().message);
  wire::Question question;
  question.name = *name;
  question.type = wire::Type::kSrv;
  Octets message = wire::BuildQuery(question, {});
  message.insert(message.begin(), {static_cast<std::uint8_t>(message.size() >> 8),
                                   static_cast<std::uint8_t>(message.size())});
  return message;
}

struct Tally {
  std::uint64_t answers = 0;
  std::uint64_t octets = 0;
  std::vector<std::uint32_t> microseconds;
};

struct Connection {
  int socket = -1;
  Octets in = Octets(1 << 17);
  std::size_t size = 0;
  std::deque<Clock::time_point> asked;
};

class Load {
 public:
  Load(std::uint16_t port, unsigned depth, std::vector<Octets> questions)
      : depth_(depth), questions_(std::move(questions)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    address_.sin_family = AF_INET;
    address_.sin_port = htons(port);
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }

  Tally Run(std::size_t connections, std::chrono::seconds time) {
    std::deque<Connection> all(connections);
    for (Connection& connection : all) Open(connection);
    const auto end = Clock::now() + time;
    std::vector<epoll_event> events(connections);
    while (Clock::now() < end) {
      const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 2000);
      if (n == 0) Die("no answer within two seconds");
      for (int i = 0; i < n; ++i) {
        Take(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr));
      }
    }
    return std::move(tally_);
  }

 private:
  void Open(Connection& connection) {
    connection.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection.socket < 0) DieOf("socket");
    const int on = 1;
    setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    BindToNext(connection.socket);
    const auto began = Clock::now();
    if (connect(connection.socket, reinterpret_cast<const sockaddr*>(&address_), sizeof address_) !=
        0) {
      DieOf("connect");
    }
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event) != 0) DieOf("epoll_ctl");
    for (unsigned i = 0; i < std::max(1u, depth_); ++i) Ask(connection, began);
  }

  // From another address of this machine each time: a closed connection keeps its port for a
  // minute, and one address has too few of them.
  void BindToNext(int socket) {
    const int on = 1;
    setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    sockaddr_in source{};
    source.sin_family = AF_INET;
    source.sin_addr.s_addr = htonl(0x7f010000u + opened_++ % 0xffffu + 1);
    if (bind(socket, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0) DieOf("bind");
  }

  void Ask(Connection& connection, Clock::time_point began) {
    const Octets& question = questions_[next_++ % questions_.size()];
    if (send(connection.socket, question.data(), question.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(question.size())) {
      DieOf("send");
    }
    connection.asked.push_back(began);
  }

  void Take(Connection& connection) {
    const ssize_t n = recv(connection.socket, connection.in.data() + connection.size,
                           connection.in.size() - connection.size, MSG_DONTWAIT);
    if (n == 0) Die("the server closed a connection");
    if (n < 0) return errno == EAGAIN ? void() : DieOf("recv");
    connection.size += static_cast<std::size_t>(n);
    std::size_t at = 0;
    std::size_t answers = 0;
    while (connection.size - at >= 2) {
      const std::uint8_t* const frame = &connection.in[at];
      const std::size_t size = static_cast<std::size_t>(frame[0]) << 8 | frame[1];
      if (connection.size - at < 2 + size) break;
      Count(connection, frame + 2, size);
      at += 2 + size;
      ++answers;
    }
    std::copy(connection.in.begin() + static_cast<std::ptrdiff_t>(at),
              connection.in.begin() + static_cast<std::ptrdiff_t>(connection.size),
              connection.in.begin());
    connection.size -= at;
    if (answers > 0 && depth_ == 0) {
      close(connection.socket);
      connection.size = 0;
      return Open(connection);
    }
    for (; answers > 0; --answers) Ask(connection, Clock::now());
  }

  void Count(Connection& connection, const std::uint8_t* message, std::size_t size) {
    const bool sound = size > 12 && (message[2] & 0x02) == 0 && (message[3] & 0x0f) == 0 &&
                       (message[6] | message[7]) != 0;
    if (!sound) Die("an answer with an error, with TC or without records");
    const auto time = Clock::now() - connection.asked.front();
    connection.asked.pop_front();
    tally_.microseconds.push_back(static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(time).count()));
    ++tally_.answers;
    tally_.octets += size;
  }

  const unsigned depth_;
  const std::vector<Octets> questions_;
  const int epoll_;
  sockaddr_in address_{};
  std::size_t next_ = 0;
  std::uint32_t opened_ = 0;
  Tally tally_;
};

int Main(int count, char** words) {
  if (count < 6) {
    fmt::print(stderr, "usage: tcp_load PORT SECONDS CONNECTIONS DEPTH NAME...\n");
    return 2;
  }
  std::vector<Octets> questions;
  for (int i = 5; i < count; ++i) questions.push_back(Framed(words[i]));
  const auto seconds = std::chrono::seconds(std::strtoul(words[2], nullptr, 10));
  Load load(static_cast<std::uint16_t>(std::strtoul(words[1], nullptr, 10)),
            static_cast<unsigned>(std::strtoul(words[4], nullptr, 10)), std::move(questions));
  const auto began = Clock::now();
  Tally tally = load.Run(std::strtoul(words[3], nullptr, 10), seconds);
  const std::chrono::duration<double> took = Clock::now() - began;
  std::vector<std::uint32_t>& times = tally.microseconds;
  if (times.empty()) Die("no answer at all");
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  fmt::print(R"({{"answers":{},"octets":{},"seconds":{:.3f},"p50":{},"p99":{}}})"
             "\n",
             tally.answers, tally.octets, took.count(), at(0.5), at(0.99));
  return 0;
}

}  // namespace
}  // namespace rollcall

int main(int count, char** words) {
  return rollcall::Main(count, words);
}
