// Bytes of a request -> a Query (RFC 1035 section 4, RFC 6891).
//
// Sans-I/O, no allocation.  Never reads outside the message; bounds hold in
// every build.
#pragma once

#include <cstdint>
#include <span>

#include "wire/name.h"
#include "wire/types.h"

namespace rollcall::wire {

struct Question {
  Name name;  // as asked, case kept
  Type type = Type::kA;
  Class qclass = Class::kIn;
};

// The OPT record of a request.
struct Edns {
  bool present = false;
  std::uint16_t udp_size = 0;  // as sent
  std::uint8_t version = 0;
  bool dnssec_ok = false;
  bool wants_nsid = false;
};

struct Query {
  std::uint16_t id = 0;
  Opcode opcode = Opcode::kQuery;
  bool recursion_desired = false;
  bool checking_disabled = false;
  bool has_question = false;  // false: do not echo one; `question` is then empty
  Question question;
  Edns edns;
  // kNoError: answer it.  Else answer just this: kFormErr (cannot be parsed,
  // QDCOUNT other than 1, records in the answer section or, but for the SOA of an
  // IXFR, in the authority section, more than two additional records, two OPT
  // records, a compressed name; the reply is a header alone), kNotImp (another
  // opcode), kBadVers (an EDNS version above 0).
  // The class is not looked at.
  Rcode verdict = Rcode::kNoError;
};

// False: no reply at all (under 12 octets, or itself a response).
// Octets behind the last record are ignored, as every server studied does.
[[nodiscard]] bool ParseQuery(std::span<const std::uint8_t> message, Query& query);

}  // namespace rollcall::wire
