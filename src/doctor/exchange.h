// One message to one nameserver, and what comes back.
//
// Threads: any number at once; a call blocks.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace rollcall::doctor {

enum class Transport { kUdp, kTcp };

// What Prometheus's client waits for a connection, and again for the answer.
inline constexpr std::chrono::seconds kPatience{2};

struct Nameserver {
  std::string address;  // IPv4 or IPv6, with a zone (fe80::1%eth0) too
  std::uint16_t port = 53;
};
// "192.0.2.1:53", "[2001:db8::1]:53"
[[nodiscard]] std::string ToText(const Nameserver& server);

// By a fresh socket, connected, once.  By UDP what has another id is passed over, and what is
// longer than 4096 octets is cut there.
// kInvalid: `address` is none.  kDeadline: nothing came for kPatience.  kUnavailable: refused,
// unreachable, closed, another id by TCP.
[[nodiscard]] Result<std::vector<std::uint8_t>> Exchange(const Nameserver& server,
                                                         std::span<const std::uint8_t> query,
                                                         Transport transport);

}  // namespace rollcall::doctor
