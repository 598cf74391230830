#include "answer/respond.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "answer/fixture.h"
#include "wire/decode.h"

namespace rollcall::answer {
namespace {

using testing::N;
using testing::ResolveTest;
using wire::Rcode;
using wire::Type;

struct Asked {
  std::string name;
  Type type = Type::kA;
  wire::Class qclass = wire::Class::kIn;
  bool recursion_desired = true;
  int udp_size = 0;  // 0: no OPT
};

std::vector<std::uint8_t> Message(const Asked& asked) {
  std::vector<std::uint8_t> out = {
      0x12, 0x34, static_cast<std::uint8_t>(asked.recursion_desired), 0, 0, 1, 0, 0, 0,
      0,    0,    static_cast<std::uint8_t>(asked.udp_size > 0)};
  const auto number = [&](int value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
  };
  const wire::Name name = N(asked.name);
  for (const char c : name.view().wire()) out.push_back(static_cast<std::uint8_t>(c));
  number(static_cast<int>(asked.type));
  number(static_cast<int>(asked.qclass));
  if (asked.udp_size == 0) return out;
  out.push_back(0);
  number(static_cast<int>(Type::kOpt));
  number(asked.udp_size);
  for (int i = 0; i < 3; ++i) number(0);
  return out;
}

class RespondTest : public ResolveTest {
 protected:
  Responded Send(const std::vector<std::uint8_t>& message, bool tcp = false) {
    Request request{.message = message, .tcp = tcp, .now = context_.now};
    request.outside = context_.outside;
    const Responded responded = responder_.Respond(view_, request, out_);
    if (responded.outcome == Outcome::kReply) {
      auto decoded = wire::DecodeResponse(std::span(out_).first(responded.size));
      EXPECT_TRUE(decoded);
      if (decoded) reply_ = std::move(*decoded);
    }
    return responded;
  }

  Responder responder_{zones_, {.max_udp_size = 1232, .nsid = ""}};
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(wire::kMaxMessageSize);
  wire::Response reply_;
};

TEST_F(RespondTest, AnswersWithAuthority) {
  PutHost("test/z/s", "10.0.0.1");
  const Responded responded = Send(Message({"s.z.test"}));
  EXPECT_EQ(responded.outcome, Outcome::kReply);
  EXPECT_TRUE(reply_.authoritative);
  EXPECT_FALSE(reply_.recursion_available);
  EXPECT_EQ(reply_.answer.size(), 1U);
}

TEST_F(RespondTest, NamesOutsideAreRefusedWithoutAForwarder) {
  EXPECT_EQ(Send(Message({"www.example"})).rcode, Rcode::kRefused);
  EXPECT_FALSE(reply_.authoritative);
}

TEST_F(RespondTest, NamesOutsideAreForwardedIfRecursionIsDesired) {
  context_.outside = &outside_;
  EXPECT_EQ(Send(Message({"www.example"})).outcome, Outcome::kForward);
  EXPECT_EQ(responder_.query().question.name, N("www.example"));
  EXPECT_EQ(Send(Message({.name = "www.example", .recursion_desired = false})).rcode,
            Rcode::kRefused);
  EXPECT_EQ(Send(Message({"www.example", Type::kAxfr})).rcode, Rcode::kRefused);
}

TEST_F(RespondTest, OtherClassesAreRefused) {
  PutHost("test/z/s", "10.0.0.1");
  for (const wire::Class qclass : {wire::Class::kChaos, wire::Class::kAny}) {
    EXPECT_EQ(Send(Message({"s.z.test", Type::kA, qclass})).rcode, Rcode::kRefused);
  }
}

TEST_F(RespondTest, WhatIsNoQuestionGetsNoReply) {
  EXPECT_EQ(Send({1, 2, 3}).outcome, Outcome::kNoReply);
  std::vector<std::uint8_t> response = Message({"s.z.test"});
  response[2] |= 0x80;
  EXPECT_EQ(Send(response).outcome, Outcome::kNoReply);
}

TEST_F(RespondTest, WhatCannotBeParsedIsFormErr) {
  std::vector<std::uint8_t> message = Message({"s.z.test"});
  message.resize(message.size() - 3);
  EXPECT_EQ(Send(message).rcode, Rcode::kFormErr);
}

TEST_F(RespondTest, UdpRepliesKeepToTheSmallerOfTheTwoSizes) {
  for (int i = 0; i < 60; ++i) {
    PutHost("test/z/s/i" + std::to_string(100 + i), "10.0.0." + std::to_string(i + 1));
  }
  EXPECT_TRUE(Send(Message({"s.z.test"})).truncated);
  EXPECT_TRUE(reply_.truncated);
  const Responded large = Send(Message({.name = "s.z.test", .udp_size = 65'535}));
  EXPECT_FALSE(large.truncated);
  EXPECT_LE(large.size, 1232U);
  EXPECT_EQ(reply_.answer.size(), 60U);
  EXPECT_FALSE(Send(Message({"s.z.test"}), true).truncated);
}

TEST_F(RespondTest, AsksForOutsideNamesAndThenReplies) {
  context_.outside = &outside_;
  PutHost("test/z/s", "out.example");
  ASSERT_EQ(Send(Message({"s.z.test"})).outcome, Outcome::kNeedsOutside);
  ASSERT_EQ(responder_.needs().size(), 1U);
  outside_.push_back({responder_.needs()[0], false, {}});
  EXPECT_EQ(Send(Message({"s.z.test"})).outcome, Outcome::kReply);
  EXPECT_EQ(reply_.answer.size(), 1U);
  EXPECT_TRUE(reply_.recursion_available);
}

TEST_F(RespondTest, AnEmptyReplyEchoesTheQuestion) {
  context_.outside = &outside_;
  (void)Send(Message({"www.example"}));
  const std::size_t size = responder_.ReplyEmpty(Rcode::kServFail, out_);
  const auto reply = wire::DecodeResponse(std::span(out_).first(size));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->rcode, Rcode::kServFail);
  EXPECT_EQ(reply->questions.at(0).name, N("www.example"));
}

}  // namespace
}  // namespace rollcall::answer
