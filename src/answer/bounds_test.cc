// No data, however looped or large, may cost more than the budget: counted in
// steps, so that the tests mean the same on any machine.
#include <gmock/gmock.h>

#include "answer/fixture.h"
#include "answer/instances.h"
#include "answer/resolve.h"

namespace rollcall::answer {
namespace {

using ::testing::IsEmpty;
using testing::N;
using testing::ResolveTest;
using wire::Rcode;
using wire::Type;

TEST_F(ResolveTest, ALoopOverTwoZonesEnds) {
  PutHost("test/z/a", "b.y.test");
  PutHost("test/y/b", "a.z.test");
  Ask("a.z.test", Type::kA);
  EXPECT_LT(answer_.steps, 10U);
  EXPECT_EQ(answer_.rcode, Rcode::kNoError);
}

TEST_F(ResolveTest, ALoopThroughItsOwnSubtreeEnds) {
  PutHost("test/z/a/x", "b.z.test");
  PutHost("test/z/b/x", "c.z.test");
  PutHost("test/z/c/x", "x.a.z.test");
  Ask("a.z.test", Type::kA);
  EXPECT_THAT(answer_.answer, IsEmpty());
  EXPECT_LT(answer_.steps, 20U);
}

TEST_F(ResolveTest, AChainOfElevenIsFollowedAndNoLonger) {
  for (int i = 0; i < 12; ++i) {
    PutHost("test/z/c" + std::to_string(i), "c" + std::to_string(i + 1) + ".z.test");
  }
  PutHost("test/z/c12", "10.0.0.1");
  EXPECT_THAT(Answers("c0.z.test", Type::kA), IsEmpty());
  EXPECT_EQ(Answers("c1.z.test", Type::kA).size(), 12U);
}

TEST_F(ResolveTest, AliasesThatFanOutByTwoAtEachLevelAreBounded) {
  for (int level = 0; level < 12; ++level) {
    for (const char* side : {"l", "r"}) {
      PutHost("test/z/f" + std::to_string(level) + "/" + side,
              "f" + std::to_string(level + 1) + ".z.test");
    }
  }
  PutHost("test/z/f12", "2001:db8::1");
  Ask("f1.z.test", Type::kA);
  EXPECT_EQ(answer_.rcode, Rcode::kServFail);
  EXPECT_LE(answer_.steps, kMaxRegistrations + kMaxLookups);
  EXPECT_LT(answer_.steps, 4'000U);
}

TEST_F(ResolveTest, GlueThatFansOutIsLeftOutAndTheAnswerStays) {
  for (int i = 0; i < 2'000; ++i) {
    PutHost("test/z/s/" + std::to_string(i), "t" + std::to_string(i) + ".z.test");
  }
  EXPECT_EQ(Answers("s.z.test", Type::kSrv).size(), 2'000U);
  EXPECT_EQ(answer_.rcode, Rcode::kNoError);
  EXPECT_LE(answer_.steps, 2'000U + kMaxLookups);
}

// One test, since filling the tree takes longer than all the questions.
TEST_F(ResolveTest, AHundredThousandInstancesCostNoMoreThanTheBudgetAndEmptyNothing) {
  for (int i = 0; i < 100'000; ++i) {
    PutHost("test/z/big/i" + std::to_string(i), "10." + std::to_string(i / 62'500) + "." +
                                                    std::to_string(i / 250 % 250) + "." +
                                                    std::to_string(i % 250));
  }
  PutHost("test/z/alias", "big.z.test");
  for (const Type type : {Type::kA, Type::kAaaa, Type::kSrv, Type::kTxt, Type::kMx}) {
    for (const char* name : {"big.z.test", "z.test", "*.z.test"}) {
      Ask(name, type);
      EXPECT_LE(answer_.steps, kMaxRegistrations) << ToText(type);
      EXPECT_TRUE(answer_.truncated) << ToText(type);
      EXPECT_THAT(answer_.answer, IsEmpty()) << ToText(type);
      EXPECT_THAT(answer_.additional, IsEmpty()) << ToText(type);
      EXPECT_EQ(answer_.rcode, Rcode::kNoError) << ToText(type);
    }
  }
  EXPECT_TRUE(Ask("alias.z.test", Type::kA).truncated);

  // What is more than the budget is known without a look, wildcards or not.
  EXPECT_EQ(Ask("big.z.test", Type::kA).steps, 0U);
  EXPECT_EQ(Ask("i1.*.z.test", Type::kSrv).steps, 0U);

  // A shard of it fits, and is found by looking at all of it; half of it does not.
  EXPECT_GT(Answers("_shard3of100.big.z.test", Type::kSrv).size(), 900U);
  EXPECT_FALSE(answer_.truncated);
  EXPECT_EQ(answer_.steps, 100'000U);
  EXPECT_TRUE(Ask("_shard0of2.big.z.test", Type::kSrv).truncated);
  EXPECT_THAT(answer_.answer, IsEmpty());

  // What HTTP can say of it has no bound.
  const Zone& zone = *zones_.Match(N("z.test"));
  for (const char* name : {"big.z.test", "i1.*.z.test", "_shard3of100.big.z.test"}) {
    const Instances found = FindInstances(view_, zones_, zone, Choose(zone, N(name)),
                                          Hosts::kResolved, context_.wall_now);
    EXPECT_GE(found.all.size(), name[0] == 'b' ? 100'000U : 1U) << name;
  }

  // An SRV that cannot fit is known early.
  for (int i = 0; i < 10'000; ++i) PutHost("test/z/less/i" + std::to_string(i), "10.0.0.1");
  EXPECT_LT(Ask("less.z.test", Type::kSrv).steps, wire::kMaxMessageSize / 19);
  context_.max_size = 1232;
  EXPECT_LT(Ask("less.z.test", Type::kSrv).steps, 100U);

  // Whether a name is there takes one step.
  EXPECT_EQ(Ask("big.z.test", Type::kHinfo).steps, 1U);
  EXPECT_EQ(Ask("nowhere.z.test", Type::kSrv).steps, 0U);
}

}  // namespace
}  // namespace rollcall::answer
