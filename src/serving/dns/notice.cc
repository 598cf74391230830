#include "serving/dns/notice.h"

#include <netinet/in.h>

#include <cstring>

namespace rollcall::serving::dns {
namespace {

bool Counts(const answer::Responded& said) {
  switch (said.type) {
    case wire::Type::kSrv:
      return true;
    case wire::Type::kA:
    case wire::Type::kAaaa:
      return said.several;
    default:
      return false;
  }
}

constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

// Borrows `source`; an IPv4-mapped address is IPv4.
seen::Asker AskerOf(const sockaddr* source, bool tcp) {
  if (source->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(source);
    return {reinterpret_cast<const std::uint8_t*>(&v4->sin_addr), false, tcp};
  }
  const std::uint8_t* const address =
      reinterpret_cast<const sockaddr_in6*>(source)->sin6_addr.s6_addr;
  if (std::memcmp(address, kMapped, sizeof kMapped) == 0) return {address + 12, false, tcp};
  return {address, true, tcp};
}

}  // namespace

void Notice(seen::Tap& tap, const catalog::View& view, const answer::Responded& said,
            const sockaddr* source, bool tcp, SteadyTime now) {
  if (said.outcome != answer::Outcome::kReply || said.rcode != wire::Rcode::kNoError) return;
  if (!said.asked || !Counts(said)) return;
  tap.Note(AskerOf(source, tcp), said.name.wire(), view.revision, now);
}

}  // namespace rollcall::serving::dns
