#include "doctor/exchange.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/clock.h"
#include "base/quote.h"

namespace rollcall::doctor {
namespace {

constexpr std::size_t kUdpSize = 4096;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

tl::unexpected<Error> Because(int number) {
  return Fail(ErrorCode::kUnavailable, std::generic_category().message(number));
}

// Until the socket is ready for `events`.
Result<void> Await(const Socket& socket, short events, SteadyTime until) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - SystemClock().Now());
    pollfd what{socket.get(), events, 0};
    const int ready = left.count() > 0 ? ::poll(&what, 1, static_cast<int>(left.count())) : 0;
    if (ready > 0) return {};
    if (ready == 0) {
      return Fail(ErrorCode::kDeadline, fmt::format("no answer within {} s", kPatience.count()));
    }
    if (errno != EINTR) return Because(errno);
  }
}

Result<void> Connect(const Socket& socket, const addrinfo& to, SteadyTime until) {
  if (::connect(socket.get(), to.ai_addr, to.ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return Because(errno);
  if (auto ok = Await(socket, POLLOUT, until); !ok) return ok;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return Because(error);
  return {};
}

Result<void> Send(const Socket& socket, std::span<const std::uint8_t> octets, SteadyTime until) {
  while (!octets.empty()) {
    const ssize_t sent = ::send(socket.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      octets = octets.subspan(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN) {
      return Because(errno);
    } else if (auto ok = Await(socket, POLLOUT, until); !ok) {
      return ok;
    }
  }
  return {};
}

// At most as many octets as there is room for; 0: the other side has closed.
Result<std::size_t> Receive(const Socket& socket, std::span<std::uint8_t> room, SteadyTime until) {
  while (true) {
    if (auto ok = Await(socket, POLLIN, until); !ok) return Fail(std::move(ok.error()));
    const ssize_t size = ::recv(socket.get(), room.data(), room.size(), 0);
    if (size >= 0) return static_cast<std::size_t>(size);
    if (errno != EAGAIN && errno != EINTR) return Because(errno);
  }
}

Result<void> Fill(const Socket& socket, std::span<std::uint8_t> room, SteadyTime until) {
  while (!room.empty()) {
    const auto size = Receive(socket, room, until);
    if (!size) return Fail(size.error());
    if (*size == 0) return Fail(ErrorCode::kUnavailable, "closed without a whole answer");
    room = room.subspan(*size);
  }
  return {};
}

bool IsAnswerTo(std::span<const std::uint8_t> query, std::span<const std::uint8_t> message) {
  return message.size() >= 2 && message[0] == query[0] && message[1] == query[1];
}

Result<std::vector<std::uint8_t>> ByUdp(const Socket& socket, std::span<const std::uint8_t> query) {
  const auto until = SystemClock().Now() + kPatience;
  if (auto ok = Send(socket, query, until); !ok) return Fail(ok.error());
  std::vector<std::uint8_t> message(kUdpSize);
  while (true) {
    const auto size = Receive(socket, message, until);
    if (!size) return Fail(size.error());
    if (!IsAnswerTo(query, std::span(message).first(*size))) continue;
    message.resize(*size);
    return message;
  }
}

Result<std::vector<std::uint8_t>> ByTcp(const Socket& socket, std::span<const std::uint8_t> query) {
  const auto until = SystemClock().Now() + kPatience;
  std::vector<std::uint8_t> framed{static_cast<std::uint8_t>(query.size() >> 8),
                                   static_cast<std::uint8_t>(query.size() & 0xff)};
  framed.insert(framed.end(), query.begin(), query.end());
  if (auto ok = Send(socket, framed, until); !ok) return Fail(ok.error());
  std::uint8_t length[2]{};
  if (auto ok = Fill(socket, length, until); !ok) return Fail(ok.error());
  std::vector<std::uint8_t> message(std::size_t{length[0]} << 8 | length[1]);
  if (auto ok = Fill(socket, message, until); !ok) return Fail(ok.error());
  if (!IsAnswerTo(query, message)) {
    return Fail(ErrorCode::kUnavailable, "an answer to another question");
  }
  return message;
}

}  // namespace

std::string ToText(const Nameserver& server) {
  const bool brackets = server.address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", brackets ? "[" : "", server.address, brackets ? "]" : "",
                     server.port);
}

Result<std::vector<std::uint8_t>> Exchange(const Nameserver& server,
                                           std::span<const std::uint8_t> query,
                                           Transport transport) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = transport == Transport::kUdp ? SOCK_DGRAM : SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(server.address.c_str(), std::to_string(server.port).c_str(), &hints, &found) !=
      0) {
    return Fail(ErrorCode::kInvalid, fmt::format("{} is no address", Quote(server.address)));
  }
  const Socket socket(
      ::socket(found->ai_family, found->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  auto connected = socket.get() < 0 ? Result<void>(Because(errno))
                                    : Connect(socket, *found, SystemClock().Now() + kPatience);
  ::freeaddrinfo(found);
  if (!connected) return Fail(std::move(connected.error()));
  return transport == Transport::kUdp ? ByUdp(socket, query) : ByTcp(socket, query);
}

}  // namespace rollcall::doctor
