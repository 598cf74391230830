// What an engine promises around its disk: nothing is acknowledged, readable or sent
// before it is durable, and what a disk refuses never was.
#include "store/embedded/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "store/embedded/test_disk.h"

namespace rollcall::store::embedded {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr seconds kLong{20};

class MovableClock : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime(std::chrono::nanoseconds(now_)); }
  WallTime WallNow() const override { return {}; }
  void Advance(std::chrono::nanoseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_{std::chrono::nanoseconds(seconds(1000)).count()};
};

Txn PutTxn(std::string key, std::string value = "v", LeaseId lease = 0) {
  return {{}, {Put{.key = std::move(key), .value = std::move(value), .lease = lease}}, {}};
}

class EngineTest : public ::testing::Test {
 protected:
  void Start(EngineOptions options = {}) {
    options.timer = false;
    auto disk = std::make_unique<TestDisk>(control_);
    auto engine = Engine::Start({std::move(disk), {1, 2, 3}, {}}, options, clock_);
    ASSERT_TRUE(engine);
    engine_ = *std::move(engine);
  }
  std::future<Result<TxnDone>> Begin(Txn txn) {
    auto promise = std::make_shared<std::promise<Result<TxnDone>>>();
    engine_->Apply(std::move(txn),
                   [promise](Result<TxnDone> done) { promise->set_value(std::move(done)); });
    return promise->get_future();
  }
  Result<TxnDone> Do(Txn txn) {
    auto done = Begin(std::move(txn));
    if (done.wait_for(kLong) != std::future_status::ready) {
      ADD_FAILURE() << "no answer";
      return Fail(ErrorCode::kDeadline, "no answer");
    }
    return done.get();
  }
  template <typename T, typename Call>
  Result<T> Await(Call call) {
    std::promise<Result<T>> promise;
    call([&promise](Result<T> done) { promise.set_value(std::move(done)); });
    return promise.get_future().get();
  }
  std::vector<std::string> Keys() {
    std::vector<std::string> keys;
    const auto found = engine_->Range({.keys = KeyRange::All()});
    if (found) {
      for (const Record& record : found->records) keys.emplace_back(record->key());
    }
    return keys;
  }
  // "put a@2" or "delete a@3".
  std::vector<std::string> Taken(Engine::Watcher& watcher) {
    std::vector<std::string> taken;
    for (;;) {
      const Delivery delivery = watcher.Take();
      if (delivery.kind != Delivery::Kind::kChanges) return taken;
      for (const Change& change : delivery.changes) {
        taken.push_back((change.record->is_tombstone() ? "delete " : "put ") +
                        std::string(change.record->key()) + "@" +
                        std::to_string(change.record->mod_revision()));
      }
    }
  }

  MovableClock clock_;
  std::shared_ptr<TestDisk::Control> control_ = std::make_shared<TestDisk::Control>();
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineTest, NothingIsSeenBeforeItIsDurable) {
  Start();
  ASSERT_TRUE(Do(PutTxn("a")));
  std::atomic<int> woken = 0;
  const auto watcher = engine_->Watch({.ranges = {KeyRange::All()}}, [&woken] { ++woken; });
  EXPECT_THAT(Taken(*watcher), IsEmpty());

  control_->Hold();
  auto put = Begin(PutTxn("b"));
  ASSERT_TRUE(control_->WaitForCommit(kLong));  // it is with the disk now
  EXPECT_EQ(put.wait_for(milliseconds(0)), std::future_status::timeout);
  EXPECT_THAT(Keys(), ElementsAre("a"));  // and reads do not wait for it
  EXPECT_EQ(engine_->revision(), 2);
  EXPECT_THAT(Taken(*watcher), IsEmpty());
  EXPECT_EQ(woken, 0);

  control_->Release();
  ASSERT_TRUE(put.get());
  EXPECT_THAT(Keys(), ElementsAre("a", "b"));
  EXPECT_EQ(woken, 1);
  EXPECT_THAT(Taken(*watcher), ElementsAre("put b@3"));
}

TEST_F(EngineTest, WhatArrivesDuringACommitSharesTheNext) {
  Start();
  control_->Hold();
  std::vector<std::future<Result<TxnDone>>> puts;
  puts.push_back(Begin(PutTxn("first")));
  ASSERT_TRUE(control_->WaitForCommit(kLong));
  for (int i = 0; i < 50; ++i) puts.push_back(Begin(PutTxn("k" + std::to_string(i))));
  control_->Release();
  for (auto& put : puts) ASSERT_TRUE(put.get());
  EXPECT_EQ(control_->commits(), 2);
  EXPECT_EQ(engine_->revision(), 52);
}

TEST_F(EngineTest, AFullDiskLosesNothingAndRecovers) {
  Start();
  ASSERT_TRUE(Do(PutTxn("a")));
  const auto watcher = engine_->Watch({.ranges = {KeyRange::All()}, .start = 1}, [] {});
  control_->FailWith(Error{ErrorCode::kExhausted, "No space left on device"});
  for (int i = 0; i < 3; ++i) {
    const auto refused = Do(PutTxn("b"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kExhausted);
    EXPECT_EQ(refused.error().message, "mvcc: database space exceeded");
  }
  const auto grant = Await<Lease>(
      [&](Engine::Done<Lease> done) { engine_->Grant(seconds(60), 7, std::move(done)); });
  EXPECT_FALSE(grant);
  EXPECT_EQ(engine_->health().state, Health::State::kFull);
  EXPECT_THAT(Keys(), ElementsAre("a"));
  EXPECT_FALSE(engine_->KeepAlive(7));
  EXPECT_EQ(engine_->revision(), 2);

  control_->FailWith(std::nullopt);
  EXPECT_EQ(Do(PutTxn("b"))->revision, 3);
  EXPECT_EQ(engine_->health().state, Health::State::kGood);
  EXPECT_THAT(Taken(*watcher), ElementsAre("put a@2", "put b@3"));
  EXPECT_EQ(control_->kept(), engine_->revision() - 1);
}

TEST_F(EngineTest, AFailedSyncEndsWritingAndNotReading) {
  Start();
  ASSERT_TRUE(Do(PutTxn("a")));
  control_->FailWith(Error{ErrorCode::kInternal, "Input/output error"});
  const auto failed = Do(PutTxn("b"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kUnavailable);
  control_->FailWith(std::nullopt);  // it may seem to work again: it is not to be trusted
  const int commits = control_->commits();
  EXPECT_FALSE(Do(PutTxn("c")));
  EXPECT_EQ(control_->commits(), commits);
  EXPECT_EQ(engine_->health().state, Health::State::kFailed);
  EXPECT_THAT(Keys(), ElementsAre("a"));
  const auto read = Do({{}, {Get{.keys = KeyRange::All()}}, {}});
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<Found>(read->outcomes[0]).count, 1);
}

TEST_F(EngineTest, AReadInATransactionGoesOnBesideWritesThatFail) {
  Start();
  ASSERT_TRUE(Do(PutTxn("a")));
  control_->FailWith(Error{ErrorCode::kExhausted, "No space left on device"});
  control_->Hold();
  auto first = Begin(PutTxn("b"));
  ASSERT_TRUE(control_->WaitForCommit(kLong));
  auto write = Begin(PutTxn("c"));
  auto read = Begin({{}, {Get{.keys = KeyRange::All()}}, {}});
  auto wrong = Begin(PutTxn(""));
  control_->Release();
  EXPECT_FALSE(first.get());
  EXPECT_FALSE(write.get());
  const auto done = read.get();
  ASSERT_TRUE(done);
  EXPECT_EQ(std::get<Found>(done->outcomes[0]).count, 1);
  EXPECT_EQ(wrong.get().error().message, "key is not provided");  // not: the disk is full
}

TEST_F(EngineTest, MoreThanItCanHoldIsRefusedAtOnce) {
  Start();
  control_->Hold();
  auto first = Begin(PutTxn("a"));
  ASSERT_TRUE(control_->WaitForCommit(kLong));
  constexpr int kMany = 21'000;
  std::atomic<int> refused = 0;
  std::atomic<int> answered = 0;
  std::promise<void> all;
  for (int i = 0; i < kMany; ++i) {
    engine_->Apply(PutTxn("b"), [&](const Result<TxnDone>& done) {
      if (!done && done.error().code == ErrorCode::kExhausted) ++refused;
      if (++answered == kMany) all.set_value();
    });
  }
  EXPECT_EQ(refused, 1000);
  control_->Release();
  ASSERT_TRUE(first.get());
  all.get_future().wait();  // until then there is no room
  EXPECT_EQ(refused, 1000);
  ASSERT_TRUE(Do(PutTxn("c")));
}

TEST_F(EngineTest, WhatWaitsAtTheEndIsAnswered) {
  Start();
  control_->Hold();
  auto first = Begin(PutTxn("a"));
  ASSERT_TRUE(control_->WaitForCommit(kLong));
  auto waiting = Begin(PutTxn("b"));
  const auto watcher = engine_->Watch({.ranges = {KeyRange::All()}, .start = 1}, [] {});
  std::thread release([&] { control_->Release(); });
  engine_.reset();
  release.join();
  EXPECT_TRUE(first.get());
  const auto answered = waiting.get();  // done, if the writer came to it before the end did
  EXPECT_TRUE(answered || answered.error().code == ErrorCode::kUnavailable);
  EXPECT_EQ(watcher->Take().kind, Delivery::Kind::kClosed);
}

// --- chores

TEST_F(EngineTest, HistoryGoesByAge) {
  EngineOptions options;
  options.history_age = seconds(100);
  Start(options);
  ASSERT_TRUE(Do(PutTxn("a", "1")));
  ASSERT_TRUE(Do(PutTxn("a", "2")));
  engine_->Tick();
  clock_.Advance(seconds(99));
  engine_->Tick();
  EXPECT_EQ(engine_->figures().compacted, kNeverCompacted);
  ASSERT_TRUE(Do(PutTxn("a", "3")));
  clock_.Advance(seconds(1));
  engine_->Tick();
  EXPECT_EQ(engine_->figures().compacted, 3);
  EXPECT_FALSE(engine_->Range({.keys = KeyRange::All(), .revision = 2}));
  EXPECT_TRUE(engine_->Range({.keys = KeyRange::All(), .revision = 3}));
}

TEST_F(EngineTest, HistoryGoesBySize) {
  EngineOptions options;
  options.history_bytes = 100'000;
  Start(options);
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(Do(PutTxn("a", std::string(1000, 'v'))));
  EXPECT_GT(engine_->figures().history_bytes, 290'000U);
  for (int i = 0; i < 20; ++i) engine_->Tick();
  EXPECT_LT(engine_->figures().history_bytes, 101'000U);
  EXPECT_EQ(Keys().size(), 1U);
}

TEST_F(EngineTest, LeasesThatEndTogetherGoAFewAtATime) {
  Start();
  for (LeaseId id = 1; id <= 600; ++id) {
    ASSERT_TRUE(Await<Lease>(
        [&](Engine::Done<Lease> done) { engine_->Grant(seconds(10), id, std::move(done)); }));
    ASSERT_TRUE(Do(PutTxn("k" + std::to_string(id), "v", id)));
  }
  clock_.Advance(seconds(10));
  EXPECT_FALSE(engine_->KeepAlive(1));
  std::vector<std::size_t> left;
  for (int i = 0; i < 3; ++i) {
    engine_->Tick();
    left.push_back(Keys().size());
  }
  EXPECT_THAT(left, ElementsAre(350, 100, 0));
}

// --- watching

TEST_F(EngineTest, AWatchIsWokenForItsOwnKeysOnly) {
  Start();
  std::atomic<int> woken = 0;
  const auto wake = [&woken] { ++woken; };
  const auto one = engine_->Watch({.ranges = {KeyRange::Single("a")}}, wake);
  const auto below = engine_->Watch({.ranges = {KeyRange::Prefix("a/")}}, wake);
  const auto between = engine_->Watch({.ranges = {{"b", "d"}}}, wake);
  for (auto* watcher : {one.get(), below.get(), between.get()}) (void)watcher->Take();
  ASSERT_TRUE(Do(PutTxn("ab")));
  ASSERT_TRUE(Do(PutTxn("d")));
  EXPECT_EQ(woken, 0);
  ASSERT_TRUE(Do(PutTxn("a")));
  ASSERT_TRUE(Do(PutTxn("a/x")));
  ASSERT_TRUE(Do(PutTxn("c")));
  EXPECT_EQ(woken, 3);
  ASSERT_TRUE(Do(PutTxn("a")));
  EXPECT_EQ(woken, 3);  // it was told already
  EXPECT_THAT(Taken(*one), ElementsAre("put a@4", "put a@7"));
  EXPECT_THAT(Taken(*below), ElementsAre("put a/x@5"));
  EXPECT_THAT(Taken(*between), ElementsAre("put c@6"));
  ASSERT_TRUE(Do(PutTxn("a")));
  EXPECT_EQ(woken, 4);
}

TEST_F(EngineTest, AQuietWatchIsNotOvertakenByCompaction) {
  Start();
  const auto watcher = engine_->Watch({.ranges = {KeyRange::Single("a")}}, [] {});
  EXPECT_THAT(Taken(*watcher), IsEmpty());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Do(PutTxn("b")));
  ASSERT_TRUE(
      Await<Revision>([&](Engine::Done<Revision> done) { engine_->Compact(11, std::move(done)); }));
  ASSERT_TRUE(Do(PutTxn("a")));
  EXPECT_THAT(Taken(*watcher), ElementsAre("put a@12"));
}

TEST_F(EngineTest, AWatchThatDoesNotReadIsOvertaken) {
  Start();
  const auto watcher = engine_->Watch({.ranges = {KeyRange::Single("a")}}, [] {});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Do(PutTxn("a")));
  ASSERT_TRUE(
      Await<Revision>([&](Engine::Done<Revision> done) { engine_->Compact(11, std::move(done)); }));
  const Delivery delivery = watcher->Take();
  EXPECT_EQ(delivery.kind, Delivery::Kind::kCompacted);
  EXPECT_EQ(delivery.compacted, 11);
}

TEST_F(EngineTest, AWatchFromTheFutureIsSilentUntilThen) {
  Start();
  std::atomic<int> woken = 0;
  const auto watcher =
      engine_->Watch({.ranges = {KeyRange::All()}, .start = 4}, [&woken] { ++woken; });
  EXPECT_THAT(Taken(*watcher), IsEmpty());
  ASSERT_TRUE(Do(PutTxn("a")));
  ASSERT_TRUE(Do(PutTxn("a")));
  EXPECT_EQ(woken, 0);
  ASSERT_TRUE(Do(PutTxn("a")));
  EXPECT_EQ(woken, 1);
  EXPECT_THAT(Taken(*watcher), ElementsAre("put a@4"));
}

TEST_F(EngineTest, AWatchBringsWhatWasThereBeforeAndOnlyItsKinds) {
  Start();
  const auto all =
      engine_->Watch({.ranges = {KeyRange::All()}, .start = 1, .previous = true}, [] {});
  const auto puts =
      engine_->Watch({.ranges = {KeyRange::All()}, .start = 1, .deletions = false}, [] {});
  const auto deletions =
      engine_->Watch({.ranges = {KeyRange::All()}, .start = 1, .puts = false}, [] {});
  ASSERT_TRUE(Do(PutTxn("a", "1")));
  ASSERT_TRUE(Do(PutTxn("a", "2")));
  ASSERT_TRUE(Do({{}, {Delete{.keys = KeyRange::Single("a")}}, {}}));
  const Delivery delivery = all->Take();
  ASSERT_EQ(delivery.changes.size(), 3U);
  EXPECT_FALSE(delivery.changes[0].previous);
  EXPECT_EQ(delivery.changes[1].previous->value(), "1");
  EXPECT_EQ(delivery.changes[2].previous->value(), "2");
  EXPECT_THAT(Taken(*puts), ElementsAre("put a@2", "put a@3"));
  EXPECT_THAT(Taken(*deletions), ElementsAre("delete a@4"));
}

TEST_F(EngineTest, ADeliveryIsBoundedButWhole) {
  Start();
  Txn txn;
  for (int i = 0; i < 100; ++i) {
    txn.then.emplace_back(Put{.key = "k" + std::to_string(i), .value = std::string(100, 'v')});
  }
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Do(txn));
  const auto watcher = engine_->Watch({.ranges = {KeyRange::All()}, .start = 1}, [] {});
  EXPECT_EQ(watcher->Take({.changes = 150}).changes.size(), 200U);
  EXPECT_EQ(watcher->Take({.bytes = 1}).changes.size(), 100U);
  EXPECT_EQ(watcher->Take().changes.size(), 200U);
}

TEST_F(EngineTest, UpToDateIsWhoHasTakenAll) {
  Start();
  const auto a = engine_->Watch({.ranges = {KeyRange::Single("a")}}, [] {});
  const auto b = engine_->Watch({.ranges = {KeyRange::Single("b")}}, [] {});
  ASSERT_TRUE(Do(PutTxn("a")));
  EXPECT_EQ(engine_->RevisionIfUpToDate({b.get()}), 2);
  EXPECT_EQ(engine_->RevisionIfUpToDate({a.get(), b.get()}), std::nullopt);
  (void)Taken(*a);
  EXPECT_EQ(engine_->RevisionIfUpToDate({a.get(), b.get()}), 2);
}

// --- reading

TEST_F(EngineTest, PagesCountTheWholeRangeAndSeeOneRevision) {
  Start();
  Txn txn;
  for (int i = 0; i < 10'000; ++i) {
    const std::string number = std::to_string(i);
    txn.then.emplace_back(
        Put{.key = "k" + std::string(5 - number.size(), '0') + number, .value = "v"});
    if (txn.then.size() < 100) continue;
    ASSERT_TRUE(Do(std::exchange(txn, {})));
  }
  Get get{.keys = KeyRange::Prefix("k"), .limit = 3000};
  std::size_t seen = 0;
  std::int64_t left = 10'000;
  for (bool more = true; more;) {
    const auto page = engine_->Range(get);
    ASSERT_TRUE(page);
    EXPECT_EQ(page->count, left);
    seen += page->records.size();
    left -= static_cast<std::int64_t>(page->records.size());
    more = page->more;
    if (get.revision == 0) get.revision = page->revision;
    get.keys.begin = std::string(page->records.back()->key()) + '\0';
    ASSERT_TRUE(Do(PutTxn("k00000", "changed meanwhile")));
    ASSERT_TRUE(Do(PutTxn("kz" + std::to_string(seen), "new meanwhile")));
  }
  EXPECT_EQ(seen, 10'000U);
}

TEST_F(EngineTest, HashIsOfWhatIsThereNotOfHowItCame) {
  Start();
  ASSERT_TRUE(Do(PutTxn("a", "1")));
  ASSERT_TRUE(Do(PutTxn("b", "1")));
  const auto before = engine_->HashAt(0);
  ASSERT_TRUE(before);
  ASSERT_TRUE(Do(PutTxn("b", "2")));
  EXPECT_NE(engine_->HashAt(0)->hash, before->hash);
  EXPECT_EQ(engine_->HashAt(3)->hash, before->hash);
  EXPECT_EQ(engine_->HashAt(9).error().message, "mvcc: required revision is a future revision");
}

// --- all at once

TEST_F(EngineTest, ManyWritersReadersAndWatchesAtOnce) {
  Start();
  constexpr int kWriters = 4;
  constexpr int kWrites = 300;
  std::atomic<bool> stop = false;
  std::vector<std::thread> others;
  for (int i = 0; i < 2; ++i) {
    others.emplace_back([&] {
      while (!stop) {
        const auto found = engine_->Range({.keys = KeyRange::All()});
        if (!found) continue;
        for (const Record& record : found->records)
          EXPECT_LE(record->mod_revision(), found->revision);
      }
    });
  }
  others.emplace_back([&] {
    while (!stop) {
      const Revision now = engine_->revision();
      (void)Await<Revision>(
          [&](Engine::Done<Revision> done) { engine_->Compact(now, std::move(done)); });
      engine_->Tick();
    }
  });
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kWrites; ++i) ASSERT_TRUE(Do(PutTxn("w" + std::to_string(w))));
    });
  }
  for (std::thread& writer : writers) writer.join();
  stop = true;
  for (std::thread& other : others) other.join();
  EXPECT_EQ(engine_->revision(), 1 + kWriters * kWrites);
  EXPECT_EQ(control_->kept(), kWriters * kWrites);
}

}  // namespace
}  // namespace rollcall::store::embedded
