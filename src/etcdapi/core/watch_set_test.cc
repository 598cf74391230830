#include "etcdapi/core/watch_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "etcdapi/testing/memory_engine.h"

namespace rollcall::etcdapi {
namespace {

using store::KeyRange;
using store::Revision;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t kPlenty = std::size_t{1} << 20;

// "created 0 @1", "0 @2: put a=1 (was 0)", "progress 0 @7": what a message says.
std::string Describe(const WatchMessage& message) {
  std::string text = message.created ? "created " : "";
  if (message.canceled) text += "canceled ";
  text += std::to_string(message.id) + " @" + std::to_string(message.revision);
  if (message.compact_revision != 0)
    text += " compacted " + std::to_string(message.compact_revision);
  if (!message.cancel_reason.empty()) text += " because " + message.cancel_reason;
  for (const auto& change : message.changes) {
    text += change.record->is_tombstone() ? " delete " : " put ";
    text += change.record->key();
    if (!change.record->is_tombstone()) text += "=" + std::string(change.record->value());
    if (change.previous) text += " was " + std::string(change.previous->value());
  }
  return text + (message.fragment ? " ..." : "");
}

class WatchSetTest : public ::testing::Test {
 protected:
  std::unique_ptr<WatchSet> Make(const WatchSet::Bounds& bounds = {}) {
    return std::make_unique<WatchSet>(*engine_, watches_, bounds, [this] { ++wakes_; });
  }
  // All there is to be told now.
  static std::vector<std::string> Hear(WatchSet& set, std::size_t octets = kPlenty) {
    std::vector<std::string> heard;
    while (const auto message = set.Next(octets)) heard.push_back(Describe(*message));
    return heard;
  }
  static WatchOrder Below(std::string prefix) {
    return {.keys = KeyRange::Prefix(std::move(prefix))};
  }
  static WatchOrder Of(std::string key) { return {.keys = KeyRange::Single(std::move(key))}; }

  testing::MemoryEngine engine_;
  Budget watches_{100};
  std::atomic<int> wakes_{0};
};

TEST_F(WatchSetTest, SaysCreatedBeforeAnythingElse) {
  engine_.Put("a", "0");
  const auto set = Make();
  set->Create(Of("a"));
  engine_.Put("a", "1");
  EXPECT_THAT(Hear(*set), ElementsAre("created 0 @2", "0 @3 put a=1"));
}

TEST_F(WatchSetTest, WakesWhenThereIsSomethingAgain) {
  const auto set = Make();
  set->Create(Of("a"));
  EXPECT_THAT(Hear(*set), ElementsAre("created 0 @1"));
  EXPECT_EQ(wakes_, 0);
  engine_.Put("b", "1");
  EXPECT_EQ(wakes_, 0) << "not for what nobody watches";
  engine_.Put("a", "1");
  EXPECT_EQ(wakes_, 1);
  engine_.Put("a", "2");
  EXPECT_EQ(wakes_, 1) << "once is enough";
  EXPECT_THAT(Hear(*set), ElementsAre("0 @4 put a=1 put a=2"));
  engine_.Put("a", "3");
  EXPECT_EQ(wakes_, 2);
}

TEST_F(WatchSetTest, IdsAreChosenByEitherSide) {
  const auto set = Make();
  for (const std::int64_t id : {0, 1, 7, 0, 0}) {
    WatchOrder order = Of("a");
    order.id = id;
    set->Create(order);
  }
  EXPECT_THAT(Hear(*set), ElementsAre("created 0 @1", "created 1 @1", "created 7 @1",
                                      "created 2 @1", "created 3 @1"));
  WatchOrder again = Of("b");
  again.id = 7;
  set->Create(again);
  EXPECT_THAT(Hear(*set),
              ElementsAre("created canceled -1 @1 because mvcc: duplicate watch ID provided on "
                          "the WatchStream"));
}

TEST_F(WatchSetTest, AnEmptyRangeIsRefusedAndFromAKeyOnIsNone) {
  const auto set = Make();
  set->Create({.keys = {"b", "b"}});
  set->Create({.keys = {"b", "a"}});
  EXPECT_THAT(Hear(*set),
              ElementsAre("created canceled -1 @1 because mvcc: watcher range is empty",
                          "created canceled -1 @1 because mvcc: watcher range is empty"));
  set->Create({.keys = {"b", std::string(1, '\0')}});
  set->Create({.keys = {"", std::string(1, '\0')}});
  engine_.Put("a", "1");
  engine_.Put("c", "1");
  EXPECT_THAT(Hear(*set),
              ElementsAre("created 0 @1", "created 1 @1", "0 @3 put c=1", "1 @3 put a=1 put c=1"));
}

TEST_F(WatchSetTest, CancelIsAnsweredOnceAndEndsTheChanges) {
  const auto set = Make();
  set->Create(Of("a"));
  (void)Hear(*set);
  engine_.Put("a", "1");
  set->Cancel(0);
  set->Cancel(0);
  set->Cancel(5);
  EXPECT_THAT(Hear(*set), ElementsAre("canceled 0 @2"));
  engine_.Put("a", "2");
  EXPECT_THAT(Hear(*set), IsEmpty());
  EXPECT_EQ(watches_.held(), 0U);
}

TEST_F(WatchSetTest, PreviousAndKindsAsWanted) {
  const auto set = Make();
  WatchOrder all = Of("a");
  all.previous = true;
  WatchOrder puts = Of("a");
  puts.deletions = false;
  WatchOrder deletions = Of("a");
  deletions.puts = false;
  for (const auto& order : {all, puts, deletions}) set->Create(order);
  (void)Hear(*set);
  engine_.Put("a", "1");
  engine_.Put("a", "2");
  engine_.Delete(KeyRange::Single("a"));
  EXPECT_THAT(Hear(*set), ElementsAre("0 @4 put a=1 put a=2 was 1 delete a was 2",
                                      "1 @4 put a=1 put a=2", "2 @4 delete a"));
}

TEST_F(WatchSetTest, FromThePastAndFromTheFuture) {
  for (const char* value : {"1", "2", "3"}) engine_.Put("a", value);
  const auto set = Make();
  WatchOrder past = Of("a");
  past.start = 3;
  WatchOrder beginning = Of("a");
  beginning.start = -1;
  WatchOrder future = Of("a");
  future.start = 6;
  for (const auto& order : {past, beginning, future}) set->Create(order);
  EXPECT_THAT(Hear(*set), ElementsAre("created 0 @4", "created 1 @4", "created 2 @4",
                                      "0 @4 put a=2 put a=3", "1 @4 put a=1 put a=2 put a=3"));
  engine_.Put("a", "4");
  engine_.Put("a", "5");
  EXPECT_THAT(Hear(*set),
              ElementsAre("0 @6 put a=4 put a=5", "1 @6 put a=4 put a=5", "2 @6 put a=5"));
}

TEST_F(WatchSetTest, ACompactedStartIsSaidAfterCreatedWithRevisionZero) {
  for (const char* value : {"1", "2", "3"}) engine_.Put("a", value);
  engine_.Compact(3);
  const auto set = Make();
  WatchOrder order = Of("a");
  order.start = 2;
  set->Create(order);
  EXPECT_THAT(Hear(*set), ElementsAre("created 0 @4", "canceled 0 @0 compacted 3"));
  EXPECT_EQ(set->size(), 0U);
  order.start = 3;
  set->Create(order);
  EXPECT_THAT(Hear(*set), ElementsAre("created 1 @4", "1 @4 put a=2 put a=3"));
}

TEST_F(WatchSetTest, ARevisionComesWholeHoweverSmallTheMessage) {
  const auto set = Make();
  set->Create(Below("k"));
  (void)Hear(*set);
  for (int i = 0; i < 2; ++i) {
    store::embedded::Txn txn;
    for (const char* key : {"k1", "k2", "k3"}) {
      txn.then.emplace_back(store::embedded::Put{key, std::string(1, static_cast<char>('a' + i))});
    }
    engine_.Apply(std::move(txn));
  }
  EXPECT_THAT(Hear(*set, 1),
              ElementsAre("0 @3 put k1=a put k2=a put k3=a", "0 @3 put k1=b put k2=b put k3=b"));
}

TEST_F(WatchSetTest, FragmentsFollowEachOtherWithNothingBetween) {
  const auto set = Make({.fragment_octets = 1});
  WatchOrder order = Below("k");
  order.fragment = true;
  set->Create(order);
  (void)Hear(*set);
  store::embedded::Txn txn;
  for (const char* key : {"k1", "k2", "k3"}) {
    txn.then.emplace_back(store::embedded::Put{key, "v"});
  }
  engine_.Apply(std::move(txn));
  ASSERT_EQ(Describe(*set->Next(kPlenty)), "0 @2 put k1=v ...");
  set->Create(Of("other"));
  set->AskProgress();
  EXPECT_THAT(Hear(*set),
              ElementsAre("0 @2 put k2=v ...", "0 @2 put k3=v", "created 1 @2", "-1 @2"));
}

TEST_F(WatchSetTest, WatchesTakeTurns) {
  const auto set = Make();
  set->Create(Below("a"));
  set->Create(Below("b"));
  (void)Hear(*set);
  for (int i = 0; i < 2; ++i) {
    engine_.Put("a", "1");
    engine_.Put("b", "1");
  }
  EXPECT_THAT(Hear(*set, 1),
              ElementsAre("0 @5 put a=1", "1 @5 put b=1", "0 @5 put a=1", "1 @5 put b=1"));
}

TEST_F(WatchSetTest, ProgressThatIsAskedForWaitsUntilAllWatchesAreUpToDate) {
  engine_.Put("a", "1");
  const auto set = Make();
  set->AskProgress();
  EXPECT_THAT(Hear(*set), ElementsAre("-1 @2")) << "of no watch";
  WatchOrder order = Of("a");
  order.start = 1;
  set->Create(order);
  set->AskProgress();
  EXPECT_THAT(Hear(*set), ElementsAre("created 0 @2", "0 @2 put a=1", "-1 @2"));
  engine_.Put("a", "2");
  engine_.Put("b", "1");
  set->AskProgress();
  EXPECT_THAT(Hear(*set), ElementsAre("0 @4 put a=2", "-1 @4"));
  EXPECT_THAT(Hear(*set), IsEmpty());
}

TEST_F(WatchSetTest, ProgressIsToldToThoseWhoWantItAndHadNothing) {
  const auto set = Make();
  WatchOrder order = Of("a");
  order.progress = true;
  set->Create(order);
  set->Create(Of("a"));
  (void)Hear(*set);
  engine_.Put("other", "1");
  set->TellProgress();
  EXPECT_THAT(Hear(*set), ElementsAre("0 @2"));
  engine_.Put("a", "1");
  (void)Hear(*set);
  set->TellProgress();
  EXPECT_THAT(Hear(*set), IsEmpty()) << "it had something";
  set->TellProgress();
  set->TellProgress();
  EXPECT_THAT(Hear(*set), ElementsAre("0 @3")) << "once, however late it is heard";
}

TEST_F(WatchSetTest, BeyondTheBoundsWatchesAreRefused) {
  const auto set = Make({.watches = 2});
  for (int i = 0; i < 3; ++i) set->Create(Of("a"));
  EXPECT_THAT(Hear(*set),
              ElementsAre("created 0 @1", "created 1 @1",
                          "created canceled -1 @1 because rpc error: code = ResourceExhausted "
                          "desc = etcdserver: too many watches on one stream, at most 2"));
  std::vector<Budget::Share> others;
  others.push_back(*watches_.Take(98));
  const auto second = Make();
  second->Create(Of("a"));
  EXPECT_THAT(Hear(*second),
              ElementsAre("created canceled -1 @1 because rpc error: code = ResourceExhausted "
                          "desc = etcdserver: too many watches"));
}

TEST_F(WatchSetTest, IsOverWhenTheStoreIs) {
  const auto set = Make();
  set->Create(Of("a"));
  (void)Hear(*set);
  engine_.Close();
  EXPECT_EQ(wakes_, 1);
  EXPECT_THAT(Hear(*set), IsEmpty());
  EXPECT_TRUE(set->is_over());
}

}  // namespace
}  // namespace rollcall::etcdapi
