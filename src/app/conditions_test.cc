#include "app/conditions.h"

#include <gmock/gmock.h>

#include "store/embedded/store.h"

namespace rollcall::app {
namespace {

using model::Area;
using model::Health;
using model::State;
using std::chrono::hours;
using std::chrono::seconds;

constexpr char kNode[] = "/skydns/internal/prom/node";

class FixedClock : public Clock {
 public:
  SteadyTime Now() const override { return {}; }
  WallTime WallNow() const override { return WallTime(seconds(1'700'000'000)); }
};

class ConditionsTest : public ::testing::Test {
 protected:
  static store::Deadline Soon() { return store::After(seconds(5)); }
  static std::string Key(const std::string& instance) { return kNode + ("/" + instance); }

  void Put(const std::string& key, const std::string& value) {
    store::TxnRequest txn;
    txn.then.emplace_back(store::PutOp{.key = key, .value = value});
    ASSERT_TRUE(store_->Txn(txn, Soon()));
  }
  void PutOwned(const std::string& instance) {
    Put(Key(instance), R"({"host":"192.0.2.1","port":9100,"rollcall":{"owner":"agent:server01"}})");
  }
  void Say(Area area, const std::string& key, model::Record record) {
    record.since = clock_.WallNow();
    Put(model::RecordKey(area, key), model::ToJson(record));
  }
  Condition Of(const std::string& instance) {
    Conditions conditions;
    EXPECT_TRUE(conditions.Read(records_, kNode, 0, Soon()));
    const auto listing = registry_.List("node", Soon());
    for (const registry::Listed& item : listing->items) {
      if (item.key == Key(instance)) return conditions.Of(item, "/skydns", clock_.WallNow());
    }
    ADD_FAILURE() << instance << " is not there";
    return {};
  }

  FixedClock clock_;
  std::unique_ptr<store::embedded::EmbeddedStore> store_ =
      store::embedded::Open({.cluster_id = 7, .timer = false});
  registry::Records records_{*store_, clock_};
  registry::Registry registry_{*store_, {}, {}, clock_};
};

TEST_F(ConditionsTest, StateSinceAndWhyAreOfTheRecordThatMakesTheState) {
  Put(Key("static"), R"({"host":"192.0.2.1","port":9100})");
  EXPECT_EQ(Of("static").state, State::kStatic);
  EXPECT_EQ(Of("static").since, std::nullopt);

  PutOwned("a");
  EXPECT_EQ(Of("a").state, State::kLost);
  EXPECT_EQ(Of("a").since, std::nullopt) << "nobody has dated it yet";
  Say(Area::kLost, Key("a"), {.why = "no sign of life"});
  EXPECT_EQ(Of("a").since, clock_.WallNow());
  EXPECT_EQ(Of("a").why, "no sign of life");
  Say(Area::kAlive, Key("a"), {.why = "HTTP 500", .health = Health::kCritical});
  EXPECT_EQ(Of("a").state, State::kCritical);
  EXPECT_EQ(Of("a").why, "HTTP 500");
}

TEST_F(ConditionsTest, MaintenanceOfANameAboveOrOfTheHostCounts) {
  PutOwned("a");
  Say(Area::kMaintenance, "/skydns/internal/prom", {.why = "move", .until = clock_.WallNow()});
  EXPECT_EQ(Of("a").state, State::kLost) << "it is over";
  Say(Area::kMaintenance, "/skydns/internal/prom", {.why = "move"});
  EXPECT_EQ(Of("a").state, State::kMaintenance);
  EXPECT_EQ(Of("a").why, "move");
  ASSERT_TRUE(records_.EndMaintenance({"/skydns/internal/prom", ""}, Soon()));
  ASSERT_TRUE(records_.Maintain({"", "server01"}, std::nullopt, {"root@ns1", "disks"}, Soon()));
  EXPECT_EQ(Of("a").why, "disks");
}

TEST_F(ConditionsTest, WhatIsHeldIsThereWithItsValue) {
  Say(Area::kHeld, Key("b"), {.why = "2 vanished", .value = R"({"host":"192.0.2.2","port":9100})"});
  Say(Area::kHeld, Key("a"), {.why = "2 vanished", .value = "{"});
  Say(Area::kHeld, "/skydns/internal/prom/node2/c", {.value = "{}"});
  Conditions conditions;
  ASSERT_TRUE(conditions.Read(records_, kNode, 0, Soon()));
  const auto held = conditions.Held(registry_);
  ASSERT_EQ(held.size(), 2U);
  EXPECT_EQ(held[0].key, Key("a"));
  EXPECT_NE(held[0].problem, "");
  EXPECT_EQ(held[1].name.ToText(), "b.node.prom.internal.");
  const Condition condition = conditions.Of(held[1], "/skydns", clock_.WallNow());
  EXPECT_EQ(condition.state, State::kStatic);
  EXPECT_EQ(condition.held->why, "2 vanished");
}

TEST_F(ConditionsTest, FollowsItsRangesToTheSameResult) {
  auto watch = store_->StartWatch({Conditions::RangesOf(kNode), 1}, Soon());
  ASSERT_TRUE(watch);
  PutOwned("a");
  Say(Area::kLost, Key("a"), {});
  Say(Area::kLost, "/skydns/internal/prom/node2/a", {});
  ASSERT_TRUE(records_.Maintain({"", "server01"}, std::nullopt, {}, Soon()));
  ASSERT_TRUE(records_.EndMaintenance({"", "server01"}, Soon()));
  Say(Area::kAlive, Key("a"), {.health = Health::kPassing});
  Conditions conditions;
  std::vector<std::string> subjects;
  while (const auto batch = (*watch)->Next(store::After(std::chrono::milliseconds(50)))) {
    for (const store::Event& event : batch->events) {
      subjects.push_back(conditions.Apply(event).value_or("none of ours"));
    }
  }
  EXPECT_THAT(subjects,
              ::testing::UnorderedElementsAre(Key("a"), "@server01", "@server01", Key("a")));
  const auto listing = registry_.List("node", Soon());
  ASSERT_TRUE(listing);
  EXPECT_EQ(conditions.Of(listing->items.at(0), "/skydns", clock_.WallNow()), Of("a"));
}

}  // namespace
}  // namespace rollcall::app
