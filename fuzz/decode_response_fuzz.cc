// Any message: DecodeResponse() survives it, and what it read says the same when
// it is encoded and decoded again.
#include <array>

#include "require.h"
#include "wire/decode.h"
#include "wire/encode.h"

namespace {

using namespace rollcall::wire;

void RequireStart(const std::vector<Record>& got, const std::vector<Record>& given) {
  REQUIRE(got.size() <= given.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    REQUIRE(got[i].owner.wire() == given[i].owner.wire());
    REQUIRE(got[i] == given[i]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto first = DecodeResponse({data, size});
  if (!first) {
    REQUIRE(!first.error().message.empty());
    return 0;
  }
  Query query;
  query.id = first->id;
  query.opcode = first->opcode;
  query.has_question = !first->questions.empty();
  if (query.has_question) query.question = first->questions[0];
  query.edns.present = first->has_edns;
  Reply reply;
  reply.rcode = first->rcode;
  reply.answer = first->answer;
  reply.authority = first->authority;
  reply.additional = first->additional;

  static std::array<std::uint8_t, kMaxMessageSize> out;
  const std::size_t length = EncodeReply(query, reply, {kMaxMessageSize, 1232}, out);
  REQUIRE(length >= kHeaderSize);
  const auto second = DecodeResponse(std::span(out).first(length));
  REQUIRE(second.has_value());
  REQUIRE(second->id == first->id && second->rcode == first->rcode);
  RequireStart(second->answer, first->answer);
  RequireStart(second->authority, first->authority);
  if (second->truncated) {
    REQUIRE(second->authority.empty() && second->additional.empty());
  } else {
    REQUIRE(second->answer.size() == first->answer.size());
    REQUIRE(second->authority.size() == first->authority.size());
    REQUIRE(second->additional.size() <= first->additional.size());
  }
  for (const Record& record : second->answer) (void)ToText(record);
  return 0;
}
