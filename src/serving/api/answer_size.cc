#include "serving/api/answer_size.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "answer/resolve.h"
#include "model/selector.h"
#include "wire/encode.h"

namespace rollcall::serving::api {
namespace {

using catalog::Registration;

// Of an answer that no message holds: each record by its size, none compressed but its owner.
AnswerSize Reckon(const catalog::View& view, const catalog::Node& node) {
  constexpr std::size_t kRecord = 2 + 10;  // a pointer and the fixed part
  AnswerSize reckoned{0, wire::kHeaderSize + node.name().size() + 4, 0};
  std::size_t glue = 0;
  view.tree.VisitUnordered(node, true, [&](const Registration& one) {
    if (!one.usable() || one.host.kind == model::HostKind::kNone) return true;
    const bool named = one.host.kind == model::HostKind::kName;
    ++reckoned.records;
    reckoned.octets += kRecord + 6 + (named ? one.host.name : one.name).size();
    if (!named) glue += kRecord + (one.host.kind == model::HostKind::kIpv4 ? 4 : 16);
    return reckoned.records < answer::kMaxRegistrations;
  });
  if (reckoned.records == answer::kMaxRegistrations && node.count() > reckoned.records) {
    // The rest is taken for the same.
    const double times = static_cast<double>(node.count()) / static_cast<double>(reckoned.records);
    reckoned.octets = static_cast<std::size_t>(static_cast<double>(reckoned.octets) * times);
    glue = static_cast<std::size_t>(static_cast<double>(glue) * times);
    reckoned.records = node.count();
  }
  reckoned.with_glue = reckoned.octets + glue;
  return reckoned;
}

std::size_t EncodedSize(const wire::Question& question, const wire::Reply& reply,
                        std::vector<std::uint8_t>& out) {
  wire::Query query;
  query.has_question = true;
  query.question = question;
  return wire::EncodeReply(query, reply, {wire::kMaxMessageSize, 1232}, out);
}

}  // namespace

AnswerSize SizeOfAnswer(const catalog::View& view, const answer::Zones& zones, wire::NameView name,
                        catalog::Standing standing, const Clock& clock) {
  wire::NameView plain = name;
  while (!plain.IsRoot() && model::ParseSelector(plain.FirstLabel())) plain = plain.Parent();
  const catalog::Node* const node = view.tree.Find(plain);
  const answer::Zone* const zone = zones.Match(name);
  if (node == nullptr || zone == nullptr) return {};
  const wire::Question question{wire::Name(name), wire::Type::kSrv, wire::Class::kIn};
  answer::Context context;
  context.standing = standing;
  context.now = clock.Now();
  context.wall_now = clock.WallNow();
  answer::Answer said;
  answer::Resolve(view, zones, *zone, question, context, said);
  std::vector<std::uint8_t> out(wire::kMaxMessageSize);
  wire::Reply reply = said.reply();
  reply.additional = {};
  AnswerSize size;
  size.records = said.answer.size();
  size.octets = EncodedSize(question, reply, out);
  size.with_glue = EncodedSize(question, said.reply(), out);
  constexpr std::size_t kTcAt = 2;
  const bool cut = said.truncated || (out[kTcAt] & 0x02) != 0;
  if (cut) {
    const AnswerSize reckoned = Reckon(view, *node);
    size.records = reckoned.records;
    size.octets = std::max(reckoned.octets, wire::kMaxMessageSize + 1);
    size.with_glue = std::max(reckoned.with_glue, size.octets);
  }
  return size;
}

}  // namespace rollcall::serving::api
