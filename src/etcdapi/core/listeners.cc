#include "etcdapi/core/listeners.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace rollcall::etcdapi {
namespace {

// Without which an accept() that fails would be tried again all the time.
constexpr std::chrono::milliseconds kPause{100};
constexpr std::chrono::milliseconds kTurn{1000};
constexpr std::chrono::minutes kBetweenComplaints{1};
// A client that does not read for so long is given up, as gRPC has it.
constexpr int kMostUnread = 20'000;  // milliseconds

using Found = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

void Set(int socket, int level, int option, int value) {
  (void)setsockopt(socket, level, option, &value, sizeof value);
}

// The descriptor of a socket that listens there, or less than zero: an errno's negative.
int ListenAt(const addrinfo& address, bool only_v6) {
  const int listener = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) return -errno;
  Set(listener, SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.ai_family == AF_INET6) Set(listener, IPPROTO_IPV6, IPV6_V6ONLY, only_v6 ? 1 : 0);
  // Connections have these from their listener.
  Set(listener, IPPROTO_TCP, TCP_NODELAY, 1);
  Set(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, kMostUnread);
  if (bind(listener, address.ai_addr, address.ai_addrlen) == 0 &&
      listen(listener, SOMAXCONN) == 0) {
    return listener;
  }
  const int error = errno;
  (void)close(listener);
  return -error;
}

std::uint16_t PortOf(int listener) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  (void)getsockname(listener, reinterpret_cast<sockaddr*>(&bound), &size);
  // At the same place in both families.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
}

Error WhyNot(const std::string& name, int error) {
  if (error == EADDRINUSE) {
    return {ErrorCode::kConflict, name +
                                      " is in use: an etcd? Name another address by "
                                      "--store.listen-address, or use --store=etcd"};
  }
  return {error == EADDRNOTAVAIL ? ErrorCode::kInvalid : ErrorCode::kUnavailable,
          "cannot listen at " + name + ": " + std::generic_category().message(error)};
}

}  // namespace

Listeners::~Listeners() {
  Stop();
}

Result<std::uint16_t> Listeners::Listen(const std::string& host, const std::string& port) {
  const bool is_v6 = host.find(':') != std::string::npos;
  const std::string name = (is_v6 ? "[" + host + "]" : host) + ":" + port;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed =
      getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) return Fail(ErrorCode::kInvalid, name + ": " + gai_strerror(failed));
  const Found addresses(found, &freeaddrinfo);
  const bool several = found->ai_next != nullptr;
  std::uint16_t bound = 0;
  int error = 0;
  for (addrinfo* one = found; one != nullptr; one = one->ai_next) {
    // All of them at the port that the first one got.
    if (bound != 0) reinterpret_cast<sockaddr_in*>(one->ai_addr)->sin_port = htons(bound);
    const int listener = ListenAt(*one, several);
    if (listener >= 0) {
      listeners_.push_back(listener);
      bound = PortOf(listener);
    } else if (listener != -EAFNOSUPPORT || error == 0) {
      error = -listener;
    }
  }
  // A machine without IPv6 has half of them.
  const bool minor = error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
  if (error == 0 || (bound != 0 && minor)) return bound;
  return Fail(WhyNot(name, error));
}

void Listeners::Start(Connected connected) {
  connected_ = std::move(connected);
  rlimit limit{};
  (void)getrlimit(RLIMIT_NOFILE, &limit);
  const auto most = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1 << 30));
  highest_ = most - std::min(kMostSpared, most / 4);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Listeners::Stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    (void)eventfd_write(wake_, 1);
    thread_.join();
    (void)close(wake_);
  }
  for (const int listener : listeners_) (void)close(listener);
  listeners_.clear();
}

void Listeners::Run(const std::stop_token& stop) {
  std::vector<pollfd> waiting = {{wake_, POLLIN, 0}};
  for (const int listener : listeners_) waiting.push_back({listener, POLLIN, 0});
  bool pause = false;
  while (!stop.stop_requested()) {
    const nfds_t count = pause ? 1 : waiting.size();
    (void)poll(waiting.data(), count, static_cast<int>((pause ? kPause : kTurn).count()));
    pause = false;
    for (std::size_t i = 1; i < count; ++i) {
      if (waiting[i].revents != 0 && !Accept(waiting[i].fd)) pause = true;
    }
  }
}

bool Listeners::Accept(int listener) {
  const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (connection < 0) {
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return true;
    Complain(errno);
    return false;
  }
  // The lowest number that was free: so many are open.
  if (connection <= highest_) {
    connected_(connection, listener);
    return true;
  }
  (void)close(connection);
  Complain(EMFILE);
  return true;
}

void Listeners::Complain(int error) {
  ++turned_away_;
  const auto now = std::chrono::steady_clock::now();
  if (now - complained_ < kBetweenComplaints && complained_.time_since_epoch().count() != 0) return;
  complained_ = now;
  const char* const hint = error == EMFILE ? "raise the limit of open files (LimitNOFILE=)" : "";
  log::Warn("clients of the store cannot be let in",
            {{"do", hint},
             {"why", std::generic_category().message(error)},
             {"times", std::exchange(turned_away_, 0)}});
}

}  // namespace rollcall::etcdapi
