// Any datagram: ParseQuery() survives it, and what we reply can be read again.
#include <array>
#include <vector>

#include "require.h"
#include "wire/decode.h"
#include "wire/encode.h"

namespace {

using namespace rollcall::wire;

constexpr std::size_t kTargets = 30;  // more than fit 1232 octets

void CheckReply(const Query& query, const Reply& reply, std::size_t max_size) {
  static std::array<std::uint8_t, kMaxMessageSize> out;
  const std::size_t size = EncodeReply(query, reply, {max_size, 1232}, out);
  REQUIRE(size >= kHeaderSize && size <= max_size);
  const auto decoded = DecodeResponse(std::span(out).first(size));
  REQUIRE(decoded.has_value());
  REQUIRE(decoded->id == query.id && decoded->is_response && decoded->rcode == reply.rcode);
  REQUIRE(decoded->questions.size() == (query.has_question ? 1 : 0));
  if (query.has_question) {
    REQUIRE(decoded->questions[0].name.view().wire() == query.question.name.view().wire());
    REQUIRE(decoded->questions[0].type == query.question.type);
    REQUIRE(decoded->questions[0].qclass == query.question.qclass);
  }
  REQUIRE(decoded->has_edns == query.edns.present);
  REQUIRE(decoded->truncated == (decoded->answer.size() < reply.answer.size()));
  for (std::size_t i = 0; i < decoded->answer.size(); ++i) {
    REQUIRE(decoded->answer[i] == reply.answer[i]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Query query;
  if (!ParseQuery({data, size}, query)) return 0;
  REQUIRE(query.has_question || query.verdict != Rcode::kNoError);
  REQUIRE(query.verdict != Rcode::kBadVers || query.edns.version > 0);
  Reply reply;
  reply.rcode = query.verdict;
  if (query.verdict != Rcode::kNoError) {
    CheckReply(query, reply, kMinUdpSize);
    return 0;
  }
  const Name target = Name::FromText("a.node.prom.internal").value();
  std::vector<Record> answer;
  for (std::uint16_t i = 0; i < kTargets; ++i) {
    answer.push_back({query.question.name, Type::kSrv, 15, Srv{10, 3, i, target}});
  }
  const Record additional[] = {{target, Type::kA, 15, A{{192, 0, 2, 1}}},
                               {target, Type::kAaaa, 15, Aaaa{}}};
  reply.answer = answer;
  reply.additional = additional;
  reply.nsid = "rollcall";
  for (const std::size_t max_size : {std::size_t{512}, std::size_t{1232}, kMaxMessageSize}) {
    CheckReply(query, reply, max_size);
  }
  return 0;
}
