// The target of a request and the authority it goes to, taken apart (RFC 9112 section 3.2).
//
// Strict: whatever two readers might understand in two ways is refused.  Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "serving/http/exchange.h"

namespace rollcall::serving::http {

inline constexpr std::size_t kMostTarget = 8192;    // octets; more is for 414
inline constexpr std::size_t kMostParameters = 64;  // of one query

struct Target {
  std::string path;               // as Request::path
  std::vector<Field> parameters;  // as Request::parameters
  // Of "http://AUTHORITY/path", which counts instead of the header Host; else "".
  std::string authority;
};

// kInvalid: not of the form "/path?query" or "http://authority/path?query"; an octet that has to
// be percent-encoded; an escape that is none, or hides a slash; what is not UTF-8; a control
// character; an empty segment, "." or "..".  kExhausted: too many parameters.
[[nodiscard]] Result<Target> ParseTarget(std::string_view text);

// What stands in Host, or in a URL between "//" and the path.
struct Authority {
  std::string host;      // in lower case, without a final dot; IPv6 without its brackets
  bool literal = false;  // an IP address: four decimal numbers, or IPv6 in brackets
  std::string port;      // "" if none is given
};

// kInvalid: no such thing; a user name in it is one of them.
[[nodiscard]] Result<Authority> ParseAuthority(std::string_view text);

// An IP address as everybody writes it: IPv4 that is mapped into IPv6 as IPv4, IPv6 in its
// shortest form.  What is no address comes back as it was.
[[nodiscard]] std::string CanonicalAddress(std::string_view text);
// 127.0.0.0/8 or ::1.  Requires: canonical.
[[nodiscard]] bool IsLoopback(std::string_view address);

}  // namespace rollcall::serving::http
