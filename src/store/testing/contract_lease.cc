// Leases: what is attached to one goes with it, in one revision.
#include "store/testing/contract_suite.h"

namespace rollcall::store::testing {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST_P(StoreContract, GrantGivesWhatWasAskedOrMore) {
  const auto lease = store().LeaseGrant(seconds(60), 0, After(kLong));
  ASSERT_TRUE(lease);
  EXPECT_NE(lease->id, 0);
  EXPECT_GE(lease->ttl, seconds(60));
  const auto raised = store().LeaseGrant(seconds(0), 0, After(kLong));
  ASSERT_TRUE(raised);
  EXPECT_GE(raised->ttl, seconds(1));
  EXPECT_NE(raised->id, lease->id);
  EXPECT_TRUE(store().LeaseRevoke(lease->id, After(kLong)));
  EXPECT_TRUE(store().LeaseRevoke(raised->id, After(kLong)));
}

TEST_P(StoreContract, GrantOfAChosenIdIsThatIdOnce) {
  const LeaseId id = Grant(seconds(60)) ^ 0x0f0f'0000;  // as random as the store's own
  const auto lease = store().LeaseGrant(seconds(60), id, After(kLong));
  ASSERT_TRUE(lease) << lease.error().message;
  EXPECT_EQ(lease->id, id);
  const auto taken = store().LeaseGrant(seconds(60), id, After(kLong));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(store().LeaseRevoke(id, After(kLong)));
}

TEST_P(StoreContract, RevokeDeletesAllKeysOfTheLeaseInOneRevision) {
  const LeaseId lease = Grant(seconds(60));
  Put("a", "1", lease);
  Put("b", "1", lease);
  Put("c", "1");
  EXPECT_EQ(ReadAll().at(0).lease, lease);
  const auto watch = Open({Below()}, 0);
  ASSERT_TRUE(watch);
  ASSERT_TRUE(store().LeaseRevoke(lease, After(kLong)));
  const auto events = Collect(*watch, 2);
  EXPECT_THAT(Describe(events, Key("")), UnorderedElementsAre("delete a", "delete b"));
  EXPECT_EQ(events.at(0).kv.mod_revision, events.at(1).kv.mod_revision);
  EXPECT_THAT(Keys(ReadAll(), Key("")), ElementsAre("c"));
}

TEST_P(StoreContract, ExpiryDeletesAllKeysOfTheLeaseInOneRevision) {
  const LeaseId lease = Grant(seconds(2));
  Put("a", "1", lease);
  Put("b", "1", lease);
  Put("c", "1");
  const auto watch = Open({Below()}, 0);
  ASSERT_TRUE(watch);
  subject().Elapse(seconds(10));
  const auto events = Collect(*watch, 2);
  EXPECT_THAT(Describe(events, Key("")), UnorderedElementsAre("delete a", "delete b"));
  EXPECT_EQ(events.at(0).kv.mod_revision, events.at(1).kv.mod_revision);
  EXPECT_THAT(Keys(ReadAll(), Key("")), ElementsAre("c"));
  const auto gone = store().LeaseKeepAlive(lease, After(kLong));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::kNotFound);
}

TEST_P(StoreContract, KeepAliveGivesTheWholeTimeAgain) {
  const LeaseId lease = Grant(seconds(60));
  const auto left = store().LeaseKeepAlive(lease, After(kLong));
  ASSERT_TRUE(left);
  EXPECT_EQ(*left, seconds(60));
}

TEST_P(StoreContract, KeptAliveLeaseKeepsItsKeys) {
  const LeaseId kept = Grant(seconds(5));
  const LeaseId lost = Grant(seconds(2));
  Put("kept", "1", kept);
  Put("lost", "1", lost);
  const auto watch = Open({Below()}, 0);
  ASSERT_TRUE(watch);
  // The lost lease ends within this time; the other is renewed all along.
  const Deadline limit = After(kLong);
  std::vector<Event> events;
  while (events.empty() && std::chrono::steady_clock::now() < limit) {
    ASSERT_TRUE(store().LeaseKeepAlive(kept, After(kLong)));
    subject().Elapse(seconds(1));
    if (auto batch = watch->Next(After(std::chrono::milliseconds(200)))) events = batch->events;
  }
  EXPECT_THAT(Describe(events, Key("")), ElementsAre("delete lost"));
  EXPECT_THAT(Keys(ReadAll(), Key("")), ElementsAre("kept"));
}

TEST_P(StoreContract, TimeToLiveTellsWhatIsGrantedAndLeft) {
  const LeaseId lease = Grant(seconds(60));
  const auto times = store().LeaseTimeToLive(lease, After(kLong));
  ASSERT_TRUE(times);
  EXPECT_EQ(times->granted, seconds(60));
  EXPECT_LE(times->left, seconds(60));
  EXPECT_GE(times->left, seconds(50));
}

TEST_P(StoreContract, UnknownLeaseIsNotFound) {
  const LeaseId lease = Grant(seconds(60));
  ASSERT_TRUE(store().LeaseRevoke(lease, After(kLong)));
  const auto renewed = store().LeaseKeepAlive(lease, After(kLong));
  ASSERT_FALSE(renewed);
  EXPECT_EQ(renewed.error().code, ErrorCode::kNotFound);
  const auto times = store().LeaseTimeToLive(lease, After(kLong));
  ASSERT_FALSE(times);
  EXPECT_EQ(times.error().code, ErrorCode::kNotFound);
  const auto revoked = store().LeaseRevoke(lease, After(kLong));
  ASSERT_FALSE(revoked);
  EXPECT_EQ(revoked.error().code, ErrorCode::kNotFound);
}

TEST_P(StoreContract, PutWithoutTheLeaseDetachesTheKey) {
  const LeaseId lease = Grant(seconds(60));
  const LeaseId other = Grant(seconds(60));
  Put("freed", "1", lease);
  Put("freed", "2");
  Put("moved", "1", lease);
  Put("moved", "2", other);
  Put("reborn", "1", lease);
  Delete("reborn");
  Put("reborn", "2");
  ASSERT_TRUE(store().LeaseRevoke(lease, After(kLong)));
  EXPECT_THAT(Keys(ReadAll(), Key("")), ElementsAre("freed", "moved", "reborn"));
  ASSERT_TRUE(store().LeaseRevoke(other, After(kLong)));
  EXPECT_THAT(Keys(ReadAll(), Key("")), ElementsAre("freed", "reborn"));
}

TEST_P(StoreContract, LeaseWithoutKeysEndsWithoutARevision) {
  const LeaseId lease = Grant(seconds(60));
  const Revision before = Put("a", "1");
  ASSERT_TRUE(store().LeaseRevoke(lease, After(kLong)));
  EXPECT_EQ(Read({.keys = Below()}).header.revision, before);
}

}  // namespace rollcall::store::testing
