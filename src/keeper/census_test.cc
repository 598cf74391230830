#include "keeper/census.h"

#include <gmock/gmock.h>

#include "keeper/test_fixture.h"

namespace rollcall::keeper {
namespace {

using model::State;
using std::chrono::hours;
using std::chrono::seconds;
using testing::KeeperTest;
using testing::Node;
using testing::Server;

class CensusTest : public KeeperTest {
 protected:
  std::size_t Of(State state) { return census_.counts()[static_cast<std::size_t>(state)]; }
  bool Count() { return census_.CountIfDue(seconds(5), clock_); }

  Server server_{*store_, "ns1", clock_, AtOnce()};
  catalog::Publisher::Reader reader_ = server_.publisher().AddReader();
  Census census_{reader_};
};

TEST_F(CensusTest, CountsAllOfThemInPieces) {
  store::TxnRequest txn;
  for (int i = 0; i < 4100; ++i) {
    txn.then.emplace_back(store::PutOp{.key = Node("s" + std::to_string(i)),
                                       .value = R"({"host":"192.0.2.1","port":9100})"});
    if (txn.then.size() < 100) continue;
    ASSERT_TRUE(store_->Txn(txn, testing::Soon()));
    txn.then.clear();
  }
  PutOwned("a");
  PutOwned("b");
  Alive("b");
  Put(Node("c"), "{");  // in no state
  server_.Sync();
  EXPECT_TRUE(Count());
  EXPECT_EQ(Of(State::kStatic), 4100);
  EXPECT_EQ(Of(State::kLost), 1);
  EXPECT_EQ(Of(State::kPassing), 1);
  EXPECT_EQ(Of(State::kMaintenance), 0);
}

TEST_F(CensusTest, IsTakenAnewWhenSomethingChangedAndAfterAWhile) {
  PutOwned("a");
  server_.Sync();
  EXPECT_TRUE(Count());
  EXPECT_FALSE(Count());
  clock_.Wait(seconds(10));
  EXPECT_FALSE(Count()) << "nothing has changed";
  Alive("a");
  server_.Sync();
  EXPECT_TRUE(Count());
  EXPECT_EQ(Of(State::kPassing), 1);
  Delete(Node("a"));
  server_.Sync();
  EXPECT_FALSE(Count()) << "too soon";
  clock_.Wait(seconds(5));
  EXPECT_TRUE(Count());
  EXPECT_EQ(Of(State::kPassing), 0);
}

TEST_F(CensusTest, FollowsTheEndOfMaintenance) {
  PutOwned("a");
  Say(model::Area::kMaintenance, "@server01", {.until = clock_.WallNow() + hours(1)});
  server_.Sync();
  EXPECT_TRUE(Count());
  EXPECT_EQ(Of(State::kMaintenance), 1);
  clock_.Wait(hours(1));
  EXPECT_TRUE(Count());
  EXPECT_EQ(Of(State::kMaintenance), 0);
  EXPECT_EQ(Of(State::kLost), 1);
}

TEST_F(CensusTest, CountsEachServiceByItself) {
  PutOwned("a");
  PutOwned("b");
  Alive("b");
  Put("/skydns/internal/prom/mysql/a/db1", R"({"host":"192.0.2.7","port":9104})");
  Put("/skydns/internal/prom/MySQL/a/db2", R"({"host":"192.0.2.8","port":9104})");
  server_.Sync();
  ASSERT_TRUE(Count());
  const auto& services = *census_.services();
  ASSERT_EQ(services.size(), 2u);
  const auto& node = services.at("node.prom.internal");
  EXPECT_EQ(node.states[static_cast<std::size_t>(State::kLost)], 1u);
  EXPECT_EQ(node.states[static_cast<std::size_t>(State::kPassing)], 1u);
  const auto& mysql = services.at("a.mysql.prom.internal");
  EXPECT_EQ(mysql.states[static_cast<std::size_t>(State::kStatic)], 2u) << "capitals do not count";
}

TEST_F(CensusTest, ManyServicesAreNoMoreThanItsBound) {
  store::TxnRequest txn;
  for (std::size_t i = 0; i < Census::kMostServices + 50; ++i) {
    txn.then.emplace_back(store::PutOp{.key = "/skydns/internal/prom/s" + std::to_string(i) + "/a",
                                       .value = R"({"host":"192.0.2.1","port":9100})"});
    if (txn.then.size() < 50) continue;
    ASSERT_TRUE(store_->Txn(txn, testing::Soon()));
    txn.then.clear();
  }
  server_.Sync();
  ASSERT_TRUE(Count());
  const auto& services = *census_.services();
  EXPECT_EQ(services.size(), Census::kMostServices + 1);
  const auto& other = services.find(Census::kOther)->second;
  EXPECT_EQ(other.states[static_cast<std::size_t>(State::kStatic)], 50u);
}

}  // namespace
}  // namespace rollcall::keeper
