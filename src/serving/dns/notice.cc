#include "serving/dns/notice.h"

#include <netinet/in.h>

#include <cstring>

namespace rollcall::serving::dns {
namespace {

// A name with a selector (`_healthy.NAME`) or a service's underscore label is none of an instance.
bool StandsForSeveral(const catalog::View& view, wire::NameView name) {
  if (name.IsRoot()) return false;
  if (name.FirstLabel()[0] == '_') return true;
  const catalog::Node* const node = view.tree.Find(name);
  return node != nullptr && node->has_children();
}

bool Counts(const catalog::View& view, const wire::Question& question) {
  switch (question.type) {
    case wire::Type::kSrv:
      return true;
    case wire::Type::kA:
    case wire::Type::kAaaa:
      return StandsForSeveral(view, question.name);
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

void Notice(seen::Tap& tap, const catalog::View& view, const wire::Query& query,
            const answer::Responded& said, const sockaddr* source, bool tcp, SteadyTime now) {
  if (said.outcome != answer::Outcome::kReply || said.rcode != wire::Rcode::kNoError) return;
  if (!query.has_question || !Counts(view, query.question)) return;
  tap.Note(AskerOf(source, tcp), query.question.name.view().wire(), view.revision, now);
}

}  // namespace rollcall::serving::dns
