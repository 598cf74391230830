// Addresses as people write them, and as the kernel wants them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::serving::dns {

struct Address {
  std::string host;  // IPv4 or IPv6 literal, without brackets
  std::uint16_t port = 0;
  friend bool operator==(const Address&, const Address&) = default;
};
// "127.0.0.1:5300", "[::1]:5300".  kInvalid: says what is wrong.
[[nodiscard]] Result<Address> ParseAddress(std::string_view text);
[[nodiscard]] std::string ToText(const Address& address);

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
};
// kInvalid: the host is not a literal.  Never asks a resolver.
[[nodiscard]] Result<SocketAddress> ToSocketAddress(const Address& address);
// Requires: an IPv4 or IPv6 address.
[[nodiscard]] Address FromSocketAddress(const sockaddr* address);

[[nodiscard]] std::uint16_t PortOf(const sockaddr* address);
// 0.0.0.0 or ::
[[nodiscard]] bool IsWildcard(const sockaddr* address);
// Near enough to be ours: loopback, RFC 1918, RFC 4193, link-local (RFC 3927, RFC
// 4291 section 2.5.6), shared address space (RFC 6598); IPv4-mapped IPv6 by its
// IPv4 part.  Whom an unconfigured forwarder may serve.
[[nodiscard]] bool IsLocal(const sockaddr* address);

}  // namespace rollcall::serving::dns
