// Sockets of the server: made, bound, closed.
#pragma once

#include <unistd.h>

#include <utility>

#include "base/result.h"
#include "serving/dns/address.h"

namespace rollcall::serving::dns {

// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// Bound sockets.  The error names the address and, where there is one, the way
// out.  IPv6 sockets take IPv6 only, so that 0.0.0.0 and :: can both be bound.
//
// UDP: blocking, with a receive timeout of kReceiveTimeoutMs, shared with
// SO_REUSEPORT; datagrams are fragmented rather than refused, and no path MTU told
// by a stranger is believed (IP_PMTUDISC_OMIT).
[[nodiscard]] Result<Fd> BindUdp(const SocketAddress& address);
// TCP: listening, not blocking.  Not SO_REUSEPORT: a second server on the same
// address is noticed here.
[[nodiscard]] Result<Fd> ListenTcp(const SocketAddress& address);

inline constexpr int kReceiveTimeoutMs = 5000;
inline constexpr int kBacklog = 4096;  // the kernel caps it at net.core.somaxconn

// What the kernel made of it (port 0).
[[nodiscard]] SocketAddress BoundAddress(const Fd& socket);

// Many connections and questions in flight need descriptors: lifts the soft limit
// of this process to its hard limit.
void RaiseDescriptorLimit();

}  // namespace rollcall::serving::dns
