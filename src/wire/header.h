// The bits of a message's flags: the header's second word (RFC 1035 section 4.1.1,
// RFC 4035 section 3.2.2) and the OPT record's (RFC 3225).
#pragma once

#include <cstdint>

namespace rollcall::wire {

inline constexpr std::uint16_t kResponse = 0x8000;
inline constexpr std::uint16_t kAuthoritative = 0x0400;
inline constexpr std::uint16_t kTruncated = 0x0200;
inline constexpr std::uint16_t kRecursionDesired = 0x0100;
inline constexpr std::uint16_t kRecursionAvailable = 0x0080;
inline constexpr std::uint16_t kAuthenticData = 0x0020;
inline constexpr std::uint16_t kCheckingDisabled = 0x0010;

inline constexpr std::uint16_t kDnssecOk = 0x8000;  // of the OPT's flags

}  // namespace rollcall::wire
