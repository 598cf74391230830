#include "registry/records.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "model/time.h"
#include "store/embedded/store.h"
#include "store/faulty.h"

namespace rollcall::registry {
namespace {

using model::Area;
using std::chrono::hours;
using std::chrono::seconds;
using store::After;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kNode1[] = "/skydns/internal/prom/node/server01";
constexpr char kOwned[] =
    R"({"host":"192.0.2.1","port":9100,"rollcall":{"owner":"agent:server01"}})";
const Reason kServer{"serve@ns1", "no sign of life"};

class FixedClock : public Clock {
 public:
  SteadyTime Now() const override { return {}; }
  WallTime WallNow() const override { return WallTime(seconds(1'700'000'000)); }
};

class RecordsTest : public ::testing::Test {
 protected:
  static store::Deadline Soon() { return After(seconds(5)); }
  static std::string Of(Area area, const std::string& key = kNode1) {
    return model::RecordKey(area, key);
  }

  std::optional<store::KeyValue> Find(const std::string& key) {
    const auto page = store_->Range({.keys = store::KeyRange::Single(key)}, Soon());
    if (!page || page->kvs.empty()) return std::nullopt;
    return page->kvs[0];
  }
  bool Has(const std::string& key) { return Find(key).has_value(); }
  model::Record Read(const std::string& key) {
    const auto kv = Find(key);
    return kv ? model::ParseRecord(kv->value).value_or(model::Record{}) : model::Record{};
  }
  void Put(const std::string& key, const std::string& value = "{}") {
    store::TxnRequest txn;
    txn.then.emplace_back(store::PutOp{.key = key, .value = value});
    ASSERT_TRUE(store_->Txn(txn, Soon()));
  }
  void Delete(const std::string& key) {
    store::TxnRequest txn;
    txn.then.emplace_back(store::DeleteOp{store::KeyRange::Single(key)});
    ASSERT_TRUE(store_->Txn(txn, Soon()));
  }
  // As a server sees the instance and its record of this area now.
  Seen Look(Area area, const std::string& key = kNode1) {
    const auto registration = Find(key);
    const auto record = Find(Of(area, key));
    return {key, registration ? registration->mod_revision : 0, record ? record->mod_revision : 0};
  }
  void PutLost() {
    Put(kNode1, kOwned);
    ASSERT_EQ(records_.DateLost(Look(Area::kLost), kServer, Soon()), true);
  }

  FixedClock clock_;
  std::unique_ptr<store::embedded::EmbeddedStore> store_ =
      store::embedded::Open({.cluster_id = 7, .timer = false});
  Records records_{*store_, clock_};
};

// --- lost

TEST_F(RecordsTest, ALossIsDatedOnce) {
  Put(kNode1, kOwned);
  const Seen seen = Look(Area::kLost);
  ASSERT_EQ(records_.DateLost(seen, kServer, Soon()), true);
  const auto first = Find(Of(Area::kLost));
  EXPECT_EQ(Read(Of(Area::kLost)),
            (model::Record{.since = clock_.WallNow(), .by = kServer.by, .why = kServer.why}));
  EXPECT_EQ(first->lease, 0);
  ASSERT_EQ(records_.DateLost(seen, {"serve@ns2", "late"}, Soon()), false);
  EXPECT_EQ(Find(Of(Area::kLost)), first);
}

TEST_F(RecordsTest, ALossIsNotDatedOnceTheInstanceIsAliveGoneOrAnother) {
  Put(kNode1, kOwned);
  const Seen seen = Look(Area::kLost);
  Put(Of(Area::kAlive));
  EXPECT_EQ(records_.DateLost(seen, kServer, Soon()), false);
  Delete(Of(Area::kAlive));
  Put(kNode1, R"({"host":"192.0.2.1","port":9100})");  // names no owner any more
  EXPECT_EQ(records_.DateLost(seen, kServer, Soon()), false);
  Delete(kNode1);
  EXPECT_EQ(records_.DateLost(seen, kServer, Soon()), false);
  EXPECT_FALSE(Has(Of(Area::kLost)));
}

TEST_F(RecordsTest, ALossIsForgottenWhenItIsAliveAgain) {
  PutLost();
  const Seen seen = Look(Area::kLost);
  EXPECT_EQ(records_.ForgetLost(seen, Records::Found::kAlive, Soon()), false);
  EXPECT_TRUE(Has(Of(Area::kLost)));
  Put(Of(Area::kAlive));
  EXPECT_EQ(records_.ForgetLost(seen, Records::Found::kAlive, Soon()), true);
  EXPECT_FALSE(Has(Of(Area::kLost)));
  EXPECT_TRUE(Has(kNode1));
}

TEST_F(RecordsTest, ALossIsForgottenWhenItIsNoLongerRegistered) {
  PutLost();
  Seen seen = Look(Area::kLost);
  seen.registration = 0;
  EXPECT_EQ(records_.ForgetLost(seen, Records::Found::kNotOwned, Soon()), false);
  Delete(kNode1);
  EXPECT_EQ(records_.ForgetLost(seen, Records::Found::kNotOwned, Soon()), true);
  EXPECT_FALSE(Has(Of(Area::kLost)));
}

TEST_F(RecordsTest, ALossIsForgottenWhenItNamesNoOwnerUnlessThatMoved) {
  PutLost();
  Put(kNode1, R"({"host":"192.0.2.1","port":9100})");
  const Seen seen = Look(Area::kLost);
  Put(kNode1, kOwned);
  EXPECT_EQ(records_.ForgetLost(seen, Records::Found::kNotOwned, Soon()), false);
  EXPECT_TRUE(Has(Of(Area::kLost)));
}

TEST_F(RecordsTest, ALossThatWasDatedAnewIsNotForgotten) {
  PutLost();
  const Seen seen = Look(Area::kLost);
  Delete(Of(Area::kLost));
  PutLost();
  Put(Of(Area::kAlive));
  EXPECT_EQ(records_.ForgetLost(seen, Records::Found::kAlive, Soon()), false);
}

// --- taking away

TEST_F(RecordsTest, RetiringLeavesTheMarkAndNothingElse) {
  PutLost();
  Put(Of(Area::kRegistered));
  ASSERT_EQ(records_.Retire(Look(Area::kLost), {"serve@ns1", "retain 1h"}, Soon()), true);
  EXPECT_FALSE(Has(kNode1));
  EXPECT_FALSE(Has(Of(Area::kLost)));
  EXPECT_FALSE(Has(Of(Area::kRegistered)));
  EXPECT_EQ(Read(Of(Area::kGone)).why, "retain 1h");
  const auto mark = Find(Of(Area::kGone));
  ASSERT_TRUE(mark);
  const auto time = store_->LeaseTimeToLive(mark->lease, Soon());
  ASSERT_TRUE(time);
  EXPECT_EQ(time->granted, hours(7 * 24));
}

TEST_F(RecordsTest, WhatIsAliveAgainIsNotRetired) {
  PutLost();
  const Seen seen = Look(Area::kLost);
  Put(Of(Area::kAlive));
  EXPECT_EQ(records_.Retire(seen, kServer, Soon()), false);
  EXPECT_TRUE(Has(kNode1));
  EXPECT_FALSE(Has(Of(Area::kGone)));
}

TEST_F(RecordsTest, WhatIsAliveAndLostAgainIsNotRetiredByTheFirstDate) {
  PutLost();
  const Seen seen = Look(Area::kLost);
  Delete(Of(Area::kLost));
  PutLost();
  EXPECT_EQ(records_.Retire(seen, kServer, Soon()), false);
  EXPECT_TRUE(Has(kNode1));
}

TEST_F(RecordsTest, WhatWasRegisteredAnewIsNotRetired) {
  PutLost();
  const Seen seen = Look(Area::kLost);
  Put(kNode1, kOwned);
  EXPECT_EQ(records_.Retire(seen, kServer, Soon()), false);
  EXPECT_TRUE(Has(kNode1));
}

TEST_F(RecordsTest, AStopIsCarriedOutWithTheMarkUnlessItMoved) {
  Put(kNode1, kOwned);
  Put(Of(Area::kStopping));
  Put(Of(Area::kLost));
  const Seen before = Look(Area::kStopping);
  Put(Of(Area::kStopping));  // stopped again, later
  EXPECT_EQ(records_.FinishStopping(before, kServer, Soon()), false);
  const Seen seen = Look(Area::kStopping);
  Delete(Of(Area::kStopping));  // it is back
  EXPECT_EQ(records_.FinishStopping(seen, kServer, Soon()), false);
  EXPECT_TRUE(Has(kNode1));
  Put(Of(Area::kStopping));
  EXPECT_EQ(records_.FinishStopping(Look(Area::kStopping), kServer, Soon()), true);
  for (const std::string& key : {std::string(kNode1), Of(Area::kStopping), Of(Area::kLost)}) {
    EXPECT_FALSE(Has(key)) << key;
  }
  EXPECT_TRUE(Has(Of(Area::kGone)));
}

TEST_F(RecordsTest, AStopOfWhatIsNotThereIsForgotten) {
  Put(kNode1, kOwned);
  Put(Of(Area::kStopping));
  const Seen seen = Look(Area::kStopping);
  EXPECT_EQ(records_.ForgetStopping(seen, Soon()), false);
  Delete(kNode1);
  EXPECT_EQ(records_.ForgetStopping(seen, Soon()), true);
  EXPECT_FALSE(Has(Of(Area::kStopping)));
}

TEST_F(RecordsTest, ALostRaceLeavesNoLeaseBehind) {
  PutLost();
  Seen seen = Look(Area::kLost);
  ++seen.registration;
  const auto before = store_->LeaseGrant(seconds(60), 0, Soon());
  ASSERT_TRUE(before);
  EXPECT_EQ(records_.Retire(seen, kServer, Soon()), false);
  EXPECT_EQ(store_->engine().Leases().size(), 1U);
}

TEST_F(RecordsTest, TwoServersRetireOnce) {
  PutLost();
  const Seen seen = Look(Area::kLost);
  std::atomic<int> done = 0;
  const auto server = [&] {
    const auto result = records_.Retire(seen, kServer, Soon());
    ASSERT_TRUE(result);
    if (*result) ++done;
  };
  std::thread one(server);
  std::thread two(server);
  one.join();
  two.join();
  EXPECT_EQ(done, 1);
}

// --- held

TEST_F(RecordsTest, AHeldRemovalKeepsTheWholeValueAndTheFirstWord) {
  ASSERT_EQ(records_.Hold(kNode1, kOwned, {"serve@ns1", "7 vanished at once"}, Soon()), true);
  EXPECT_EQ(Read(Of(Area::kHeld)).value, kOwned);
  EXPECT_EQ(Read(Of(Area::kHeld)).why, "7 vanished at once");
  EXPECT_EQ(records_.Hold(kNode1, "{}", {"serve@ns2", "late"}, Soon()), false);
  EXPECT_EQ(Read(Of(Area::kHeld)).value, kOwned);
}

TEST_F(RecordsTest, WhatIsThereOrWasDeregisteredIsNotHeld) {
  Put(kNode1, kOwned);
  EXPECT_EQ(records_.Hold(kNode1, kOwned, kServer, Soon()), false);
  Delete(kNode1);
  Put(Of(Area::kGone));
  EXPECT_EQ(records_.Hold(kNode1, kOwned, kServer, Soon()), false);
  EXPECT_FALSE(Has(Of(Area::kHeld)));
}

TEST_F(RecordsTest, AHeldOneThatIsBackIsNoLongerHeld) {
  ASSERT_EQ(records_.Hold(kNode1, kOwned, kServer, Soon()), true);
  Seen seen = Look(Area::kHeld);
  seen.registration = 5;
  EXPECT_EQ(records_.Unhold(seen, Soon()), false);
  Put(kNode1, kOwned);
  EXPECT_EQ(records_.Unhold(seen, Soon()), true);
  EXPECT_FALSE(Has(Of(Area::kHeld)));
  EXPECT_FALSE(Has(Of(Area::kGone)));
}

TEST_F(RecordsTest, AHeldOneThatWasDeregisteredIsNoLongerHeld) {
  ASSERT_EQ(records_.Hold(kNode1, kOwned, kServer, Soon()), true);
  const Seen seen = Look(Area::kHeld);
  EXPECT_EQ(records_.Unhold(seen, Soon()), false);
  Put(Of(Area::kGone));
  EXPECT_EQ(records_.Unhold(seen, Soon()), true);
}

TEST_F(RecordsTest, ReleasingLetsGoWhatIsBelowANameAndMarksIt) {
  const std::string directory = "/skydns/internal/prom/node";
  for (const char* tail : {"", "/a", "/b", "2/a", "-x/a"}) {
    ASSERT_EQ(records_.Hold(directory + tail, kOwned, kServer, Soon()), true);
  }
  Put(directory + "/b", kOwned);  // it is back
  const auto released = records_.Release(directory, {"root@ns1", "meant"}, Soon());
  ASSERT_TRUE(released) << released.error().message;
  EXPECT_THAT(*released, ElementsAre(directory, directory + "/a"));
  EXPECT_FALSE(Has(Of(Area::kHeld, directory + "/a")));
  EXPECT_EQ(Read(Of(Area::kGone, directory + "/a")).why, "meant");
  EXPECT_TRUE(Has(Of(Area::kHeld, directory + "2/a")));
  EXPECT_TRUE(Has(Of(Area::kHeld, directory + "-x/a")));
  EXPECT_FALSE(Has(Of(Area::kGone, directory + "/b")));
  EXPECT_EQ(store_->engine().Leases().size(), 1U) << "one lease for all marks of one order";
  EXPECT_THAT(*records_.Release(directory, kServer, Soon()), IsEmpty());
}

// --- maintenance

TEST_F(RecordsTest, MaintenanceIsOfAKeyOrAHost) {
  const WallTime until = clock_.WallNow() + hours(1);
  const Reason reason{"root@ns1", "new disks"};
  for (const Subject& subject : {Subject{kNode1, ""}, Subject{"", "server01"}}) {
    ASSERT_TRUE(records_.Maintain(subject, until, reason, Soon()));
    EXPECT_EQ(Read(subject.RecordKey(Area::kMaintenance)),
              (model::Record{
                  .since = clock_.WallNow(), .by = reason.by, .why = reason.why, .until = until}));
    ASSERT_TRUE(records_.Maintain(subject, std::nullopt, reason, Soon()));  // anew, for ever
    EXPECT_EQ(Read(subject.RecordKey(Area::kMaintenance)).until, std::nullopt);
    EXPECT_TRUE(records_.EndMaintenance(subject, Soon()));
    const auto again = records_.EndMaintenance(subject, Soon());
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::kNotFound);
  }
}

TEST_F(RecordsTest, MaintenanceEndsInTheFuture) {
  const auto done = records_.Maintain({kNode1, ""}, clock_.WallNow(), {}, Soon());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kInvalid);
}

TEST_F(RecordsTest, MaintenanceThatWasProlongedIsNotEndedByTheOldRecord) {
  const Subject subject{kNode1, ""};
  ASSERT_TRUE(records_.Maintain(subject, clock_.WallNow() + hours(1), {}, Soon()));
  const store::Revision old = Find(Of(Area::kMaintenance))->mod_revision;
  ASSERT_TRUE(records_.Maintain(subject, clock_.WallNow() + hours(2), {}, Soon()));
  EXPECT_EQ(records_.EndMaintenance(subject, old, Soon()), false);
  EXPECT_EQ(records_.EndMaintenance(subject, Find(Of(Area::kMaintenance))->mod_revision, Soon()),
            true);
}

// --- reading, and a store that is away

TEST_F(RecordsTest, AListLeavesOutNothingOfItsAreaAndTellsWhatItCannotRead) {
  Put(Of(Area::kMaintenance, "/skydns/internal/prom/node"), "{");
  ASSERT_TRUE(records_.Maintain({"", "server01"}, std::nullopt, {}, Soon()));
  ASSERT_TRUE(records_.Maintain({kNode1, ""}, std::nullopt, {}, Soon()));
  Put(Of(Area::kHeld));
  const auto all = records_.List(Area::kMaintenance, "", Soon());
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ((*all)[0].place.host, "server01");
  EXPECT_EQ((*all)[1].place.key, "/skydns/internal/prom/node");
  EXPECT_FALSE((*all)[1].record);
  EXPECT_THAT((*all)[1].problem, HasSubstr("not JSON"));
  EXPECT_TRUE((*all)[2].record);
  const auto below = records_.List(Area::kMaintenance, "/skydns/internal/prom/node", Soon());
  ASSERT_TRUE(below);
  EXPECT_EQ(below->size(), 2U);
}

TEST_F(RecordsTest, AStoreThatIsAwayIsToldAsSuch) {
  store::FaultyStore faulty(*store_);
  Records records(faulty, clock_);
  PutLost();
  const Seen seen = Look(Area::kLost);
  faulty.FailAlways(store::FaultyStore::Call::kTxn, ErrorCode::kUnavailable);
  faulty.FailAlways(store::FaultyStore::Call::kRange, ErrorCode::kUnavailable);
  const auto is_away = [](const auto& result) {
    return !result && result.error().code == ErrorCode::kUnavailable;
  };
  EXPECT_TRUE(is_away(records.DateLost(seen, kServer, Soon())));
  EXPECT_TRUE(is_away(records.ForgetLost(seen, Records::Found::kAlive, Soon())));
  EXPECT_TRUE(is_away(records.Retire(seen, kServer, Soon())));
  EXPECT_TRUE(is_away(records.Hold(kNode1, kOwned, kServer, Soon())));
  EXPECT_TRUE(is_away(records.Release("/skydns", kServer, Soon())));
  EXPECT_TRUE(is_away(records.EndMaintenance({kNode1, ""}, Soon())));
  EXPECT_TRUE(is_away(records.List(Area::kLost, "", Soon())));
  faulty.Mend();
  faulty.FailAlways(store::FaultyStore::Call::kGrant, ErrorCode::kDeadline);
  EXPECT_FALSE(records.Retire(seen, kServer, Soon()));
  EXPECT_TRUE(Has(kNode1));
}

}  // namespace
}  // namespace rollcall::registry
