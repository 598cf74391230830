// Bytes of a response -> records: for the forwarder, the tools and the tests.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "wire/query.h"
#include "wire/record.h"

namespace rollcall::wire {

struct Response {
  std::uint16_t id = 0;
  Opcode opcode = Opcode::kQuery;
  bool is_response = false;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_desired = false;
  bool recursion_available = false;
  bool authentic_data = false;
  bool checking_disabled = false;
  Rcode rcode = Rcode::kNoError;  // with EDNS's extended bits
  std::vector<Question> questions;
  std::vector<Record> answer;
  std::vector<Record> authority;
  std::vector<Record> additional;  // without the OPT
  bool has_edns = false;
  std::uint16_t edns_udp_size = 0;
  std::uint8_t edns_version = 0;
  bool edns_dnssec_ok = false;
  std::vector<std::pair<std::uint16_t, std::string>> edns_options;

  // What the records borrow: names and texts taken out of the message.  They stay
  // valid as long as any copy of this pointer.
  std::shared_ptr<const std::deque<std::string>> storage;
};

// kInvalid: what is wrong and at which octet.  Octets behind the end are an error.
[[nodiscard]] Result<Response> DecodeResponse(std::span<const std::uint8_t> message);

}  // namespace rollcall::wire
