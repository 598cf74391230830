#include "serving/dns/cache.h"

#include <gtest/gtest.h>

#include "serving/dns/testing/loopback.h"

namespace rollcall::serving::dns {
namespace {

using std::chrono::seconds;
using testing::NameOf;

const SteadyTime kStart{std::chrono::hours(1)};

wire::Response PositiveReply(std::initializer_list<std::uint32_t> ttls) {
  wire::Response reply;
  reply.questions = {testing::QuestionOf("a.example", wire::Type::kA)};
  for (const std::uint32_t ttl : ttls) {
    reply.answer.push_back({{}, wire::Type::kA, ttl, wire::A{}});
  }
  return reply;
}

wire::Response NegativeReply(wire::Rcode rcode, std::uint32_t ttl, std::uint32_t minimum) {
  wire::Response reply = PositiveReply({});
  reply.rcode = rcode;
  wire::Soa soa;
  soa.minimum = minimum;
  reply.authority.push_back({{}, wire::Type::kSoa, ttl, soa});
  return reply;
}

OutsideReplyPtr Kept(wire::Response message, SteadyTime received = kStart,
                     std::size_t octets = 100) {
  auto reply = std::make_shared<OutsideReply>();
  reply->message = std::move(message);
  reply->received = received;
  reply->octets = octets;
  return reply;
}

TEST(CacheTime, IsTheLowestTtlOfAPositiveAnswer) {
  EXPECT_EQ(CacheTime(PositiveReply({300, 60, 120})), seconds(60));
  EXPECT_EQ(CacheTime(PositiveReply({300, 0})), seconds(0));
  EXPECT_EQ(CacheTime(PositiveReply({0x8000'0000})), seconds(0)) << "RFC 2181 section 8";
  EXPECT_EQ(CacheTime(PositiveReply({7'000'000})), std::chrono::hours(24));
}

TEST(CacheTime, OfANegativeAnswerIsTheSoasAndCapped) {
  EXPECT_EQ(CacheTime(NegativeReply(wire::Rcode::kNxDomain, 60, 30)), seconds(30));
  EXPECT_EQ(CacheTime(NegativeReply(wire::Rcode::kNoError, 10, 30)), seconds(10));
  EXPECT_EQ(CacheTime(NegativeReply(wire::Rcode::kNxDomain, 9'000, 9'000)),
            std::chrono::minutes(5));
  EXPECT_EQ(CacheTime(PositiveReply({})), seconds(0)) << "no SOA";
}

TEST(CacheTime, OfAnAliasWithoutAddressIsNegative) {
  wire::Response reply = NegativeReply(wire::Rcode::kNoError, 60, 60);
  reply.answer.push_back({{}, wire::Type::kCname, 20, wire::NameData{}});
  EXPECT_EQ(CacheTime(reply), seconds(20));
}

TEST(CacheTime, IsZeroForFailuresAndParts) {
  for (const wire::Rcode rcode : {wire::Rcode::kServFail, wire::Rcode::kRefused}) {
    wire::Response reply = NegativeReply(rcode, 60, 60);
    EXPECT_EQ(CacheTime(reply), seconds(0));
  }
  wire::Response part = PositiveReply({60});
  part.truncated = true;
  EXPECT_EQ(CacheTime(part), seconds(0));
}

TEST(Cache, KeepsAReplyUntilItsTtlIsOver) {
  Cache cache(10, 1 << 20);
  cache.Put("k", Kept(PositiveReply({60})));
  EXPECT_NE(cache.Find("k", kStart + seconds(59)), nullptr);
  EXPECT_EQ(cache.Find("k", kStart + seconds(60)), nullptr);
  EXPECT_EQ(cache.entries(), 0u);
  EXPECT_EQ(cache.octets(), 0u);
}

TEST(Cache, GivesUpWhatWasUsedLongestAgo) {
  Cache cache(2, 1 << 20);
  cache.Put("a", Kept(PositiveReply({60})));
  cache.Put("b", Kept(PositiveReply({60})));
  EXPECT_NE(cache.Find("a", kStart), nullptr);
  cache.Put("c", Kept(PositiveReply({60})));
  EXPECT_NE(cache.Find("a", kStart), nullptr);
  EXPECT_EQ(cache.Find("b", kStart), nullptr);
  EXPECT_EQ(cache.entries(), 2u);
}

TEST(Cache, IsBoundedByOctetsToo) {
  Cache cache(1'000, 20'000);
  for (int i = 0; i < 100; ++i) {
    cache.Put("key" + std::to_string(i), Kept(PositiveReply({60}), kStart, 1'000));
    EXPECT_LE(cache.octets(), 20'000u);
  }
  EXPECT_GT(cache.entries(), 0u);
  cache.Put("huge", Kept(PositiveReply({60}), kStart, 60'000));
  EXPECT_EQ(cache.Find("huge", kStart), nullptr);
  EXPECT_GT(cache.entries(), 0u) << "one too big for the cache empties nothing";
}

TEST(Cache, ReplacesAnEntry) {
  Cache cache(10, 1 << 20);
  cache.Put("k", Kept(PositiveReply({60})));
  cache.Put("k", Kept(PositiveReply({20})));
  EXPECT_EQ(cache.entries(), 1u);
  EXPECT_EQ(cache.Find("k", kStart + seconds(20)), nullptr);
}

TEST(Cache, DoesNotKeepWhatIsGoodForTenSecondsOrLess) {
  for (const bool positive : {true, false}) {
    const auto reply = [positive](std::uint32_t ttl) {
      return Kept(positive ? PositiveReply({ttl}) : NegativeReply(wire::Rcode::kNxDomain, 60, ttl));
    };
    Cache cache(10, 1 << 20);
    cache.Put("k", reply(10));
    EXPECT_EQ(cache.entries(), 0u) << positive;
    cache.Put("k", reply(11));
    EXPECT_NE(cache.Find("k", kStart + seconds(10)), nullptr) << positive;
    cache.Put("k", reply(1));
    EXPECT_EQ(cache.Find("k", kStart), nullptr) << "nor what was kept before it: " << positive;
  }
}

TEST(Aged, CountsTtlsDownToZeroAtLeast) {
  const auto aged = Aged(PositiveReply({60, 5, 0xFFFF'FFFF}).answer, seconds(10));
  EXPECT_EQ(aged[0].ttl, 50u);
  EXPECT_EQ(aged[1].ttl, 0u);
  EXPECT_EQ(aged[2].ttl, 0u);
}

TEST(OutsideQuestion, HasAKeyBlindToCaseOnly) {
  const OutsideQuestion question{.name = NameOf("a.Example"), .type = wire::Type::kA};
  OutsideQuestion other = question;
  other.name = NameOf("A.eXample");
  EXPECT_EQ(question.Key(), other.Key());
  other.type = wire::Type::kAaaa;
  EXPECT_NE(question.Key(), other.Key());
  other = question;
  other.dnssec_ok = true;
  EXPECT_NE(question.Key(), other.Key());
  other = question;
  other.checking_disabled = true;
  EXPECT_NE(question.Key(), other.Key());
}

}  // namespace
}  // namespace rollcall::serving::dns
