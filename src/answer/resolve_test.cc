#include "answer/resolve.h"

#include <gmock/gmock.h>

#include "answer/fixture.h"

namespace rollcall::answer {
namespace {

using catalog::Standing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::N;
using testing::ResolveTest;
using testing::ToTexts;
using wire::Rcode;
using wire::Type;

constexpr const char* kSoa =
    "z.test. 5 IN SOA ns.dns.z.test. hostmaster.z.test. 1 7200 1800 86400 5";

TEST_F(ResolveTest, AnswersASubtreeInKeyOrder) {
  PutHost("test/z/node/b", "10.0.0.2");
  PutHost("test/z/node/a", "10.0.0.1");
  EXPECT_THAT(Answers("Node.z.test", Type::kA),
              ElementsAre("Node.z.test. 15 IN A 10.0.0.1", "Node.z.test. 15 IN A 10.0.0.2"));
}

TEST_F(ResolveTest, ANameThatIsThereHasNoDataOfOtherTypes) {
  PutHost("test/z/node/a", "10.0.0.1");
  for (const Type type :
       {Type::kAaaa, Type::kMx, Type::kCname, Type::kPtr, Type::kHinfo, Type::kNs, Type::kSoa}) {
    Ask("node.z.test", type);
    EXPECT_EQ(answer_.rcode, Rcode::kNoError) << ToText(type);
    EXPECT_THAT(ToTexts(answer_.answer), IsEmpty()) << ToText(type);
    EXPECT_THAT(ToTexts(answer_.authority), ElementsAre(kSoa)) << ToText(type);
  }
}

TEST_F(ResolveTest, AMissingNameIsNxDomainButTheApexIsAlwaysThere) {
  view_.revision = 1;
  EXPECT_EQ(Ask("nowhere.z.test", Type::kA).rcode, Rcode::kNxDomain);
  EXPECT_THAT(ToTexts(answer_.authority), ElementsAre(kSoa));
  for (const Type type : {Type::kA, Type::kSrv, Type::kNs, Type::kCname, Type::kHinfo}) {
    EXPECT_EQ(Ask("z.test", type).rcode, Rcode::kNoError) << ToText(type);
  }
  EXPECT_THAT(Answers("z.test", Type::kSoa), ElementsAre(kSoa));
}

TEST_F(ResolveTest, TheLowestTtlOfASetIsThatOfAll) {
  Put("test/z/s/a", R"({"host":"10.0.0.1","port":1,"ttl":60})");
  Put("test/z/s/b", R"({"host":"10.0.0.2","port":1,"ttl":7})");
  EXPECT_THAT(Answers("s.z.test", Type::kA),
              ElementsAre("s.z.test. 7 IN A 10.0.0.1", "s.z.test. 7 IN A 10.0.0.2"));
  EXPECT_THAT(Answers("s.z.test", Type::kSrv),
              ElementsAre("s.z.test. 7 IN SRV 10 50 1 a.s.z.test.",
                          "s.z.test. 7 IN SRV 10 50 1 b.s.z.test."));
  EXPECT_THAT(ToTexts(answer_.additional),
              ElementsAre("a.s.z.test. 60 IN A 10.0.0.1", "b.s.z.test. 7 IN A 10.0.0.2"));
}

TEST_F(ResolveTest, GlueOfOneOwnerHasOneTtl) {
  Put("test/z/s/x/a", R"({"host":"10.0.0.1","targetstrip":1,"ttl":60})");
  Put("test/z/s/x/b", R"({"host":"10.0.0.2","targetstrip":1,"ttl":7})");
  Put("test/z/s/y", R"({"host":"10.0.0.3","ttl":90})");
  Ask("s.z.test", Type::kSrv);
  EXPECT_THAT(ToTexts(answer_.additional),
              ElementsAre("x.s.z.test. 7 IN A 10.0.0.1", "x.s.z.test. 7 IN A 10.0.0.2",
                          "y.s.z.test. 90 IN A 10.0.0.3"));
}

TEST_F(ResolveTest, EqualAddressesMergeHoweverTheyAreSpelled) {
  Put("test/z/s/a", R"({"host":"10.0.0.1","ttl":60})");
  Put("test/z/s/b", R"({"host":"::ffff:10.0.0.1","ttl":50})");
  EXPECT_THAT(Answers("s.z.test", Type::kA), ElementsAre("s.z.test. 50 IN A 10.0.0.1"));
}

// Broken values.

TEST_F(ResolveTest, ABrokenValueHurtsOnlyItself) {
  PutHost("test/z/s/a", "10.0.0.1");
  Put("test/z/s/b", "garbage");
  EXPECT_THAT(Answers("s.z.test", Type::kA), ElementsAre("s.z.test. 15 IN A 10.0.0.1"));
  EXPECT_EQ(Ask("s.z.test", Type::kAaaa).rcode, Rcode::kNoError);
}

TEST_F(ResolveTest, ABrokenValueKeepsTheLastOneThatCouldBeRead) {
  PutHost("test/z/s/a", "10.0.0.1");
  Put("test/z/s/a", "garbage");
  EXPECT_THAT(Answers("s.z.test", Type::kA), ElementsAre("s.z.test. 15 IN A 10.0.0.1"));
}

TEST_F(ResolveTest, ANameOfBrokenValuesAloneIsServFail) {
  Put("test/z/s/a", "garbage");
  PutHost("test/z/alias", "s.z.test");
  for (const Type type : {Type::kA, Type::kSrv, Type::kTxt, Type::kHinfo, Type::kAny}) {
    Ask("s.z.test", type);
    EXPECT_EQ(answer_.rcode, Rcode::kServFail) << ToText(type);
    EXPECT_FALSE(answer_.authoritative);
    EXPECT_EQ(answer_.authority.size(), 1U);
  }
  EXPECT_EQ(Ask("a.s.z.test", Type::kPtr).rcode, Rcode::kServFail);
  EXPECT_EQ(Ask("alias.z.test", Type::kA).rcode, Rcode::kServFail);
}

// Aliases.

TEST_F(ResolveTest, OneAliasAndOnlyWithoutAddresses) {
  PutHost("test/z/s/a", "missing.z.test");
  PutHost("test/z/s/b", "t1.z.test");
  PutHost("test/z/s/c", "t2.z.test");
  PutHost("test/z/t1", "10.0.0.1");
  PutHost("test/z/t2", "10.0.0.2");
  EXPECT_THAT(Answers("s.z.test", Type::kA),
              ElementsAre("s.z.test. 15 IN CNAME t1.z.test.", "t1.z.test. 15 IN A 10.0.0.1"));
  PutHost("test/z/s/d", "10.0.0.3");
  EXPECT_THAT(Answers("s.z.test", Type::kA), ElementsAre("s.z.test. 15 IN A 10.0.0.3"));
}

TEST_F(ResolveTest, AFailedAddressShowsBehindTheRecords) {
  PutHost("test/z/s/a", "10.0.0.300");
  PutHost("test/z/s/b", "10.0.0.1");
  EXPECT_THAT(Answers("s.z.test", Type::kA),
              ElementsAre("s.z.test. 15 IN A 10.0.0.1", "s.z.test. 15 IN CNAME 10.0.0.300."));
}

TEST_F(ResolveTest, AnAliasIntoAnotherOfOurZonesIsFollowed) {
  PutHost("test/z/alias", "t.y.test");
  EXPECT_THAT(Answers("alias.z.test", Type::kA),
              ElementsAre("alias.z.test. 15 IN CNAME t.y.test."));
  PutHost("test/y/t", "10.0.0.1");
  EXPECT_THAT(Answers("alias.z.test", Type::kA),
              ElementsAre("alias.z.test. 15 IN CNAME t.y.test.", "t.y.test. 15 IN A 10.0.0.1"));
}

TEST_F(ResolveTest, ANameWithATextIsAnAliasWhereNothingElseAnswers) {
  Put("test/z/s", R"({"host":"t.z.test","port":1,"text":"owner"})");
  PutHost("test/z/t", "10.0.0.1");
  EXPECT_EQ(Answers("s.z.test", Type::kA).size(), 2U);
  EXPECT_THAT(Answers("s.z.test", Type::kSrv),
              ElementsAre("s.z.test. 15 IN SRV 10 100 1 t.z.test."));
  EXPECT_THAT(Answers("s.z.test", Type::kTxt), ElementsAre("s.z.test. 15 IN TXT \"owner\""));
}

TEST_F(ResolveTest, ANamedTargetHasGlueOfBothFamilies) {
  PutHost("test/z/s", "t.z.test");
  PutHost("test/z/t/a", "10.0.0.1");
  PutHost("test/z/t/b", "2001:db8::1");
  Ask("s.z.test", Type::kSrv);
  EXPECT_THAT(ToTexts(answer_.additional),
              ElementsAre("t.z.test. 15 IN A 10.0.0.1", "t.z.test. 15 IN AAAA 2001:db8::1"));
}

TEST_F(ResolveTest, GlueOfOneTargetStaysTogether) {
  int i = 0;
  for (const std::string host : {"10.0.0.1", "2001:db8::1", "10.0.0.2"}) {
    Put("test/z/s/" + std::to_string(i++), R"({"host":")" + host + R"(","targetstrip":1})");
  }
  Ask("s.z.test", Type::kSrv);
  EXPECT_THAT(
      ToTexts(answer_.additional),
      ::testing::UnorderedElementsAre("s.z.test. 15 IN A 10.0.0.1", "s.z.test. 15 IN A 10.0.0.2",
                                      "s.z.test. 15 IN AAAA 2001:db8::1"));
  EXPECT_NE(answer_.additional[1].type, Type::kAaaa) << "else half of the addresses may be sent";
}

// The world outside.

TEST_F(ResolveTest, WithoutAForwarderAnOutsideAliasIsBare) {
  PutHost("test/z/s", "out.example");
  EXPECT_THAT(Answers("s.z.test", Type::kA), ElementsAre("s.z.test. 15 IN CNAME out.example."));
  EXPECT_THAT(answer_.needs, IsEmpty());
  Ask("s.z.test", Type::kSrv);
  EXPECT_THAT(answer_.additional, IsEmpty());
}

TEST_F(ResolveTest, WithAForwarderAnOutsideAliasIsAskedForOnce) {
  context_.outside = &outside_;
  PutHost("test/z/s", "out.example");
  Ask("s.z.test", Type::kA);
  ASSERT_EQ(answer_.needs.size(), 1U);
  EXPECT_EQ(answer_.needs[0].name, N("out.example"));

  const wire::Name owner = N("out.example");
  Reply("out.example", Type::kA, {{owner, Type::kA, 9, wire::A{{192, 0, 2, 1}}}});
  EXPECT_THAT(Answers("s.z.test", Type::kA),
              ElementsAre("s.z.test. 15 IN CNAME out.example.", "out.example. 9 IN A 192.0.2.1"));
  EXPECT_THAT(answer_.needs, IsEmpty());
}

TEST_F(ResolveTest, AnOutsideAliasThatNobodyAnswersIsBare) {
  context_.outside = &outside_;
  PutHost("test/z/s", "out.example");
  Reply("out.example", Type::kA, {});
  EXPECT_THAT(Answers("s.z.test", Type::kA), ElementsAre("s.z.test. 15 IN CNAME out.example."));
  EXPECT_THAT(answer_.needs, IsEmpty());
}

TEST_F(ResolveTest, OutsideNamesAreBounded) {
  context_.outside = &outside_;
  for (int i = 0; i < 100; ++i) {
    PutHost("test/z/s/" + std::to_string(i), "h" + std::to_string(i) + ".example");
  }
  Ask("s.z.test", Type::kSrv);
  EXPECT_EQ(answer_.needs.size(), kMaxOutside);
  for (const Outside& need : std::vector<Outside>(answer_.needs)) {
    outside_.push_back({need, false, {}});
  }
  EXPECT_EQ(Answers("s.z.test", Type::kSrv).size(), 100U);
  EXPECT_THAT(answer_.needs, IsEmpty());
}

// Rule D1: what we say depends on how sure we are.

TEST_F(ResolveTest, AStaleViewKeepsDataShortAndNeverDenies) {
  context_.standing = Standing::kStale;
  Put("test/z/s", R"({"host":"10.0.0.1","port":1,"ttl":600})");
  EXPECT_THAT(Answers("s.z.test", Type::kA), ElementsAre("s.z.test. 30 IN A 10.0.0.1"));
  EXPECT_EQ(answer_.extended_error->info_code, wire::kStaleAnswer);

  EXPECT_EQ(Ask("s.z.test", Type::kAaaa).rcode, Rcode::kNoError);
  EXPECT_EQ(answer_.extended_error->info_code, wire::kStaleAnswer);

  EXPECT_EQ(Ask("nowhere.z.test", Type::kA).rcode, Rcode::kServFail);
  EXPECT_EQ(answer_.extended_error->info_code, wire::kNotReady);
  EXPECT_EQ(Ask("y.test", Type::kSrv).rcode, Rcode::kServFail);

  PutHost("test/z/alias", "nowhere.z.test");
  EXPECT_EQ(Ask("alias.z.test", Type::kA).rcode, Rcode::kServFail);
}

TEST_F(ResolveTest, AViewThatNeverWasSaysNothingButTheSoa) {
  context_.standing = Standing::kNever;
  for (const Type type : {Type::kA, Type::kSrv, Type::kNs, Type::kAny}) {
    EXPECT_EQ(Ask("z.test", type).rcode, Rcode::kServFail) << ToText(type);
    EXPECT_EQ(answer_.extended_error->info_code, wire::kNotReady);
  }
  EXPECT_EQ(Answers("z.test", Type::kSoa).size(), 1U);
}

// The rest.

TEST_F(ResolveTest, NameServersComeFromBelowTheZone) {
  PutHost("test/z/dns/ns/ns1", "10.0.0.1");
  PutHost("test/z/dns/ns/ns2", "2001:db8::2");
  EXPECT_THAT(Answers("z.test", Type::kNs), ElementsAre("z.test. 15 IN NS ns1.ns.dns.z.test.",
                                                        "z.test. 15 IN NS ns2.ns.dns.z.test."));
  EXPECT_EQ(answer_.additional.size(), 2U);
  PutHost("test/z/dns/ns/ns3", "elsewhere.example");
  EXPECT_EQ(Ask("z.test", Type::kNs).rcode, Rcode::kServFail);
}

TEST_F(ResolveTest, WildcardLabelsStandForAnyLabel) {
  PutHost("test/z/w/a/x", "10.0.0.1");
  PutHost("test/z/w/b/x", "10.0.0.2");
  PutHost("test/z/w/b/y", "10.0.0.3");
  EXPECT_EQ(Answers("*.w.z.test", Type::kA).size(), 3U);
  EXPECT_EQ(Answers("x.ANY.w.z.test", Type::kA).size(), 2U);
  EXPECT_EQ(Ask("q.*.w.z.test", Type::kA).rcode, Rcode::kNoError);
  EXPECT_THAT(answer_.answer, IsEmpty());
  EXPECT_EQ(Ask("*.nowhere.z.test", Type::kA).rcode, Rcode::kNxDomain);
  EXPECT_EQ(Ask("*.w.z.test", Type::kCname).rcode, Rcode::kNoError);
}

TEST_F(ResolveTest, AnyIsAnsweredInBriefAndTransfersAreRefused) {
  PutHost("test/z/s", "10.0.0.1");
  EXPECT_EQ(Answers("s.z.test", Type::kAny).size(), 1U);
  EXPECT_EQ(answer_.answer[0].type, Type::kHinfo);
  EXPECT_EQ(Ask("nowhere.z.test", Type::kAny).rcode, Rcode::kNxDomain);
  EXPECT_EQ(Ask("z.test", Type::kAxfr).rcode, Rcode::kRefused);
  EXPECT_EQ(Ask("z.test", Type::kIxfr).rcode, Rcode::kRefused);
}

TEST_F(ResolveTest, TheLongestZoneThatFitsAnswers) {
  const Zones zones({.names = {N("test"), N("Z.test"), N("a.z.test")}});
  EXPECT_EQ(zones.Match(N("b.a.Z.test"))->name, N("a.z.test"));
  EXPECT_EQ(zones.Match(N("q.z.test"))->name.ToText(), "z.test.");
  EXPECT_EQ(zones.Match(N("za.test"))->name, N("test"));
  EXPECT_EQ(zones.Match(N("example")), nullptr);
}

}  // namespace
}  // namespace rollcall::answer
