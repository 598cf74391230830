// Where a check goes: URLs and HOST:PORT, as far as checks use them.
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::agent {

struct HostPort {
  std::string host;  // an address, IPv6 without its brackets, or a name
  std::uint16_t port = 0;

  friend bool operator==(const HostPort&, const HostPort&) = default;
};
// "192.0.2.1:9100", "[2001:db8::1]:9100", "server01:9100".
[[nodiscard]] std::string ToText(const HostPort& place);

// kInvalid: anything else than what ToText() gives; an IPv6 address has its brackets.
[[nodiscard]] Result<HostPort> ParseHostPort(std::string_view text);

struct CheckUrl {
  bool tls = false;  // https
  HostPort place;
  std::string target;     // path and query: "/metrics?collect[]=cpu"
  std::string authority;  // of the header Host: as in the URL

  friend bool operator==(const CheckUrl&, const CheckUrl&) = default;
};

// http:// or https://, a host, perhaps a port, path and query.
// kInvalid, in one sentence: another scheme, a user in it, a fragment, an octet that does
// not belong there (what is written goes into the request as it is), over 2048 octets.
[[nodiscard]] Result<CheckUrl> ParseCheckUrl(std::string_view url);

}  // namespace rollcall::agent
