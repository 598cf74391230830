// Watching: every event exactly once and in order, whatever happens around it.
#include <algorithm>
#include <map>
#include <thread>

#include "store/testing/contract_suite.h"

namespace rollcall::store::testing {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StoreContract, WatchFromNowSeesWhatFollows) {
  Put("a", "before");
  const auto watch = Open({Below()}, 0);
  ASSERT_TRUE(watch);
  const Revision put = Put("a", "after");
  const auto events = Collect(*watch, 1);
  EXPECT_THAT(Describe(events, Key("")), ElementsAre("put a=after"));
  EXPECT_EQ(events.at(0).kv.mod_revision, put);
  EXPECT_EQ(events.at(0).kv.version, 2);
}

TEST_P(StoreContract, WatchNotesWhenItWasTold) {
  const auto watch = Open({Below()}, 0);
  ASSERT_TRUE(watch);
  SteadyTime before{};
  for (int i = 0; i < 3; ++i) {
    before = SystemClock().Now();
    Put("a", std::to_string(i));
    const auto batch = watch->Next(After(kLong));
    ASSERT_TRUE(batch);
    EXPECT_GE(batch->heard, before) << "not when an earlier change was";
    EXPECT_LE(batch->heard, SystemClock().Now());
  }
}

TEST_P(StoreContract, WatchFromAPastRevisionSeesThatRevisionAndAllAfter) {
  Put("a", "1");
  const Revision second = Put("a", "2");
  Put("b", "1");
  Delete("a");
  const auto watch = Open({Below()}, second);
  ASSERT_TRUE(watch);
  EXPECT_THAT(Describe(Collect(*watch, 3), Key("")), ElementsAre("put a=2", "put b=1", "delete a"));
  Put("c", "1");
  EXPECT_THAT(Describe(Collect(*watch, 1), Key("")), ElementsAre("put c=1"));
}

TEST_P(StoreContract, WatchFromTheNextRevisionMissesNothingAfterAList) {
  Put("a", "1");
  const Revision listed = Read({.keys = Below()}).header.revision;
  Put("b", "1");
  const auto watch = Open({Below()}, listed + 1);
  ASSERT_TRUE(watch);
  EXPECT_THAT(Describe(Collect(*watch, 1), Key("")), ElementsAre("put b=1"));
}

TEST_P(StoreContract, DeleteEventNamesTheKeyAndTheRevisionOnly) {
  Put("a", "1");
  const auto watch = Open({Below()}, 0);
  ASSERT_TRUE(watch);
  const Revision deleted = Delete("a");
  const auto events = Collect(*watch, 1);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].type, Event::Type::kDelete);
  KeyValue tombstone;
  tombstone.key = Key("a");
  tombstone.mod_revision = deleted;
  EXPECT_EQ(events[0].kv, tombstone);
}

TEST_P(StoreContract, WatchOfOneKeyIgnoresItsNeighbours) {
  const auto watch = Open({KeyRange::Single(Key("a"))}, 0);
  ASSERT_TRUE(watch);
  Put("ab", "1");
  Put("a", "1");
  EXPECT_THAT(Describe(Collect(*watch, 1), Key("")), ElementsAre("put a=1"));
}

TEST_P(StoreContract, OneRevisionArrivesWhole) {
  const auto watch = Open({Below()}, 0);
  ASSERT_TRUE(watch);
  std::vector<Op> puts;
  for (int i = 100; i < 220; ++i)
    puts.emplace_back(PutOf(std::to_string(i), std::string(100, 'v')));
  const Revision revision = Commit({{}, puts, {}}).header.revision;
  const auto batch = watch->Next(After(kLong));
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->events.size(), puts.size());
  EXPECT_EQ(batch->revision, revision);
}

TEST_P(StoreContract, WatchOfSeveralRangesDeliversEachInOrder) {
  const auto watch = Open({Below("x/"), KeyRange::Single(Key("y"))}, 0);
  ASSERT_TRUE(watch);
  std::vector<std::string> expected_x;
  std::vector<std::string> expected_y;
  for (int i = 0; i < 20; ++i) {
    const std::string value = std::to_string(i);
    Put("x/" + value, value);
    Put("y", value);
    Put("z", value);
    expected_x.push_back("put x/" + value + "=" + value);
    expected_y.push_back("put y=" + value);
  }
  std::vector<std::string> seen_x;
  std::vector<std::string> seen_y;
  for (const std::string& line : Describe(Collect(*watch, 40), Key(""))) {
    (line.starts_with("put x/") ? seen_x : seen_y).push_back(line);
  }
  EXPECT_EQ(seen_x, expected_x);
  EXPECT_EQ(seen_y, expected_y);
}

TEST_P(StoreContract, WatchOfSeveralRangesFromThePastMissesNone) {
  const Revision first = Put("x", "1");
  Put("y", "1");
  Put("x", "2");
  const auto watch = Open({KeyRange::Single(Key("x")), KeyRange::Single(Key("y"))}, first);
  ASSERT_TRUE(watch);
  auto lines = Describe(Collect(*watch, 3), Key(""));
  std::sort(lines.begin(), lines.end());
  EXPECT_THAT(lines, ElementsAre("put x=1", "put x=2", "put y=1"));
}

TEST_P(StoreContract, QuietWatchReachesItsDeadlineAndGoesOn) {
  const auto watch = Open({Below()}, 0);
  ASSERT_TRUE(watch);
  for (int i = 0; i < 3; ++i) {
    const auto nothing = watch->Next(After(kShort));
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().code, ErrorCode::kDeadline);
  }
  Put("a", "1");
  EXPECT_THAT(Describe(Collect(*watch, 1), Key("")), ElementsAre("put a=1"));
}

TEST_P(StoreContract, NextWithAPastDeadlineReturnsWhatIsThere) {
  const Revision first = Put("a", "1");
  const auto watch = Open({Below()}, first);
  ASSERT_TRUE(watch);
  // A stream may need a moment to bring it: ask until it is there.
  const Deadline limit = After(kLong);
  Result<WatchBatch> batch = watch->Next(After(std::chrono::milliseconds(-1)));
  while (!batch && batch.error().code == ErrorCode::kDeadline &&
         std::chrono::steady_clock::now() < limit) {
    batch = watch->Next(After(std::chrono::milliseconds(-1)));
  }
  ASSERT_TRUE(batch);
  EXPECT_THAT(Describe(batch->events, Key("")), ElementsAre("put a=1"));
}

TEST_P(StoreContract, CancelFromAnotherThreadEndsTheWait) {
  const auto watch = Open({Below()}, 0);
  ASSERT_TRUE(watch);
  const auto begun = std::chrono::steady_clock::now();
  std::jthread canceller([&] { watch->Cancel(); });
  const auto ended = watch->Next(After(kLong));
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::kCancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, kLong / 2);
  // And stays ended, whatever is written.
  canceller.join();
  Put("a", "1");
  const auto again = watch->Next(After(kShort));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kCancelled);
}

TEST_P(StoreContract, WatchFromACompactedRevisionSaysSo) {
  const Revision first = Put("a", "1");
  Put("a", "2");
  const Revision third = Put("a", "3");
  subject().Compact(third);
  // Refused at once or on the first Next(): both are told apart from a broken stream.
  auto watch = store().StartWatch({{Below()}, first}, After(kLong));
  const Error error = watch ? (*watch)->Next(After(kLong)).error() : watch.error();
  EXPECT_EQ(error.code, ErrorCode::kCompacted) << error.message;
}

// A deletion at the compacted revision itself is promised by nobody: etcd loses it
// (etcd-io/etcd#18089).
TEST_P(StoreContract, WatchFromTheCompactedRevisionItselfTellsWhatIsStillThere) {
  Put("a", "1");
  const Revision put = Put("b", "1");
  Put("c", "1");
  subject().Compact(put);
  const auto watch = Open({Below()}, put);
  ASSERT_TRUE(watch);
  EXPECT_THAT(Describe(Collect(*watch, 2), Key("")), ElementsAre("put b=1", "put c=1"));
}

TEST_P(StoreContract, CompactionDoesNotDisturbAWatchThatIsUpToDate) {
  const auto watch = Open({Below()}, 0);
  ASSERT_TRUE(watch);
  const Revision put = Put("a", "1");
  EXPECT_EQ(Collect(*watch, 1).size(), 1U);
  subject().Compact(put);
  Put("a", "2");
  EXPECT_THAT(Describe(Collect(*watch, 1), Key("")), ElementsAre("put a=2"));
}

TEST_P(StoreContract, WatchFromAFutureRevisionIsSilentUntilThen) {
  const Revision now = Put("a", "1");
  const auto watch = Open({Below()}, now + 3);
  ASSERT_TRUE(watch);
  for (const char* value : {"2", "3", "4"}) Put("a", value);
  EXPECT_THAT(Describe(Collect(*watch, 1), Key("")), ElementsAre("put a=4"));
}

TEST_P(StoreContract, TwoWatchesDoNotTakeFromEachOther) {
  const auto one = Open({Below()}, 0);
  const auto two = Open({Below()}, 0);
  ASSERT_TRUE(one && two);
  Put("a", "1");
  Put("b", "1");
  EXPECT_EQ(Collect(*one, 2).size(), 2U);
  EXPECT_EQ(Collect(*two, 2).size(), 2U);
}

TEST_P(StoreContract, ManyWritersOneWatchSeesEveryWriteOnce) {
  constexpr int kWriters = 4;
  constexpr int kWrites = 150;
  const auto watch = Open({Below()}, 0);
  ASSERT_TRUE(watch);
  std::vector<std::jthread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([this, w] {
      for (int i = 0; i < kWrites; ++i) Put("w" + std::to_string(w), std::to_string(i));
    });
  }
  const auto events = Collect(*watch, kWriters * kWrites);
  for (std::jthread& writer : writers) writer.join();
  ASSERT_EQ(events.size(), static_cast<std::size_t>(kWriters * kWrites));

  std::map<std::string, int> next;
  Revision last = 0;
  for (const Event& event : events) {
    EXPECT_EQ(event.kv.value, std::to_string(next[event.kv.key]++)) << event.kv.key;
    EXPECT_GT(event.kv.mod_revision, last);  // each put is a revision of its own
    last = event.kv.mod_revision;
  }
  EXPECT_FALSE(watch->Next(After(kShort)));
}

}  // namespace rollcall::store::testing
