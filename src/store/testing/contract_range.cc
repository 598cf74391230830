// Reading: order, limit, count, old revisions.
#include "store/testing/contract_suite.h"

namespace rollcall::store::testing {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StoreContract, RangeIsInByteOrder) {
  for (const char* name : {"b", "a", "a/b", "\xc3\xa4", "B", "a0", "ab"}) Put(name, "v");
  EXPECT_THAT(Keys(ReadAll(), Key("")), ElementsAre("B", "a", "a/b", "a0", "ab", "b", "\xc3\xa4"));
}

TEST_P(StoreContract, RangeOfOneKeyDoesNotReadItsNeighbours) {
  Put("a", "1");
  Put("ab", "2");
  const RangeResponse one = Read({.keys = KeyRange::Single(Key("a"))});
  EXPECT_THAT(Keys(one.kvs, Key("")), ElementsAre("a"));
  EXPECT_EQ(one.count, 1);
  EXPECT_FALSE(one.more);
  EXPECT_THAT(Read({.keys = KeyRange::Single(Key("b"))}).kvs, IsEmpty());
}

TEST_P(StoreContract, RangeEndIsExclusive) {
  for (const char* name : {"a", "b", "c"}) Put(name, "v");
  EXPECT_THAT(Keys(Read({.keys = {Key("a"), Key("c")}}).kvs, Key("")), ElementsAre("a", "b"));
}

TEST_P(StoreContract, RangeEndBelowItsBeginIsEmpty) {
  Put("b", "v");
  EXPECT_THAT(Read({.keys = {Key("c"), Key("a")}}).kvs, IsEmpty());
}

TEST_P(StoreContract, RangeCutsAtTheLimitAndStillCountsAll) {
  for (const char* name : {"a", "b", "c"}) Put(name, "v");
  const RangeResponse cut = Read({.keys = Below(), .limit = 2});
  EXPECT_THAT(Keys(cut.kvs, Key("")), ElementsAre("a", "b"));
  EXPECT_TRUE(cut.more);
  EXPECT_EQ(cut.count, 3);

  const RangeResponse exact = Read({.keys = Below(), .limit = 3});
  EXPECT_EQ(exact.kvs.size(), 3U);
  EXPECT_FALSE(exact.more);
}

TEST_P(StoreContract, RangeCountOnlyAndKeysOnlyLeaveOutTheRest) {
  Put("a", "1");
  Put("b", "2");
  const RangeResponse count = Read({.keys = Below(), .count_only = true});
  EXPECT_EQ(count.count, 2);
  EXPECT_THAT(count.kvs, IsEmpty());

  const RangeResponse keys = Read({.keys = Below(), .keys_only = true});
  ASSERT_EQ(keys.kvs.size(), 2U);
  EXPECT_EQ(keys.kvs[0].key, Key("a"));
  EXPECT_EQ(keys.kvs[0].value, "");
  EXPECT_EQ(keys.kvs[0].version, 1);
}

TEST_P(StoreContract, RangeTellsTheLifeOfAKey) {
  const Revision created = Put("a", "1");
  const Revision changed = Put("a", "2");
  const KeyValue second{Key("a"), "2", created, changed, 2, 0};
  EXPECT_THAT(ReadAll(), ElementsAre(second));

  Delete("a");
  const Revision again = Put("a", "3");
  const KeyValue reborn{Key("a"), "3", again, again, 1, 0};
  EXPECT_THAT(ReadAll(), ElementsAre(reborn));
}

TEST_P(StoreContract, RangeAtAnOldRevisionSeesThatRevision) {
  const Revision first = Put("a", "1");
  const Revision second = Put("b", "1");
  Put("a", "2");
  const Revision deleted = Delete("b");
  const auto values = [&](Revision revision) {
    std::vector<std::string> lines;
    for (const KeyValue& kv : Read({.keys = Below(), .revision = revision}).kvs) {
      lines.push_back(kv.key.substr(Key("").size()) + "=" + kv.value);
    }
    return lines;
  };
  EXPECT_THAT(values(first), ElementsAre("a=1"));
  EXPECT_THAT(values(second), ElementsAre("a=1", "b=1"));
  EXPECT_THAT(values(deleted - 1), ElementsAre("a=2", "b=1"));
  EXPECT_THAT(values(deleted), ElementsAre("a=2"));
  // The header tells the store's revision, not the one asked for.
  EXPECT_EQ(Read({.keys = Below(), .revision = first}).header.revision, deleted);
}

TEST_P(StoreContract, RangeOfACompactedRevisionIsRefused) {
  const Revision first = Put("a", "1");
  const Revision second = Put("a", "2");
  Put("a", "3");
  subject().Compact(second);
  EXPECT_EQ(ErrorOf(RangeRequest{.keys = Below(), .revision = first}), ErrorCode::kCompacted);
  const RangeResponse boundary = Read({.keys = Below(), .revision = second});
  ASSERT_EQ(boundary.kvs.size(), 1U);
  EXPECT_EQ(boundary.kvs[0].value, "2");
}

TEST_P(StoreContract, CompactionKeepsWhatIsCurrent) {
  Put("a", "1");
  Put("b", "1");
  Delete("b");
  const Revision last = Put("c", "1");
  subject().Compact(last);
  EXPECT_THAT(Keys(ReadAll(), Key("")), ElementsAre("a", "c"));
  EXPECT_THAT(Keys(Read({.keys = Below(), .revision = last}).kvs, Key("")), ElementsAre("a", "c"));
}

TEST_P(StoreContract, RangeOfAFutureRevisionIsInvalid) {
  const Revision now = Put("a", "1");
  EXPECT_EQ(ErrorOf(RangeRequest{.keys = Below(), .revision = now + 1000}), ErrorCode::kInvalid);
}

TEST_P(StoreContract, RangeWithoutAKeyIsInvalid) {
  EXPECT_EQ(ErrorOf(RangeRequest{.keys = {}}), ErrorCode::kInvalid);
}

TEST_P(StoreContract, KeysAndValuesAreBytes) {
  const std::string odd("\0\xff\x01/", 4);
  Put(odd, odd);
  const auto kvs = ReadAll();
  ASSERT_EQ(kvs.size(), 1U);
  EXPECT_EQ(kvs[0].key, Key(odd));
  EXPECT_EQ(kvs[0].value, odd);
}

TEST_P(StoreContract, HeaderNamesOneStoreAndNeverGoesBack) {
  const Header before = Read({.keys = Below()}).header;
  const Header written = Commit({{}, {PutOf("a", "1")}, {}}).header;
  const Header after = Read({.keys = Below()}).header;
  EXPECT_NE(before.cluster_id, 0U);
  EXPECT_EQ(written.cluster_id, before.cluster_id);
  EXPECT_EQ(after.cluster_id, before.cluster_id);
  EXPECT_LT(before.revision, written.revision);
  EXPECT_LE(written.revision, after.revision);
}

}  // namespace rollcall::store::testing
