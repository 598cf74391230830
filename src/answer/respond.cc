#include "answer/respond.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "wire/encode.h"

namespace rollcall::answer {
namespace {

using wire::Rcode;

// The kinds of question that a forwarder may be asked.
bool IsForwardable(const wire::Query& query) {
  const wire::Type type = query.question.type;
  return query.recursion_desired && type != wire::Type::kAxfr && type != wire::Type::kIxfr;
}

Responded Sent(std::size_t size, const wire::Reply& reply, std::span<const std::uint8_t> out) {
  constexpr std::uint8_t kTruncated = 0x02;  // in the header's third octet
  return {.outcome = Outcome::kReply,
          .size = size,
          .rcode = reply.rcode,
          .truncated = (out[2] & kTruncated) != 0};
}

// A question's name lies whole behind the header.
wire::NameView NameIn(std::span<const std::uint8_t> request, std::size_t size) {
  return wire::NameView({reinterpret_cast<const char*>(&request[wire::kHeaderSize]), size});
}

wire::Reply Empty(Rcode rcode) {
  wire::Reply reply;
  reply.rcode = rcode;
  return reply;
}

}  // namespace

Responder::Responder(const Zones& zones, ResponderOptions options)
    : zones_(zones), options_(std::move(options)) {
  if (options_.ready_octets != 0) ready_.emplace(Ready::OctetsFor(0, options_.ready_octets));
}

std::size_t Responder::MaxSize() const {
  if (tcp_) return wire::kMaxMessageSize;
  const std::size_t asked = query_.edns.present ? query_.edns.udp_size : wire::kMinUdpSize;
  const std::size_t ours = std::max<std::size_t>(wire::kMinUdpSize, options_.max_udp_size);
  return std::clamp(asked, wire::kMinUdpSize, ours);
}

std::size_t Responder::Encode(wire::Reply reply, std::span<std::uint8_t> out) const {
  const std::size_t max_size = MaxSize();
  assert(out.size() >= max_size);
  reply.nsid = nsid_;
  return wire::EncodeReply(query_, reply, {max_size, options_.max_udp_size}, out);
}

std::size_t Responder::ReplyEmpty(Rcode rcode, std::span<std::uint8_t> out) const {
  return Encode(Empty(rcode), out);
}

Responded Responder::Refuse(Rcode rcode, std::span<std::uint8_t> out) const {
  const wire::Reply reply = Empty(rcode);
  return Sent(Encode(reply, out), reply, out);
}

void Responder::NameOurselves(const catalog::View& view) {
  nsid_.clear();
  if (!query_.edns.wants_nsid || options_.nsid.empty()) return;
  nsid_ = options_.nsid;
  nsid_ += " revision ";
  nsid_ += std::to_string(view.revision);
}

std::uint64_t Responder::Foresee(std::span<const std::uint8_t> message) const {
  if (!ready_ || !Ready::Takes(message)) return 0;
  const std::uint64_t hash = Ready::HashOf(message);
  ready_->FetchPlace(hash);
  return hash;
}

void Responder::Await(std::uint64_t foreseen) const {
  if (foreseen != 0) ready_->FetchReply(foreseen);
}

Responded Responder::Respond(const catalog::View& view, const Request& request,
                             std::span<std::uint8_t> out) {
  const bool outside = request.outside != nullptr;
  if (!ready_ || !Ready::Takes(request.message) || (outside && !request.outside->empty())) {
    return Make(view, request, out);
  }
  const Ready::Terms terms{request.standing, request.tcp, outside};
  const std::uint64_t hash =
      request.foreseen != 0 ? request.foreseen : Ready::HashOf(request.message);
  if (const auto kept = ready_->Find(request.message, hash, terms, view, request.now, out)) {
    const Ready::Facts& facts = kept->facts;
    return {.outcome = Outcome::kReply,
            .size = kept->size,
            .rcode = facts.rcode,
            .truncated = facts.truncated,
            .asked = true,
            .type = facts.type,
            .name = NameIn(request.message, facts.name_size),
            .several = facts.several,
            .ready = true};
  }
  const Responded said = Make(view, request, out);
  if (keepable_) KeepReady(view, request, hash, terms, said, out.first(said.size));
  return said;
}

void Responder::KeepReady(const catalog::View& view, const Request& request, std::uint64_t hash,
                          const Ready::Terms& terms, const Responded& said,
                          std::span<const std::uint8_t> reply) {
  // While the fleet doubles, what was kept goes now and then.
  const std::size_t octets = Ready::OctetsFor(view.tree.size(), options_.ready_octets);
  if (octets > ready_->octets()) ready_.emplace(octets);
  ready_->Keep(request.message, hash, terms, view, answer_.basis, reply,
               {.type = said.type,
                .rcode = said.rcode,
                .truncated = said.truncated,
                .several = said.several,
                .name_size = static_cast<std::uint8_t>(said.name.size()),
                .serial_at = static_cast<std::uint16_t>(serial_at_)});
}

Responded Responder::Make(const catalog::View& view, const Request& request,
                          std::span<std::uint8_t> out) {
  keepable_ = false;
  Responded said = MakeUntold(view, request, out);
  if (query_.has_question && said.outcome != Outcome::kNoReply) {
    said.asked = true;
    said.type = query_.question.type;
    said.name = NameIn(request.message, query_.question.name.view().size());
  }
  return said;
}

Responded Responder::MakeUntold(const catalog::View& view, const Request& request,
                                std::span<std::uint8_t> out) {
  answer_.Clear();
  tcp_ = request.tcp;
  if (!wire::ParseQuery(request.message, query_)) return {};
  NameOurselves(view);
  if (query_.verdict != Rcode::kNoError) return Refuse(query_.verdict, out);
  if (query_.question.qclass != wire::Class::kIn) return Refuse(Rcode::kRefused, out);

  const Zone* zone = zones_.Match(query_.question.name);
  const bool may_forward = request.outside != nullptr;
  if (zone == nullptr) {
    if (may_forward && IsForwardable(query_)) return {.outcome = Outcome::kForward};
    return Refuse(Rcode::kRefused, out);
  }

  const Context context{request.standing, request.now, request.wall_now, request.outside,
                        MaxSize()};
  Resolve(view, zones_, *zone, query_.question, context, answer_);
  if (!answer_.needs.empty()) return {.outcome = Outcome::kNeedsOutside};
  wire::Reply reply = answer_.reply();
  reply.recursion_available = may_forward;
  Responded said = Sent(Encode(reply, out), reply, out);
  said.several = StandsForSeveral(view);
  keepable_ = answer_.basis.complete() && !query_.edns.wants_nsid;
  serial_at_ = wire::SerialAt(query_, reply, out.first(said.size));
  return said;
}

// A selector's label, or another with an underscore, makes it none of an instance.
bool Responder::StandsForSeveral(const catalog::View& view) {
  const wire::NameView name = query_.question.name;
  if (name.IsRoot()) return false;
  if (name.FirstLabel()[0] == '_') return true;
  if (!answer_.asked) {
    catalog::Tree::Stamp stamp = 0;
    answer_.asked = view.tree.Find(name, stamp);
    answer_.basis.AddName(stamp);
  }
  const catalog::Node* const node = *answer_.asked;
  return node != nullptr && node->has_children();
}

}  // namespace rollcall::answer
