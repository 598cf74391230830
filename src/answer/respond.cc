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
  return {Outcome::kReply, size, reply.rcode, (out[2] & kTruncated) != 0};
}

wire::Reply Empty(Rcode rcode) {
  wire::Reply reply;
  reply.rcode = rcode;
  return reply;
}

}  // namespace

Responder::Responder(const Zones& zones, ResponderOptions options)
    : zones_(zones), options_(std::move(options)) {
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

Responded Responder::Respond(const catalog::View& view, const Request& request,
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
  return Sent(Encode(reply, out), reply, out);
}

}  // namespace rollcall::answer
