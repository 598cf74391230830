// What an owner does with its instance: registers it as alive, says how it is, stops.
#include <gmock/gmock.h>

#include "model/records.h"
#include "registry/registry.h"
#include "store/embedded/store.h"
#include "store/faulty.h"

namespace rollcall::registry {
namespace {

using model::Health;
using std::chrono::seconds;
using store::After;
using ::testing::HasSubstr;

constexpr char kNode[] = "/skydns/internal/prom/node/server01";
constexpr WallTime kNow{seconds(1'700'000'000)};

std::string KeyOf(model::Area area, const std::string& key = kNode) {
  return model::RecordKey(area, key);
}

class FixedClock : public Clock {
 public:
  SteadyTime Now() const override { return {}; }
  WallTime WallNow() const override { return kNow; }
};

Order NodeOrder(const std::string& owner = "run:server01",
                const std::string& address = "192.0.2.1") {
  Order order;
  order.service = "node";
  order.host = "server01";
  order.value.host = address;
  order.value.port = 9100;
  order.value.extension.owner = owner;
  return order;
}

Target NodeTarget() {
  return {"node", "", "server01", 9100, "192.0.2.1"};
}

class OwnerTest : public ::testing::Test {
 protected:
  store::Deadline Soon() { return After(seconds(5)); }

  std::string Get(const std::string& key) {
    const auto page = store_->Range({.keys = store::KeyRange::Single(key)}, Soon());
    return page && !page->kvs.empty() ? page->kvs[0].value : "";
  }
  store::LeaseId LeaseOf(const std::string& key) {
    const auto page = store_->Range({.keys = store::KeyRange::Single(key)}, Soon());
    return page && !page->kvs.empty() ? page->kvs[0].lease : 0;
  }
  void Put(const std::string& key, const std::string& value) {
    store::TxnRequest txn;
    txn.then.emplace_back(store::PutOp{.key = key, .value = value});
    ASSERT_TRUE(store_->Txn(txn, Soon()));
  }
  void Delete(const std::string& key) {
    store::TxnRequest txn;
    txn.then.emplace_back(store::DeleteOp{store::KeyRange::Single(key)});
    ASSERT_TRUE(store_->Txn(txn, Soon()));
  }
  store::LeaseId Grant() { return store_->LeaseGrant(seconds(30), 0, Soon())->id; }
  static Terms Alive(store::LeaseId lease, Health health = Health::kPassing) {
    return {.alive = SignOfLife{lease, health, kNow, "it answers"}};
  }
  Presence PresenceOf(const Order& order, const Terms& terms) {
    const auto found = registry_.SayAlive(order, terms, Soon());
    EXPECT_TRUE(found) << found.error().message;
    return found->presence;
  }
  model::Record RecordAt(model::Area area) {
    const auto record = model::ParseRecord(Get(KeyOf(area)));
    EXPECT_TRUE(record) << record.error().message;
    return record.value_or(model::Record{});
  }

  FixedClock clock_;
  std::unique_ptr<store::embedded::EmbeddedStore> store_ =
      store::embedded::Open({.cluster_id = 7, .timer = false});
  Registry registry_{*store_, {}, {}, clock_};
};

TEST_F(OwnerTest, IsNeverSeenWithoutItsSignOfLife) {
  const store::Revision before = store_->header().revision;
  const auto lease = Grant();
  const auto written = registry_.Register(NodeOrder(), Alive(lease), Soon());
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(store_->header().revision, before + 1) << "one transaction";
  EXPECT_EQ(Get(kNode), R"({"host":"192.0.2.1","port":9100,"rollcall":{"owner":"run:server01"}})");
  EXPECT_EQ(LeaseOf(kNode), 0) << "the registration outlives its owner";
  EXPECT_EQ(Get(KeyOf(model::Area::kAlive)),
            R"({"since":"2023-11-14T22:13:20Z","by":"run:server01","why":"it answers",)"
            R"("health":"passing"})");
  EXPECT_EQ(LeaseOf(KeyOf(model::Area::kAlive)), lease);
}

TEST_F(OwnerTest, RepeatingItselfWritesNothing) {
  const auto lease = Grant();
  ASSERT_TRUE(registry_.Register(NodeOrder(), Alive(lease), Soon()));
  const store::Revision before = store_->header().revision;
  const auto again = registry_.Register(NodeOrder(), Alive(lease), Soon());
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->changed);
  const auto said = registry_.SayAlive(NodeOrder(), Alive(lease), Soon());
  ASSERT_TRUE(said);
  EXPECT_EQ(said->presence, Presence::kThere);
  EXPECT_FALSE(said->changed);
  EXPECT_EQ(store_->header().revision, before);
}

TEST_F(OwnerTest, AChangeOfHealthLeavesTheRegistrationAlone) {
  const auto lease = Grant();
  const auto written = registry_.Register(NodeOrder(), Alive(lease), Soon());
  ASSERT_TRUE(written);
  EXPECT_EQ(PresenceOf(NodeOrder(), Alive(lease, Health::kCritical)), Presence::kThere);
  EXPECT_EQ(RecordAt(model::Area::kAlive).health, Health::kCritical);
  const auto again = registry_.Register(NodeOrder(), Alive(lease, Health::kCritical), Soon());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->revision, written->revision);
}

TEST_F(OwnerTest, AnEndedLeaseIsToldAsSuchAndAnotherTakesItsPlace) {
  const auto first = Grant();
  ASSERT_TRUE(registry_.Register(NodeOrder(), Alive(first), Soon()));
  ASSERT_TRUE(store_->LeaseRevoke(first, Soon()));
  EXPECT_EQ(Get(KeyOf(model::Area::kAlive)), "");
  EXPECT_NE(Get(kNode), "") << "lost, not gone";
  const auto refused = registry_.SayAlive(NodeOrder(), Alive(first), Soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
  const auto second = Grant();
  EXPECT_EQ(PresenceOf(NodeOrder(), Alive(second)), Presence::kThere);
  EXPECT_EQ(LeaseOf(KeyOf(model::Area::kAlive)), second);
}

TEST_F(OwnerTest, FindsWhatBecameOfItsInstance) {
  const auto lease = Grant();
  ASSERT_TRUE(registry_.Register(NodeOrder(), Alive(lease), Soon()));
  const std::string value = Get(kNode);

  Delete(kNode);
  EXPECT_EQ(PresenceOf(NodeOrder(), Alive(lease)), Presence::kMissing);
  Put(kNode, "{");
  EXPECT_EQ(PresenceOf(NodeOrder(), Alive(lease)), Presence::kMissing) << "unreadable";
  Put(kNode, R"({"host":"192.0.2.1","port":9100})");
  EXPECT_EQ(PresenceOf(NodeOrder(), Alive(lease)), Presence::kReplaced) << "it became static";
  Put(kNode, R"({"host":"192.0.2.7","port":9100,"rollcall":{"owner":"run:server01"}})");
  const auto replaced = registry_.SayAlive(NodeOrder(), Alive(lease), Soon());
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->presence, Presence::kReplaced);
  EXPECT_THAT(replaced->detail, HasSubstr("192.0.2.7:9100 of run:server01"));
  Put(kNode, value);
  Terms leased = Alive(lease);
  leased.lease = lease;
  EXPECT_EQ(PresenceOf(NodeOrder(), leased), Presence::kMissing) << "not under the lease it has";

  ASSERT_TRUE(registry_.Deregister(NodeTarget(), {"root@server01", "moved"}, Soon()));
  const auto gone = registry_.SayAlive(NodeOrder(), Alive(lease), Soon());
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->presence, Presence::kDeregistered);
  EXPECT_EQ(gone->detail, "by root@server01: moved");
}

TEST_F(OwnerTest, DoesNotUndoADeregistrationThatItHasNotSeen) {
  const auto lease = Grant();
  ASSERT_TRUE(registry_.Register(NodeOrder(), Alive(lease), Soon()));
  ASSERT_TRUE(registry_.Deregister(NodeTarget(), {"root@server01", "moved"}, Soon()));
  Terms terms = Alive(lease);
  terms.unless_deregistered = true;
  const auto refused = registry_.Register(NodeOrder(), terms, Soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Get(kNode), "");
  terms.unless_deregistered = false;
  EXPECT_TRUE(registry_.Register(NodeOrder(), terms, Soon()));
}

TEST_F(OwnerTest, UndoesADeregistrationThatWasForAsLongAsItWasAway) {
  const auto lease = Grant();
  ASSERT_TRUE(registry_.Register(NodeOrder(), Alive(lease), Soon()));
  ASSERT_TRUE(registry_.Deregister(NodeTarget(), {"serve@ns1", "retained for 1h", true}, Soon()));
  const auto found = registry_.SayAlive(NodeOrder(), Alive(lease), Soon());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->presence, Presence::kMissing);
  Terms terms = Alive(lease);
  terms.unless_deregistered = true;
  EXPECT_TRUE(registry_.Register(NodeOrder(), terms, Soon()));
  EXPECT_EQ(Get(KeyOf(model::Area::kGone)), "");
}

// A backup from before it was registered has been restored, and with it the mark of an
// earlier end.
TEST_F(OwnerTest, IsNotKeptAwayByAMarkOfEarlierTimes) {
  ASSERT_TRUE(registry_.Register(NodeOrder(), 0, Soon()));
  ASSERT_TRUE(registry_.Deregister(NodeTarget(), {"root@server01", "moved"}, Soon()));
  const auto lease = Grant();
  Terms terms = Alive(lease);
  terms.unless_deregistered = true;
  const auto at = [&](store::Revision revision, WallTime time) {
    terms.registered_revision = revision;
    terms.registered = time;
    return PresenceOf(NodeOrder(), terms);
  };
  const store::Revision later = store_->header().revision + 1;
  EXPECT_EQ(at(later, kNow - seconds(1)), Presence::kDeregistered) << "in the restored store";
  EXPECT_EQ(at(1, kNow + seconds(1)), Presence::kDeregistered) << "by a clock that is behind";
  EXPECT_FALSE(registry_.Register(NodeOrder(), terms, Soon()));
  EXPECT_EQ(at(later, kNow + seconds(1)), Presence::kMissing);
  EXPECT_TRUE(registry_.Register(NodeOrder(), terms, Soon()));
  EXPECT_NE(Get(kNode), "");
}

TEST_F(OwnerTest, ALivingOneKeepsItsInstanceFromAnotherHost) {
  ASSERT_TRUE(registry_.Register(NodeOrder(), Alive(Grant()), Soon()));
  Order other = NodeOrder("run:server02", "192.0.2.2");
  const auto refused = registry_.Register(other, Alive(Grant()), Soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("run:server01 at 192.0.2.1:9100"));
  EXPECT_THAT(refused.error().message, HasSubstr("run:server02 at 192.0.2.2:9100"));
  EXPECT_THAT(Get(KeyOf(model::Area::kAlive)), HasSubstr("run:server01"));
}

TEST_F(OwnerTest, AnotherPortOfItsHostIsAnotherOnesUnlessThatIsAnAgents) {
  for (const std::string owner : {"run:server01", "agent:server01"}) {
    Order order = NodeOrder(owner);
    order.instance = "one";
    const auto lease = Grant();
    ASSERT_TRUE(registry_.Register(order, Alive(lease), Soon()));
    order.value.port = 9200;
    const auto other = registry_.Register(order, Alive(Grant()), Soon());
    EXPECT_EQ(other.has_value(), owner == "agent:server01");
    if (!other) {
      EXPECT_THAT(other.error().message, HasSubstr("run:server01 at 192.0.2.1:9100"));
      EXPECT_THAT(other.error().message, HasSubstr("run:server01 at 192.0.2.1:9200"));
      EXPECT_TRUE(registry_.Register(order, Alive(lease), Soon())) << "its own";
    }
    ASSERT_TRUE(registry_.Deregister({"node", "one", "", 0, ""}, {}, Soon()));
  }
}

TEST_F(OwnerTest, OneThatIsStoppingLetsItGo) {
  ASSERT_TRUE(registry_.Register(NodeOrder(), Alive(Grant()), Soon()));
  ASSERT_TRUE(registry_.Stop(NodeTarget(), kNow + seconds(60), {}, Soon()));
  const auto written =
      registry_.Register(NodeOrder("run:server02", "192.0.2.2"), Alive(Grant()), Soon());
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->replaced, "192.0.2.1:9100");
  EXPECT_EQ(Get(KeyOf(model::Area::kStopping)), "");
  EXPECT_THAT(Get(KeyOf(model::Area::kAlive)), HasSubstr("run:server02"));
}

TEST_F(OwnerTest, StopMarksAndTakesNothingAway) {
  const auto lease = Grant();
  ASSERT_TRUE(registry_.Register(NodeOrder(), Alive(lease), Soon()));
  const std::string value = Get(kNode);
  const store::Revision before = store_->header().revision;
  const auto stopped =
      registry_.Stop(NodeTarget(), kNow + seconds(60), {"run:server01", "stopped"}, Soon());
  ASSERT_TRUE(stopped) << stopped.error().message;
  EXPECT_EQ(stopped->key, kNode);
  EXPECT_EQ(stopped->revision, before + 1) << "one transaction";
  EXPECT_EQ(Get(KeyOf(model::Area::kStopping)),
            R"({"since":"2023-11-14T22:13:20Z","by":"run:server01","why":"stopped",)"
            R"("until":"2023-11-14T22:14:20Z"})");
  EXPECT_EQ(LeaseOf(KeyOf(model::Area::kStopping)), 0);
  EXPECT_EQ(Get(kNode), value);
  EXPECT_EQ(RecordAt(model::Area::kAlive).health, Health::kCritical);
  EXPECT_EQ(LeaseOf(KeyOf(model::Area::kAlive)), lease) << "it does not go before its time";
}

TEST_F(OwnerTest, WhoeverIsBackTakesTheMarkAway) {
  const auto lease = Grant();
  ASSERT_TRUE(registry_.Register(NodeOrder(), Alive(lease), Soon()));
  const auto stop = [&] {
    ASSERT_TRUE(registry_.Stop(NodeTarget(), kNow + seconds(60), {}, Soon()));
    ASSERT_NE(Get(KeyOf(model::Area::kStopping)), "");
  };
  stop();
  const store::Revision before = store_->header().revision;
  const auto again = Grant();
  EXPECT_EQ(PresenceOf(NodeOrder(), Alive(again)), Presence::kThere);
  EXPECT_EQ(store_->header().revision, before + 1);
  EXPECT_EQ(Get(KeyOf(model::Area::kStopping)), "");
  EXPECT_EQ(RecordAt(model::Area::kAlive).health, Health::kPassing);
  EXPECT_EQ(LeaseOf(KeyOf(model::Area::kAlive)), again);
  stop();
  const auto written = registry_.Register(NodeOrder(), Alive(again), Soon());
  ASSERT_TRUE(written);
  EXPECT_FALSE(written->changed);
  EXPECT_EQ(Get(KeyOf(model::Area::kStopping)), "");
  stop();
  ASSERT_TRUE(registry_.Register(NodeOrder(""), 0, Soon())) << "by hand";
  EXPECT_EQ(Get(KeyOf(model::Area::kStopping)), "");
  stop();
  ASSERT_TRUE(registry_.Deregister(NodeTarget(), {}, Soon()));
  EXPECT_EQ(Get(KeyOf(model::Area::kStopping)), "");
}

TEST_F(OwnerTest, StopWorksOnAStaticRegistrationToo) {
  ASSERT_TRUE(registry_.Register(NodeOrder(""), 0, Soon()));
  ASSERT_TRUE(registry_.Stop(NodeTarget(), kNow, {}, Soon()));
  EXPECT_EQ(Get(KeyOf(model::Area::kAlive)), "") << "no sign of life of what never had one";
  EXPECT_NE(Get(KeyOf(model::Area::kStopping)), "");
}

TEST_F(OwnerTest, StopLeavesWhatIsNotThereOrAnothers) {
  const auto missing = registry_.Stop(NodeTarget(), kNow, {}, Soon());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(registry_.Register(NodeOrder("run:server02", "192.0.2.2"), 0, Soon()));
  const auto other = registry_.Stop(NodeTarget(), kNow, {}, Soon());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
  EXPECT_EQ(Get(KeyOf(model::Area::kStopping)), "");
}

TEST_F(OwnerTest, AStoreThatIsAwayIsToldAsSuch) {
  store::FaultyStore faulty(*store_);
  Registry registry(faulty, {}, {}, clock_);
  faulty.FailAlways(store::FaultyStore::Call::kTxn, ErrorCode::kUnavailable);
  EXPECT_EQ(registry.Stop(NodeTarget(), kNow, {}, Soon()).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(registry.SayAlive(NodeOrder(), Alive(1), Soon()).error().code, ErrorCode::kUnavailable);
}

TEST_F(OwnerTest, TheSecondPortOfAHostIsFoundAfterTheFirstHasGone) {
  Order second = NodeOrder();
  second.value.port = 9200;
  ASSERT_TRUE(registry_.Register(NodeOrder(), 0, Soon()));
  ASSERT_TRUE(registry_.Register(second, 0, Soon()));
  ASSERT_TRUE(registry_.Deregister(NodeTarget(), {}, Soon()));
  const auto again = registry_.Register(second, 0, Soon());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->key, std::string(kNode) + "-9200") << "one target under one name";
  EXPECT_FALSE(again->changed);
  EXPECT_EQ(Get(kNode), "");
  const auto gone = registry_.Deregister({"node", "", "server01", 9200, ""}, {}, Soon());
  ASSERT_TRUE(gone) << gone.error().message;
  EXPECT_EQ(gone->key, std::string(kNode) + "-9200");
}

}  // namespace
}  // namespace rollcall::registry
