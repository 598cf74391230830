#include "app/zones.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>

#include "base/quote.h"

namespace rollcall::app {
namespace {

// An address family's way to be written backwards.
struct Family {
  int af;
  unsigned bits;       // of an address
  unsigned step;       // bits of one label
  const char* suffix;  // the tree it lies in
  const char* label;   // how a step's value is written
};
constexpr Family kIpv4{AF_INET, 32, 8, "in-addr.arpa", "{}."};
constexpr Family kIpv6{AF_INET6, 128, 4, "ip6.arpa", "{:x}."};

unsigned StepOf(const Family& family, const std::uint8_t* address, unsigned index) {
  if (family.step == 8) return address[index];
  return index % 2 == 0 ? address[index / 2] >> 4 : address[index / 2] & 0xF;
}

// The name of the first `steps` steps, the last of them replaced by `last`.
std::string ReverseName(const Family& family, const std::uint8_t* address, unsigned steps,
                        unsigned last) {
  std::string name;
  for (unsigned i = steps; i-- > 0;) {
    const unsigned value = i + 1 == steps ? last : StepOf(family, address, i);
    name += fmt::format(fmt::runtime(family.label), value);
  }
  return name + family.suffix;
}

Result<std::vector<wire::Name>> ReverseZones(const Family& family, const std::uint8_t* address,
                                             unsigned length) {
  const unsigned steps = (length + family.step - 1) / family.step;
  const unsigned open = steps * family.step - length;  // bits of the last step left open
  const unsigned first = steps == 0 ? 0 : (StepOf(family, address, steps - 1) >> open) << open;
  std::vector<wire::Name> zones;
  for (unsigned last = first; last < first + (1U << open); ++last) {
    const auto name = wire::Name::FromText(ReverseName(family, address, steps, last));
    if (!name) return Fail(name.error());
    zones.push_back(*name);
  }
  return zones;
}

// The address with all behind its first `length` bits at zero.
std::array<std::uint8_t, 16> NetworkOf(const std::uint8_t* address, unsigned length) {
  std::array<std::uint8_t, 16> network{};
  for (unsigned bit = 0; bit < length; ++bit) {
    network[bit / 8] |= address[bit / 8] & (0x80U >> (bit % 8));
  }
  return network;
}

}  // namespace

Result<std::vector<wire::Name>> ParseZone(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return Fail(ErrorCode::kInvalid, fmt::format("{} {}", Quote(text), why));
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    if (text.empty()) return bad("is no zone");
    auto name = wire::Name::FromText(text);
    if (!name) return bad(fmt::format("is no zone: {}", name.error().message));
    name->ToLower();
    return std::vector<wire::Name>{*name};
  }

  const std::string address(text.substr(0, slash));
  const std::string_view bits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), length);
  if (error != std::errc() || end != bits.data() + bits.size()) {
    return bad("is no network: what follows the slash is no number");
  }
  for (const Family& family : {kIpv4, kIpv6}) {
    std::array<std::uint8_t, 16> octets{};
    if (inet_pton(family.af, address.c_str(), octets.data()) != 1) continue;
    if (length > family.bits) return bad(fmt::format("has more than {} bits", family.bits));
    if (const auto network = NetworkOf(octets.data(), length); network != octets) {
      char meant[INET6_ADDRSTRLEN] = {};
      inet_ntop(family.af, network.data(), meant, sizeof meant);
      return bad(
          fmt::format("is no network: bits are set behind the first {}; {}/{} was probably meant",
                      length, meant, length));
    }
    return ReverseZones(family, octets.data(), length);
  }
  return bad("is no network: what precedes the slash is no IP address");
}

}  // namespace rollcall::app
