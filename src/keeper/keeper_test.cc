#include "keeper/keeper.h"

#include <gmock/gmock.h>

#include <thread>

#include "keeper/test_fixture.h"
#include "model/time.h"

namespace rollcall::keeper {
namespace {

using catalog::Standing;
using model::Area;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::KeeperTest;
using testing::Node;
using testing::Server;

// --- lost

TEST_F(KeeperTest, ALossIsDatedAndForgottenWhenItIsOver) {
  Server server(*store_, "ns1", clock_, AtOnce());
  PutOwned("a");
  server.Turn();
  EXPECT_EQ(Read(Area::kLost, Node("a")),
            (model::Record{.since = clock_.WallNow(),
                           .by = "serve@ns1",
                           .why = "no sign of life from agent:server01"}));
  clock_.Wait(minutes(1));
  server.Turn();
  EXPECT_EQ(server.Done(Verb::kDateLost), 1);
  Alive("a");
  server.Turn();
  EXPECT_FALSE(Has(Area::kLost, Node("a")));
  EXPECT_TRUE(Has(Node("a")));
}

TEST_F(KeeperTest, ALossIsForgottenWithItsRegistrationOrItsOwner) {
  Server server(*store_, "ns1", clock_, AtOnce());
  PutOwned("a");
  PutOwned("b");
  server.Turn();
  ASSERT_EQ(Count(model::AreaPrefix(Area::kLost)), 2);
  Delete(Node("a"));
  Put(Node("b"), R"({"host":"192.0.2.1","port":9100})");
  server.Turn();
  EXPECT_EQ(Count(model::AreaPrefix(Area::kLost)), 0);
  EXPECT_TRUE(Has(Node("b")));
}

TEST_F(KeeperTest, WhatNamesNoOwnerOrIsAliveIsNeverLost) {
  Server server(*store_, "ns1", clock_, AtOnce());
  Put(Node("a"), R"({"host":"192.0.2.1","port":9100})");
  PutOwned("b");
  Alive("b");
  server.Turn();
  EXPECT_EQ(Count(model::AreaPrefix(Area::kLost)), 0);
  EXPECT_EQ(server.keeper().state().tally.lost, 0);
}

TEST_F(KeeperTest, NothingIsWrittenByAViewThatMayBeOld) {
  Server server(*store_, "ns1", clock_, AtOnce());
  PutOwned("a");
  for (const Standing standing : {Standing::kNever, Standing::kStale}) {
    server.standing = standing;
    server.Turn();
  }
  EXPECT_EQ(Count(model::AreaPrefix(Area::kLost)), 0);
}

TEST_F(KeeperTest, RecordsOfAnotherPrefixAreAnotherServers) {
  Server server(*store_, "ns1", clock_, AtOnce());
  Say(Area::kLost, "/other/internal/prom/node/a");
  Say(Area::kStopping, "/other/internal/prom/node/a");
  Say(Area::kHeld, "/skydnsx/internal/prom/node/a");
  server.Turn();
  clock_.Wait(hours(1));
  server.Turn();
  EXPECT_EQ(Count("/rollcall/v1/"), 3);
}

// --- retain

class RetainTest : public KeeperTest {
 protected:
  void PutRetained(const std::string& instance, const std::string& retain = "1h") {
    PutOwned(instance, R"(,"retain":")" + retain + R"(")");
  }
  // As time passes: the server looks all the while.
  void Pass(Server& server, std::chrono::nanoseconds time) {
    constexpr std::chrono::nanoseconds kStep = minutes(1);
    for (; time > kStep; time -= kStep) {
      clock_.Wait(kStep);
      server.keeper().Turn();
    }
    clock_.Wait(time);
    server.Turn();
  }
};

TEST_F(RetainTest, IsAnnouncedAndThenCarriedOutWithTheMark) {
  Server server(*store_, "ns1", clock_, AtOnce());
  PutRetained("a");
  server.Turn();
  const WallTime lost = clock_.WallNow();
  server.Turn();
  EXPECT_EQ(server.keeper().state().tally.retained, 1);
  EXPECT_EQ(server.keeper().state().tally.next_retired, lost + hours(1));
  Pass(server, hours(1) - seconds(1));
  EXPECT_TRUE(Has(Node("a")));
  Pass(server, seconds(1));
  EXPECT_FALSE(Has(Node("a")));
  EXPECT_FALSE(Has(Area::kLost, Node("a")));
  EXPECT_THAT(Read(Area::kGone, Node("a")).why, ::testing::HasSubstr("retained for 1h"));
  EXPECT_TRUE(Read(Area::kGone, Node("a")).again) << "its owner may be repaired and come back";
}

TEST_F(RetainTest, AClockThatIsSetTakesNothingAway) {
  Server server(*store_, "ns1", clock_, AtOnce());
  PutRetained("a");
  server.Turn();
  server.Turn();
  clock_.SetWall(hours(24));
  server.Turn();
  clock_.Wait(minutes(9));
  server.Turn();
  EXPECT_TRUE(Has(Node("a"))) << "it has not been seen lost for ten minutes";
  clock_.SetWall(hours(-24));
  Pass(server, hours(2));
  EXPECT_TRUE(Has(Node("a"))) << "by the wall clock it is not due";
}

TEST_F(RetainTest, AServerThatWasAwayHasNotSeenIt) {
  Server server(*store_, "ns1", clock_, AtOnce());
  PutRetained("a", "20m");
  server.Turn();
  server.Turn();
  clock_.Wait(minutes(15));
  server.standing = Standing::kStale;
  server.Turn();
  clock_.Wait(minutes(15));
  server.standing = Standing::kSynced;
  server.Turn();
  EXPECT_TRUE(Has(Node("a")));
  clock_.Wait(minutes(10));
  server.Turn();
  EXPECT_FALSE(Has(Node("a")));
}

TEST_F(RetainTest, ARestartedServerWaitsUntilItHasSeenIt) {
  PutRetained("a", "20m");
  {
    Server server(*store_, "ns1", clock_, AtOnce());
    server.Turn();
  }
  clock_.Wait(hours(1));
  Server server(*store_, "ns1", clock_, AtOnce());
  server.Turn();
  EXPECT_TRUE(Has(Node("a")));
  clock_.Wait(minutes(10));
  server.Turn();
  EXPECT_FALSE(Has(Node("a")));
}

TEST_F(RetainTest, AShortRetainNeedsAShortLookOnly) {
  Server server(*store_, "ns1", clock_, AtOnce());
  PutRetained("a", "2s");
  server.Turn();
  server.Turn();
  clock_.Wait(seconds(2));
  server.Turn();
  EXPECT_FALSE(Has(Node("a")));
}

TEST_F(RetainTest, WhatIsAliveInBetweenBeginsAnew) {
  Server server(*store_, "ns1", clock_, AtOnce());
  PutRetained("a", "20m");
  server.Turn();
  server.Turn();
  Pass(server, minutes(19));
  Alive("a");
  server.Turn();
  Delete(model::RecordKey(Area::kAlive, Node("a")));
  server.Turn();
  server.Turn();
  Pass(server, minutes(19));
  EXPECT_TRUE(Has(Node("a")));
  Pass(server, minutes(1));
  EXPECT_FALSE(Has(Node("a")));
}

TEST_F(RetainTest, WhoIsExpectedToBeAwayIsNotLost) {
  Server server(*store_, "ns1", clock_, AtOnce());
  PutRetained("a", "20m");
  Say(Area::kMaintenance, "@server01");
  for (int i = 0; i < 10; ++i) {
    server.Turn();
    clock_.Wait(minutes(10));
  }
  EXPECT_TRUE(Has(Node("a")));
  Delete("/rollcall/v1/maintenance/@server01");
  server.Turn();
  EXPECT_TRUE(Has(Node("a")));
  clock_.Wait(minutes(10));
  server.Turn();
  EXPECT_FALSE(Has(Node("a")));
}

TEST_F(RetainTest, WithoutARetainOrWithOneThatCannotBeReadItStays) {
  Server server(*store_, "ns1", clock_, AtOnce());
  PutOwned("a");
  PutRetained("b", "soon");
  server.Turn();
  server.Turn();
  clock_.Wait(hours(24 * 365));
  server.Turn();
  EXPECT_TRUE(Has(Node("a")));
  EXPECT_TRUE(Has(Node("b")));
}

TEST_F(RetainTest, BeyondProtectionItWaits) {
  Server server(*store_, "ns1", clock_, AtOnce());
  for (int i = 0; i < 10; ++i) PutRetained("i" + std::to_string(i), "30m");
  server.Turn();
  server.Turn();
  Pass(server, minutes(30));
  EXPECT_EQ(Count("/skydns/"), 7);
  EXPECT_EQ(server.keeper().state().waiting, 7);
  clock_.Wait(minutes(9));
  server.Turn();
  EXPECT_EQ(Count("/skydns/"), 7);
  clock_.Wait(minutes(1));
  server.Turn();
  EXPECT_EQ(Count("/skydns/"), 4);
  clock_.Wait(minutes(10));
  server.Turn();
  clock_.Wait(minutes(10));
  server.Turn();
  clock_.Wait(minutes(10));
  server.Turn();
  EXPECT_EQ(Count("/skydns/"), 0) << "each was a deregistration, only not all at once";
  EXPECT_EQ(server.keeper().state().waiting, 0);
}

TEST_F(RetainTest, ProtectionIsOfAllServersTogether) {
  Server one(*store_, "ns1", clock_, AtOnce());
  Server two(*store_, "ns2", clock_, AtOnce());
  for (int i = 0; i < 10; ++i) PutRetained("i" + std::to_string(i), "30m");
  for (int i = 0; i < 2; ++i) {
    one.Turn();
    two.Turn();
  }
  clock_.Wait(minutes(15));
  one.Turn();
  two.Turn();
  clock_.Wait(minutes(15));
  // Both know that all are due before either writes.
  one.Sync();
  two.Sync();
  one.keeper().Turn();
  two.keeper().Turn();
  for (int i = 0; i < 5; ++i) {
    clock_.Wait(seconds(10));
    one.Turn();
    two.Turn();
  }
  EXPECT_EQ(Count("/skydns/"), 7);
}

// --- stopping

TEST_F(KeeperTest, AStopIsCarriedOutWhenItsGraceIsOver) {
  Server server(*store_, "ns1", clock_, AtOnce());
  PutOwned("a");
  Alive("a");
  Say(Area::kStopping, Node("a"),
      {.by = "agent:server01", .why = "exporter stopped", .until = clock_.WallNow() + seconds(60)});
  server.Turn();
  clock_.Wait(seconds(59));
  server.Turn();
  EXPECT_TRUE(Has(Node("a")));
  EXPECT_EQ(server.keeper().state().tally.stopping, 1);
  clock_.Wait(seconds(1));
  server.Turn();
  EXPECT_FALSE(Has(Node("a")));
  EXPECT_FALSE(Has(Area::kStopping, Node("a")));
  EXPECT_EQ(Read(Area::kGone, Node("a")).why, "exporter stopped");
  EXPECT_EQ(Read(Area::kGone, Node("a")).by, "agent:server01");
  EXPECT_FALSE(Read(Area::kGone, Node("a")).again);
}

TEST_F(KeeperTest, AStopIsNotHurriedNorHeldUpByAClock) {
  Server server(*store_, "ns1", clock_, AtOnce());
  PutOwned("a");
  PutOwned("b");
  clock_.SetWall(hours(1));  // ahead of the agent's
  const WallTime until = clock_.WallNow() - hours(1) + seconds(60);
  const model::Record record{.since = until - seconds(60), .until = until};
  Put(model::RecordKey(Area::kStopping, Node("a")), model::ToJson(record));
  server.Turn();
  clock_.Wait(seconds(59));
  server.Turn();
  EXPECT_TRUE(Has(Node("a")));
  clock_.SetWall(hours(-2));
  clock_.Wait(seconds(1));
  server.Turn();
  EXPECT_FALSE(Has(Node("a")));
}

TEST_F(KeeperTest, WhoIsBackInTimeStays) {
  Server server(*store_, "ns1", clock_, AtOnce());
  PutOwned("a");
  Say(Area::kStopping, Node("a"), {.until = clock_.WallNow() + seconds(60)});
  server.Turn();
  clock_.Wait(seconds(60));
  server.Sync();
  Delete(model::RecordKey(Area::kStopping, Node("a")));  // behind the view's back
  server.keeper().Turn();
  EXPECT_TRUE(Has(Node("a")));
}

TEST_F(KeeperTest, AStopOfWhatIsGoneIsForgotten) {
  Server server(*store_, "ns1", clock_, AtOnce());
  Say(Area::kStopping, Node("a"), {.until = clock_.WallNow() + seconds(60)});
  server.Turn();
  EXPECT_FALSE(Has(Area::kStopping, Node("a")));
}

// --- held

TEST_F(KeeperTest, WhatIsHeldIsWrittenAndTakenAwayWhenItIsBack) {
  Server server(*store_, "ns1", clock_, AtOnce());
  for (const char* instance : {"a", "b", "c"}) {
    Put(Node(instance), R"({"host":"192.0.2.1","port":9100})");
  }
  server.Turn();
  Delete("/skydns/");
  server.Turn();
  EXPECT_EQ(Count(model::AreaPrefix(Area::kHeld)), 3);
  EXPECT_EQ(Read(Area::kHeld, Node("a")).value, R"({"host":"192.0.2.1","port":9100})");
  EXPECT_EQ(Read(Area::kHeld, Node("a")).by, "serve@ns1");
  EXPECT_THAT(Read(Area::kHeld, Node("a")).why, ::testing::HasSubstr("3 vanished at once"));
  EXPECT_EQ(server.keeper().state().tally.held, 3);
  server.Turn();
  EXPECT_EQ(server.keeper().state().tally.held_here, 0);
  Put(Node("a"), R"({"host":"192.0.2.1","port":9100})");
  server.Turn();
  EXPECT_FALSE(Has(Area::kHeld, Node("a")));
  EXPECT_TRUE(Has(Area::kHeld, Node("b")));
  EXPECT_EQ(server.Done(Verb::kUnhold), 1);
}

TEST_F(KeeperTest, AServerThatServesARecordOfAnotherLeavesIt) {
  Server server(*store_, "ns2", clock_, AtOnce());
  Say(Area::kHeld, Node("a"), {.value = R"({"host":"192.0.2.1","port":9100})"});
  for (int i = 0; i < 3; ++i) {
    server.Turn();
    clock_.Wait(minutes(20));
  }
  EXPECT_TRUE(Has(Area::kHeld, Node("a")));
  EXPECT_EQ(server.publisher().AddReader().Enter()->tree.size(), 1);
}

// --- maintenance

TEST_F(KeeperTest, MaintenanceIsEnded) {
  Server server(*store_, "ns1", clock_, AtOnce());
  Say(Area::kMaintenance, "@server01", {.until = clock_.WallNow() + hours(1)});
  Say(Area::kMaintenance, Node("a"), {.until = clock_.WallNow() + hours(2)});
  Say(Area::kMaintenance, "/skydns/internal/prom");  // for ever
  clock_.Wait(hours(1) - seconds(1));
  server.Turn();
  EXPECT_EQ(Count(model::AreaPrefix(Area::kMaintenance)), 3);
  clock_.Wait(seconds(1));
  server.Turn();
  EXPECT_FALSE(Has("/rollcall/v1/maintenance/@server01"));
  clock_.Wait(hours(9));
  server.Turn();
  EXPECT_EQ(Count(model::AreaPrefix(Area::kMaintenance)), 1);
}

// --- how

TEST_F(KeeperTest, AStoreThatIsAwayIsNotAskedForEachAndNothingIsForgotten) {
  store::FaultyStore faulty(*store_);
  Server server(faulty, "ns1", clock_, AtOnce());
  for (int i = 0; i < 50; ++i) PutOwned("i" + std::to_string(i));
  server.Sync();
  faulty.FailAlways(store::FaultyStore::Call::kTxn, ErrorCode::kUnavailable);
  const int before = faulty.calls(store::FaultyStore::Call::kTxn);
  server.keeper().Turn();
  server.keeper().Turn();
  EXPECT_EQ(faulty.calls(store::FaultyStore::Call::kTxn) - before, 1);
  EXPECT_EQ(server.keeper().counters().failed, 1);
  faulty.Mend();
  clock_.Wait(seconds(30));
  server.keeper().Turn();
  EXPECT_EQ(Count(model::AreaPrefix(Area::kLost)), 50);
}

TEST_F(KeeperTest, WhatTheStoreRefusesDoesNotHoldUpTheOthers) {
  store::FaultyStore faulty(*store_);
  Server server(faulty, "ns1", clock_, AtOnce());
  for (int i = 0; i < 5; ++i) PutOwned("i" + std::to_string(i));
  server.Sync();
  faulty.FailNext(store::FaultyStore::Call::kTxn, 2, ErrorCode::kRefused);
  server.keeper().Turn();
  EXPECT_EQ(Count(model::AreaPrefix(Area::kLost)), 3);
  clock_.Wait(seconds(10));
  server.Turn();
  EXPECT_EQ(Count(model::AreaPrefix(Area::kLost)), 5);
}

TEST_F(KeeperTest, AViewThatIsBehindDoesNotMakeItTryAgainAndAgain) {
  store::FaultyStore faulty(*store_);
  Server server(faulty, "ns1", clock_, AtOnce());
  PutOwned("a");
  server.Sync();
  Alive("a");  // which the view does not show
  const int before = faulty.calls(store::FaultyStore::Call::kTxn);
  for (int second = 0; second < 600; ++second) {
    server.keeper().Turn();
    clock_.Wait(seconds(1));
  }
  EXPECT_LE(faulty.calls(store::FaultyStore::Call::kTxn) - before, 8);
  EXPECT_FALSE(Has(Area::kLost, Node("a")));
}

TEST_F(KeeperTest, ATurnWritesABoundedNumber) {
  Options options = AtOnce();
  options.most_writes = 10;
  options.look.most_wants = 25;
  Server server(*store_, "ns1", clock_, options);
  for (int i = 0; i < 60; ++i) PutOwned("i" + std::to_string(i));
  server.Turn();
  EXPECT_EQ(Count(model::AreaPrefix(Area::kLost)), 10);
  for (int i = 0; i < 8; ++i) server.Turn();
  EXPECT_EQ(Count(model::AreaPrefix(Area::kLost)), 60);
}

TEST_F(KeeperTest, OfTwoServersOneWritesMostlyAndBothShowTheSame) {
  Server one(*store_, "ns1", clock_, {});
  Server two(*store_, "ns2", clock_, {});
  constexpr std::size_t kInstances = 200;
  for (std::size_t i = 0; i < kInstances; ++i) PutOwned("i" + std::to_string(i));
  for (int step = 0; step < 110; ++step) {
    one.Turn();
    two.Turn();
    clock_.Wait(milliseconds(10));
  }
  EXPECT_EQ(Count(model::AreaPrefix(Area::kLost)), kInstances);
  EXPECT_EQ(one.Done(Verb::kDateLost) + two.Done(Verb::kDateLost), kInstances);
  EXPECT_GT(one.Done(Verb::kDateLost), 50);
  EXPECT_GT(two.Done(Verb::kDateLost), 50);
}

TEST_F(KeeperTest, TwoServersAtOnceDoEverythingOnce) {
  Server one(*store_, "ns1", clock_, AtOnce());
  Server two(*store_, "ns2", clock_, AtOnce());
  for (int i = 0; i < 100; ++i) {
    PutOwned("i" + std::to_string(i));
    Say(Area::kStopping, Node("i" + std::to_string(i)), {.until = clock_.WallNow()});
  }
  const auto serve = [](Server& server) {
    for (int i = 0; i < 20; ++i) server.Turn();
  };
  std::thread first([&] { serve(one); });
  std::thread second([&] { serve(two); });
  first.join();
  second.join();
  EXPECT_EQ(Count("/skydns/"), 0);
  EXPECT_EQ(Count(model::AreaPrefix(Area::kGone)), 100);
  EXPECT_EQ(one.Done(Verb::kFinishStopping) + two.Done(Verb::kFinishStopping), 100);
  EXPECT_EQ(Count(model::AreaPrefix(Area::kStopping)), 0);
  EXPECT_EQ(Count(model::AreaPrefix(Area::kLost)), 0);
}

// A store that answers, and takes its time.
class SlowStore final : public store::FaultyStore {
 public:
  SlowStore(store::Store& target, testing::FakeClock& clock)
      : store::FaultyStore(target), clock_(clock) {}
  Result<store::TxnResponse> Txn(const store::TxnRequest& request,
                                 store::Deadline deadline) override {
    clock_.Wait(seconds(1));
    return store::FaultyStore::Txn(request, deadline);
  }

 private:
  testing::FakeClock& clock_;
};

TEST_F(KeeperTest, ByASlowStoreItLooksAgainBeforeAllIsWritten) {
  SlowStore slow(*store_, clock_);
  Server server(slow, "ns1", clock_, AtOnce());
  for (int i = 0; i < 20; ++i) PutOwned("i" + std::to_string(i));
  server.Turn();
  EXPECT_THAT(Count(model::AreaPrefix(Area::kLost)),
              ::testing::AllOf(::testing::Ge(5), ::testing::Le(7)));
}

TEST_F(KeeperTest, ItsThreadLooksWhenSomethingChangesAndStops) {
  Options options = AtOnce();
  options.look_at_most = milliseconds(5);
  Server server(*store_, "ns1", SystemClock(), options);
  server.keeper().Start();
  PutOwned("a");
  server.Sync();
  const auto end = std::chrono::steady_clock::now() + seconds(10);
  while (!Has(Area::kLost, Node("a")) && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(Has(Area::kLost, Node("a")));
  server.keeper().Stop();
  server.keeper().Stop();
}

}  // namespace
}  // namespace rollcall::keeper
