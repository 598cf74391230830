// `_healthy.NAME`, `_shard0of4.NAME`.
#include "answer/selection.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "answer/fixture.h"
#include "model/shard.h"

namespace rollcall::answer {
namespace {

using catalog::Standing;
using model::Area;
using model::Health;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::N;
using testing::ResolveTest;
using testing::ToTexts;
using wire::Rcode;
using wire::Type;

class SelectionTest : public ResolveTest {
 protected:
  // One of each state.
  void PutAllStates() {
    PutHost("test/z/s/a-static", "10.0.0.1");
    PutOwned("test/z/s/b-passing", "10.0.0.2", Health::kPassing);
    PutOwned("test/z/s/c-warning", "10.0.0.3", Health::kWarning);
    PutOwned("test/z/s/d-critical", "10.0.0.4", Health::kCritical);
    PutOwned("test/z/s/e-lost", "10.0.0.5", std::nullopt);
    PutOwned("test/z/s/f-maintained", "10.0.0.6", Health::kPassing);
    PutMark(Area::kMaintenance, "/skydns/test/z/s/f-maintained", {});
  }
  // The last octets of the addresses that a name answers.
  std::string Hosts(std::string_view name) {
    std::string hosts;
    for (const wire::Record& record : Ask(name, Type::kA).answer) {
      hosts += std::to_string(std::get<wire::A>(record.rdata).address[3]);
    }
    return hosts;
  }
};

TEST_F(SelectionTest, TheInventoryIsAllAndTheHealthyViewWhatIsNotKnownToBeIll) {
  PutAllStates();
  EXPECT_EQ(Hosts("s.z.test"), "123456");
  EXPECT_EQ(Hosts("_healthy.s.z.test"), "123");
  EXPECT_EQ(Hosts("_HEALTHY.s.z.test"), "123");
}

TEST_F(SelectionTest, RecordsAreOwnedByTheNameAskedAndTargetsArePlain) {
  PutAllStates();
  EXPECT_THAT(Answers("_healthy.s.z.test", Type::kSrv),
              ElementsAre("_healthy.s.z.test. 15 IN SRV 10 33 9100 a-static.s.z.test.",
                          "_healthy.s.z.test. 15 IN SRV 10 33 9100 b-passing.s.z.test.",
                          "_healthy.s.z.test. 15 IN SRV 10 33 9100 c-warning.s.z.test."));
  EXPECT_THAT(ToTexts(answer_.additional), ElementsAre("a-static.s.z.test. 15 IN A 10.0.0.1",
                                                       "b-passing.s.z.test. 15 IN A 10.0.0.2",
                                                       "c-warning.s.z.test. 15 IN A 10.0.0.3"));
  EXPECT_THAT(Answers("_healthy.a-static.s.z.test", Type::kA),
              ElementsAre("_healthy.a-static.s.z.test. 15 IN A 10.0.0.1"));
}

TEST_F(SelectionTest, ANameOfWhichAllAreIllIsThere) {
  PutOwned("test/z/s/a", "10.0.0.1", Health::kCritical);
  PutOwned("test/z/s/b", "10.0.0.2", std::nullopt);
  for (const Type type : {Type::kA, Type::kAaaa, Type::kSrv, Type::kTxt, Type::kMx, Type::kNs}) {
    for (const char* name : {"_healthy.s.z.test", "_healthy.a.s.z.test", "_healthy.z.test"}) {
      Ask(name, type);
      EXPECT_EQ(answer_.rcode, Rcode::kNoError) << name << ToText(type);
      EXPECT_THAT(ToTexts(answer_.answer), IsEmpty()) << name << ToText(type);
      EXPECT_EQ(answer_.authority.size(), 1) << name << ToText(type);
    }
  }
}

TEST_F(SelectionTest, AMissingNameIsAsMissingAsThePlainOne) {
  view_.revision = 1;
  EXPECT_EQ(Ask("_healthy.nowhere.z.test", Type::kSrv).rcode, Rcode::kNxDomain);
  EXPECT_EQ(Ask("_healthy.z.test", Type::kA).rcode, Rcode::kNoError) << "the apex is there";
  context_.standing = Standing::kStale;
  EXPECT_EQ(Ask("_healthy.nowhere.z.test", Type::kSrv).rcode, Rcode::kServFail);
  context_.standing = Standing::kNever;
  EXPECT_EQ(Ask("_healthy.z.test", Type::kA).rcode, Rcode::kServFail);
}

TEST_F(SelectionTest, ASelectorLeadsAndIsExact) {
  PutAllStates();
  for (const char* name :
       {"s._healthy.z.test", "_healthy2.s.z.test", "x._healthy.s.z.test", "_health.s.z.test"}) {
    EXPECT_EQ(Ask(name, Type::kA).rcode, Rcode::kNxDomain) << name;
  }
  PutHost("test/z/s/_http", "10.0.0.7");  // an ordinary label
  EXPECT_EQ(Hosts("_http.s.z.test"), "7");
  EXPECT_EQ(Hosts("_healthy._http.s.z.test"), "7");
}

TEST_F(SelectionTest, GoesWithWildcardsAndWithTheApex) {
  PutAllStates();
  EXPECT_EQ(Hosts("_healthy.*.z.test"), "123");
  EXPECT_EQ(Hosts("_healthy.z.test"), "123");
  PutHost("test/z/dns/apex/a", "10.0.0.8");
  PutOwned("test/z/dns/apex/b", "10.0.0.9", std::nullopt);
  EXPECT_EQ(Hosts("z.test"), "89");
  EXPECT_EQ(Hosts("_healthy.z.test"), "8");
  EXPECT_EQ(Ask("_healthy.z.test", Type::kSoa).rcode, Rcode::kNoError);
  EXPECT_THAT(answer_.answer, IsEmpty()) << "a selection of a zone has no SOA of its own";
}

TEST_F(SelectionTest, MaintenanceOfAServiceAndOfAHostCountAsLongAsTheyLast) {
  PutOwned("test/z/s/a", "10.0.0.1", Health::kPassing);
  PutHost("test/z/s/server02", "10.0.0.2");
  const auto until = context_.wall_now + std::chrono::hours(1);
  PutMark(Area::kMaintenance, "@server02", {.until = until});
  EXPECT_EQ(Hosts("_healthy.s.z.test"), "1");
  PutMark(Area::kMaintenance, "/skydns/test/z/s", {.until = until});
  EXPECT_EQ(Hosts("_healthy.s.z.test"), "");
  context_.wall_now = until;
  EXPECT_EQ(Hosts("_healthy.s.z.test"), "12");
  EXPECT_EQ(Hosts("s.z.test"), "12");
}

TEST_F(SelectionTest, AnAliasIsChosenByItsOwnStateAndLeadsToPlainNames) {
  PutOwned("test/z/t1", "10.0.0.1", Health::kCritical);
  PutHost("test/z/s/a", "t1.z.test");
  EXPECT_THAT(
      Answers("_healthy.s.z.test", Type::kA),
      ElementsAre("_healthy.s.z.test. 15 IN CNAME t1.z.test.", "t1.z.test. 15 IN A 10.0.0.1"));
  PutHost("test/z/web", "_healthy.t1.z.test");  // who wants the other says so
  EXPECT_THAT(Answers("web.z.test", Type::kA), IsEmpty());
  EXPECT_EQ(answer_.rcode, Rcode::kNoError);
  PutOwned("test/z/t1", "10.0.0.1", Health::kPassing);
  EXPECT_THAT(Answers("web.z.test", Type::kA),
              ElementsAre("web.z.test. 15 IN CNAME _healthy.t1.z.test.",
                          "_healthy.t1.z.test. 15 IN A 10.0.0.1"));
}

TEST_F(SelectionTest, AnAliasToItsOwnHealthyViewEnds) {
  PutHost("test/z/s", "_healthy.s.z.test");
  EXPECT_THAT(Answers("_healthy.s.z.test", Type::kA), IsEmpty());
  EXPECT_THAT(Answers("s.z.test", Type::kA), IsEmpty());
}

TEST_F(SelectionTest, WhoIsIllPutsNoOtherGroupInHisPlace) {
  Put("test/z/s/a", R"({"host":"10.0.0.1","group":"g1","rollcall":{"owner":"agent:server01"}})");
  Put("test/z/s/b/c", R"({"host":"10.0.0.2","group":"g2"})");
  EXPECT_EQ(Hosts("s.z.test"), "1");
  EXPECT_EQ(Hosts("_healthy.s.z.test"), "");
}

TEST_F(SelectionTest, NamesOfExactlyOneValueAreSelectedToo) {
  PutHost("test/z/p", "target.other.test");
  EXPECT_THAT(Answers("_healthy.p.z.test", Type::kPtr),
              ElementsAre("_healthy.p.z.test. 15 IN PTR target.other.test."));
  PutMark(Area::kMaintenance, "/skydns/test/z/p", {});
  EXPECT_THAT(Answers("_healthy.p.z.test", Type::kPtr), IsEmpty());
  EXPECT_THAT(Answers("_healthy.p.z.test", Type::kCname), IsEmpty());
  EXPECT_EQ(answer_.rcode, Rcode::kNoError);
  EXPECT_EQ(Answers("_healthy.p.z.test", Type::kAny).size(), 1);
}

TEST_F(SelectionTest, ASelectionThatFitsIsAnsweredWhereTheWholeDoesNot) {
  context_.max_size = 512;
  for (int i = 0; i < 200; ++i) {
    PutOwned("test/z/s/i" + std::to_string(i), "10.0.0." + std::to_string(i),
             i < 5 ? Health::kPassing : Health::kCritical);
  }
  Ask("s.z.test", Type::kSrv);
  EXPECT_TRUE(answer_.truncated);
  EXPECT_EQ(Answers("_healthy.s.z.test", Type::kSrv).size(), 5);
  EXPECT_FALSE(answer_.truncated);
}

TEST_F(SelectionTest, EveryInstanceIsInExactlyOneShardAndInThatWhichTheModelSays) {
  for (int i = 0; i < 40; ++i) {
    PutHost("test/z/s/i" + std::to_string(i), "10.0.0." + std::to_string(i + 1));
  }
  std::size_t found = 0;
  for (unsigned shard = 0; shard < 4; ++shard) {
    const std::string name = "_shard" + std::to_string(shard) + "of4.s.z.test";
    for (const wire::Record& record : Ask(name, Type::kSrv).answer) {
      ++found;
      EXPECT_EQ(model::ShardOf(std::get<wire::Srv>(record.rdata).target, 4), shard);
    }
    EXPECT_EQ(Answers(name, Type::kA).size(), Ask(name, Type::kSrv).answer.size());
  }
  EXPECT_EQ(found, 40U);
}

TEST_F(SelectionTest, SelectorsGoTogetherInAnyOrderAndEachOnce) {
  PutAllStates();
  const std::string all = Hosts("_healthy.s.z.test");
  std::string shards;
  for (const char* shard : {"_shard0of2", "_shard1of2"}) {
    const std::string one = Hosts(std::string(shard) + "._healthy.s.z.test");
    EXPECT_EQ(Hosts(std::string("_Healthy.") + shard + ".s.z.test"), one);
    shards += one;
  }
  std::sort(shards.begin(), shards.end());
  EXPECT_EQ(shards, all);
  EXPECT_EQ(Ask("_shard0of2._shard0of3.s.z.test", Type::kA).rcode, Rcode::kNxDomain);
}

TEST_F(SelectionTest, AnEmptyShardIsThere) {
  PutHost("test/z/s/a", "10.0.0.1");
  const unsigned other = 1 - model::ShardOf(N("a.s.z.test"), 2);
  const std::string name = "_shard" + std::to_string(other) + "of2.s.z.test";
  for (const Type type : {Type::kA, Type::kSrv, Type::kTxt}) {
    EXPECT_THAT(Answers(name, type), IsEmpty());
    EXPECT_EQ(answer_.rcode, Rcode::kNoError);
    EXPECT_EQ(answer_.authority.size(), 1U);
  }
  context_.standing = Standing::kStale;
  EXPECT_EQ(Ask(name, Type::kSrv).rcode, Rcode::kNoError);
}

}  // namespace
}  // namespace rollcall::answer
