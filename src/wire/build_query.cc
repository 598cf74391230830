#include "wire/build_query.h"

#include <array>

#include "wire/header.h"
#include "wire/writer.h"

namespace rollcall::wire {
namespace {

// Header, question, OPT with one empty option.
constexpr std::size_t kMaxQuerySize = kHeaderSize + kMaxNameSize + 4 + 11 + 4;

}  // namespace

std::vector<std::uint8_t> BuildQuery(const Question& question, const QueryOptions& options) {
  std::array<std::uint8_t, kMaxQuerySize> buffer{};
  Writer to(buffer, 1);
  unsigned flags = 0;
  if (options.recursion_desired) flags |= kRecursionDesired;
  if (options.checking_disabled) flags |= kCheckingDisabled;
  to.U16(options.id);
  to.U16(static_cast<std::uint16_t>(flags));
  to.U16(1);
  to.U16(0);
  to.U16(0);
  to.U16(options.edns_udp_size ? 1 : 0);
  to.PlainName(question.name);
  to.U16(static_cast<std::uint16_t>(question.type));
  to.U16(static_cast<std::uint16_t>(question.qclass));
  if (options.edns_udp_size) {
    to.U8(0);  // owner: the root
    to.U16(static_cast<std::uint16_t>(Type::kOpt));
    to.U16(*options.edns_udp_size);
    to.U16(0);  // rcode, version
    to.U16(options.dnssec_ok ? kDnssecOk : 0);
    to.U16(options.wants_nsid ? 4 : 0);
    if (options.wants_nsid) to.U32(std::uint32_t{kOptionNsid} << 16);
  }
  return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(to.size())};
}

}  // namespace rollcall::wire
