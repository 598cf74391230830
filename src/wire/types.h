// The numbers of the DNS (RFC 1035, RFC 6895; IANA's "Domain Name System
// Parameters").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rollcall::wire {

// Any 16-bit number may stand in a Type or Class; these have names here.
enum class Type : std::uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kPtr = 12,
  kHinfo = 13,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kSrv = 33,
  kOpt = 41,
  kDs = 43,
  kHttps = 65,
  kIxfr = 251,
  kAxfr = 252,
  kAny = 255,
};

enum class Class : std::uint16_t { kIn = 1, kChaos = 3, kNone = 254, kAny = 255 };

enum class Opcode : std::uint8_t { kQuery = 0, kIquery = 1, kStatus = 2, kNotify = 4, kUpdate = 5 };

// With the extended bits of EDNS (RFC 6891 section 6.1.3): 12 bits.
enum class Rcode : std::uint16_t {
  kNoError = 0,
  kFormErr = 1,
  kServFail = 2,
  kNxDomain = 3,
  kNotImp = 4,
  kRefused = 5,
  kBadVers = 16,
};

// EDNS option codes and the info codes of Extended DNS Errors (RFC 8914).
inline constexpr std::uint16_t kOptionNsid = 3;
inline constexpr std::uint16_t kOptionExtendedError = 15;
inline constexpr std::uint16_t kStaleAnswer = 3;
inline constexpr std::uint16_t kNotReady = 14;

inline constexpr std::size_t kHeaderSize = 12;
inline constexpr std::size_t kMaxMessageSize = 65535;
inline constexpr std::size_t kMinUdpSize = 512;

// "SRV"; "TYPE65280" for one without a name (RFC 3597).
[[nodiscard]] std::string ToText(Type type);
[[nodiscard]] std::string ToText(Rcode rcode);

}  // namespace rollcall::wire
