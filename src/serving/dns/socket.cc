#include "serving/dns/socket.h"

#include <fmt/format.h>
#include <netinet/ip.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>

namespace rollcall::serving::dns {
namespace {

bool Set(const Fd& socket, int level, int option, int value) {
  return setsockopt(socket.get(), level, option, &value, sizeof value) == 0;
}

tl::unexpected<Error> CannotBind(const SocketAddress& address, std::string_view protocol,
                                 int error) {
  std::string_view hint;
  if (error == EACCES) {
    hint = "; ports below 1024 need CAP_NET_BIND_SERVICE (AmbientCapabilities= in a unit file)";
  } else if (error == EADDRINUSE) {
    hint = "; another program holds it (`ss -lnptu` tells which)";
  } else if (error == EADDRNOTAVAIL) {
    hint = "; no interface of this machine has that address";
  } else if (error == EMFILE || error == ENFILE) {
    hint = "; raise the limit of open files (LimitNOFILE=)";
  }
  return Fail(
      ErrorCode::kUnavailable,
      fmt::format("cannot listen on {} ({}): {}{}", ToText(FromSocketAddress(address.get())),
                  protocol, std::strerror(error), hint));  // NOLINT(concurrency-mt-unsafe)
}

bool SetUpUdp(const Fd& socket, const SocketAddress& address) {
  const bool v6 = address.family() == AF_INET6;
  const timeval timeout{kReceiveTimeoutMs / 1000, kReceiveTimeoutMs % 1000 * 1000};
  const bool set =
      Set(socket, SOL_SOCKET, SO_REUSEPORT, 1) &&
      setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0 &&
      (v6 ? Set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
                Set(socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT)
          : Set(socket, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT));
  if (!set) return false;
  // A synchronized burst has to find room while a worker is busy.  As much as the
  // kernel gives (net.core.rmem_max).
  Set(socket, SOL_SOCKET, SO_RCVBUF, 4 << 20);
  Set(socket, SOL_SOCKET, SO_SNDBUF, 4 << 20);
  if (!IsWildcard(address.get())) return true;
  return v6 ? Set(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
            : Set(socket, IPPROTO_IP, IP_PKTINFO, 1);
}

}  // namespace

Result<Fd> BindUdp(const SocketAddress& address) {
  Fd socket(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0 || !SetUpUdp(socket, address) ||
      bind(socket.get(), address.get(), address.size) != 0) {
    return CannotBind(address, "UDP", errno);
  }
  return socket;
}

Result<Fd> ListenTcp(const SocketAddress& address) {
  Fd socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0 || !Set(socket, SOL_SOCKET, SO_REUSEADDR, 1) ||
      (address.family() == AF_INET6 && !Set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1)) ||
      bind(socket.get(), address.get(), address.size) != 0 || listen(socket.get(), kBacklog) != 0) {
    return CannotBind(address, "TCP", errno);
  }
  return socket;
}

SocketAddress BoundAddress(const Fd& socket) {
  SocketAddress address;
  address.size = sizeof address.storage;
  getsockname(socket.get(), address.get(), &address.size);
  return address;
}

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace rollcall::serving::dns
