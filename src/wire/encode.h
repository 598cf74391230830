// A reply as values -> bytes, within a budget.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "wire/query.h"
#include "wire/record.h"
#include "wire/types.h"

namespace rollcall::wire {

struct ExtendedError {
  std::uint16_t info_code = 0;
};

// What to say.  Borrows everything.
struct Reply {
  Rcode rcode = Rcode::kNoError;
  bool authoritative = false;
  bool recursion_available = false;
  bool truncated = false;  // asked for by the caller, besides what the encoder finds
  std::span<const Record> answer{};
  std::span<const Record> authority{};
  std::span<const Record> additional{};
  std::optional<ExtendedError> extended_error{};  // sent only if the query had an OPT
  std::string_view nsid{};                        // sent only if the query asked for it
};

struct Limits {
  std::size_t max_size = kMinUdpSize;  // of the whole message
  std::uint16_t our_udp_size = 1232;   // told in our OPT
};

// Writes the reply to `query` into `out` and returns its size, at most
// min(limits.max_size, out.size()); both must be at least kMinUdpSize.
//
// Owner names and the names of RFC 1035 types are compressed, SRV targets never.
// Fitting (RFC 2181 section 9): additional records are whole RRsets that fit, and
// are dropped without TC.  If the answer or authority section does not fit, TC is
// set, the whole records of the answer that fit stay, the rest goes.  The
// question is echoed octet for octet.  An OPT is sent exactly if one came.
[[nodiscard]] std::size_t EncodeReply(const Query& query, const Reply& reply, const Limits& limits,
                                      std::span<std::uint8_t> out);

// Where the serial of the SOA lies in `message`, which EncodeReply() made of these, for who keeps
// it and writes a later one there; 0: it holds none.
[[nodiscard]] std::size_t SerialAt(const Query& query, const Reply& reply,
                                   std::span<const std::uint8_t> message);

}  // namespace rollcall::wire
