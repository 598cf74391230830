// What the host of a Service means.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "model/service.h"
#include "wire/name.h"

namespace rollcall::model {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// inet_pton accepts what net.ParseIP accepts: it, too, refuses leading zeros,
// zone indices and anything around the address.
bool ReadAddress(std::string_view text, Host& host) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != text.npos) return false;
  std::copy(text.begin(), text.end(), terminated.begin());
  if (inet_pton(AF_INET, terminated.data(), host.address.data()) == 1) {
    host.kind = HostKind::kIpv4;
    return true;
  }
  if (inet_pton(AF_INET6, terminated.data(), host.address.data()) != 1) return false;
  host.kind = HostKind::kIpv6;
  if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), host.address.begin())) {
    host.kind = HostKind::kIpv4;
    std::copy(host.address.begin() + 12, host.address.end(), host.address.begin());
    std::fill(host.address.begin() + 4, host.address.end(), std::uint8_t{0});
  }
  return true;
}

tl::unexpected<Invalid> BadHost(std::string_view why) {
  return tl::unexpected<Invalid>(Invalid{Flaw::kHost, fmt::format("member host: {}", why)});
}

}  // namespace

tl::expected<Host, Invalid> ClassifyHost(std::string_view text) {
  Host host;
  if (text.empty() || ReadAddress(text, host)) return host;
  const auto name = wire::Name::FromText(text);
  if (!name) return BadHost(name.error().message);
  if (name->view().IsRoot()) return BadHost("the root is no target");
  host.kind = HostKind::kName;
  host.name = name->view().wire();
  host.address = {};
  return host;
}

}  // namespace rollcall::model
