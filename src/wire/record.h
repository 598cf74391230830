// Resource records as values (RFC 9499 terms: owner, TTL, RDATA).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "wire/name.h"
#include "wire/types.h"

namespace rollcall::wire {

using Ipv4 = std::array<std::uint8_t, 4>;
using Ipv6 = std::array<std::uint8_t, 16>;

struct A {
  Ipv4 address{};
  friend bool operator==(const A&, const A&) = default;
};
struct Aaaa {
  Ipv6 address{};
  friend bool operator==(const Aaaa&, const Aaaa&) = default;
};
// CNAME, NS, PTR: one name, compressed when encoded.
struct NameData {
  NameView name;
  friend bool operator==(const NameData&, const NameData&) = default;
};
struct Mx {
  std::uint16_t preference = 0;
  NameView exchange;
  friend bool operator==(const Mx&, const Mx&) = default;
};
// The target is never compressed (RFC 2782; a resolver in between would expand
// it past 64 KiB).
struct Srv {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  NameView target;
  friend bool operator==(const Srv&, const Srv&) = default;
};
// The text as a whole; the encoder cuts it into character-strings of 255 octets.
struct Txt {
  std::string_view text;
  friend bool operator==(const Txt&, const Txt&) = default;
};
struct Soa {
  NameView mname;
  NameView rname;
  std::uint32_t serial = 0;
  std::uint32_t refresh = 0;
  std::uint32_t retry = 0;
  std::uint32_t expire = 0;
  std::uint32_t minimum = 0;
  friend bool operator==(const Soa&, const Soa&) = default;
};
// RDATA as it stands (RFC 3597), free of compressed names.
struct Opaque {
  std::string_view octets;
  friend bool operator==(const Opaque&, const Opaque&) = default;
};

using Rdata = std::variant<Opaque, A, Aaaa, NameData, Mx, Srv, Txt, Soa>;

// Borrows its names and texts.  Class IN always.
struct Record {
  NameView owner;
  Type type = Type::kA;
  std::uint32_t ttl = 0;  // seconds; all 32 bits go out as they are, as CoreDNS does
  Rdata rdata;
  friend bool operator==(const Record&, const Record&) = default;
};

// "node.prom.internal. 15 IN SRV 10 100 9100 a.node.prom.internal."
[[nodiscard]] std::string ToText(const Record& record);

}  // namespace rollcall::wire
