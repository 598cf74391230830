#include "serving/dns/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netdb.h>

#include <array>
#include <charconv>
#include <cstring>

namespace rollcall::serving::dns {
namespace {

const sockaddr_in& V4(const sockaddr* address) {
  return *reinterpret_cast<const sockaddr_in*>(address);
}
const sockaddr_in6& V6(const sockaddr* address) {
  return *reinterpret_cast<const sockaddr_in6*>(address);
}

bool IsLocalV4(std::uint32_t ip) {
  const auto in = [ip](std::uint32_t network, int bits) {
    return (ip ^ network) >> (32 - bits) == 0;
  };
  return in(0x7F000000, 8) || in(0x0A000000, 8) || in(0xAC100000, 12) || in(0xC0A80000, 16) ||
         in(0xA9FE0000, 16) || in(0x64400000, 10);
}

bool IsLocalV6(const in6_addr& ip) {
  if (IN6_IS_ADDR_V4MAPPED(&ip)) {
    std::uint32_t v4 = 0;
    std::memcpy(&v4, ip.s6_addr + 12, sizeof v4);
    return IsLocalV4(ntohl(v4));
  }
  return IN6_IS_ADDR_LOOPBACK(&ip) || IN6_IS_ADDR_LINKLOCAL(&ip) || (ip.s6_addr[0] & 0xFE) == 0xFC;
}

}  // namespace

Result<Address> ParseAddress(std::string_view text) {
  const auto invalid = [text](std::string_view why) {
    return Fail(ErrorCode::kInvalid, fmt::format("address \"{}\" {}", text, why));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return invalid("has no port: write ADDRESS:PORT");
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.empty())
    return invalid("has no host: write 0.0.0.0:PORT or [::]:PORT for all addresses");
  if (host.front() == '[') {
    if (host.back() != ']') return invalid("has a [ without its ]");
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) return invalid("has no IPv6 address in brackets");
  } else if (host.find(':') != std::string_view::npos) {
    return invalid("needs brackets around IPv6: write [ADDRESS]:PORT");
  }
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port > 65535) {
    return invalid("has a port that is not a number from 0 to 65535");
  }
  Address address{std::string(host), static_cast<std::uint16_t>(port)};
  if (!ToSocketAddress(address)) return invalid("has a host that is not an IPv4 or IPv6 address");
  return address;
}

std::string ToText(const Address& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", address.host, v6 ? "]" : "", address.port);
}

Result<SocketAddress> ToSocketAddress(const Address& address) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  // getaddrinfo takes shorthands such as "1" or "0x7f.1" for IPv4; we do not.
  in_addr strict{};
  const bool v6 = address.host.find(':') != std::string::npos;
  if ((!v6 && inet_pton(AF_INET, address.host.c_str(), &strict) != 1) ||
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) !=
          0) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("\"{}\" is not an IPv4 or IPv6 address", address.host));
  }
  SocketAddress result;
  std::memcpy(&result.storage, found->ai_addr, found->ai_addrlen);
  result.size = found->ai_addrlen;
  freeaddrinfo(found);
  return result;
}

Address FromSocketAddress(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address->sa_family == AF_INET) {
    inet_ntop(AF_INET, &V4(address).sin_addr, text.data(), text.size());
    return {text.data(), PortOf(address)};
  }
  inet_ntop(AF_INET6, &V6(address).sin6_addr, text.data(), text.size());
  std::string host = text.data();
  if (V6(address).sin6_scope_id != 0) {
    std::array<char, IF_NAMESIZE> interface {};
    const char* name = if_indextoname(V6(address).sin6_scope_id, interface.data());
    host += '%' + (name != nullptr ? std::string(name) : std::to_string(V6(address).sin6_scope_id));
  }
  return {std::move(host), PortOf(address)};
}

std::uint16_t PortOf(const sockaddr* address) {
  return ntohs(address->sa_family == AF_INET ? V4(address).sin_port : V6(address).sin6_port);
}

bool IsWildcard(const sockaddr* address) {
  if (address->sa_family == AF_INET) return V4(address).sin_addr.s_addr == INADDR_ANY;
  return IN6_IS_ADDR_UNSPECIFIED(&V6(address).sin6_addr);
}

bool IsLocal(const sockaddr* address) {
  if (address->sa_family == AF_INET) return IsLocalV4(ntohl(V4(address).sin_addr.s_addr));
  if (address->sa_family == AF_INET6) return IsLocalV6(V6(address).sin6_addr);
  return false;
}

}  // namespace rollcall::serving::dns
