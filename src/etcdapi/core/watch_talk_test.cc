#include "etcdapi/core/watch_talk.h"

#include <gtest/gtest.h>

#include <condition_variable>

#include "etcdapi/testing/memory_engine.h"
#include "etcdapi/testing/movable_clock.h"

namespace rollcall::etcdapi {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using store::KeyRange;

// A line that remembers what went over it; the test says when something is read or has
// been sent.
class FakeLine final : public WatchLine {
 public:
  void Read() override {
    Note([](Seen& seen) { ++seen.reads; });
  }
  void Send(WatchMessage message) override {
    Note([&](Seen& seen) { seen.sent.push_back(std::move(message)); });
  }
  void End(const Result<void>& status) override {
    Note([&](Seen& seen) { seen.end = status ? "ok" : status.error().message; });
  }

  // Each waits for it; false: it did not come.
  [[nodiscard]] bool WaitReads(int count) {
    return Wait([&](const Seen& seen) { return seen.reads >= count; });
  }
  [[nodiscard]] bool WaitSent(std::size_t count) {
    return Wait([&](const Seen& seen) { return seen.sent.size() >= count; });
  }
  [[nodiscard]] std::string WaitEnd() {
    (void)Wait([](const Seen& seen) { return !seen.end.empty(); });
    return seen_.Lock()->end;
  }
  [[nodiscard]] std::size_t sent() { return seen_.Lock()->sent.size(); }
  [[nodiscard]] int reads() { return seen_.Lock()->reads; }
  [[nodiscard]] WatchMessage last() { return seen_.Lock()->sent.back(); }

 private:
  struct Seen {
    int reads = 0;
    std::vector<WatchMessage> sent;
    std::string end;
  };
  template <typename Change>
  void Note(Change change) {
    change(*seen_.Lock());
    changed_.notify_all();
  }
  template <typename Condition>
  bool Wait(Condition condition) {
    auto seen = seen_.Lock();
    return seen.WaitUntil(changed_, std::chrono::steady_clock::now() + seconds(20),
                          [&] { return condition(*seen); });
  }
  Guarded<Seen> seen_;
  std::condition_variable changed_;
};

class WatchTalkTest : public ::testing::Test {
 protected:
  void Start() {
    talk_ = std::make_shared<WatchTalk>(workers_, setup_, line_, [this] { return admitted_; });
    talk_->Wake();
    ASSERT_TRUE(line_.WaitReads(1));
  }
  // With a watch of `key`, confirmed.
  void StartWatching(const char* key) {
    Start();
    talk_->OnRequest(WatchOrder{.keys = KeyRange::Single(key), .progress = true});
    ASSERT_TRUE(line_.WaitSent(1));
    talk_->OnSent();
    ASSERT_TRUE(line_.WaitReads(2));
    Settle();
  }
  // All turns that were due have been had; twice, for one that was due again.
  void Settle() {
    for (int i = 0; i < 2; ++i) {
      std::promise<void> settled;
      workers_.Post([&settled] { settled.set_value(); });
      settled.get_future().wait();
    }
  }

  testing::MemoryEngine engine_;
  testing::MovableClock clock_;
  WatchSetup setup_{*engine_, clock_, Budget(100), Budget(std::size_t{1} << 20)};
  FakeLine line_;
  Result<void> admitted_;
  Workers workers_{1};
  std::shared_ptr<WatchTalk> talk_;
};

TEST_F(WatchTalkTest, OneMessageIsOnItsWayAtATime) {
  StartWatching("a");
  engine_.Put("a", "1");
  ASSERT_TRUE(line_.WaitSent(2));
  for (int i = 2; i < 100; ++i) engine_.Put("a", std::to_string(i));
  Settle();
  EXPECT_EQ(line_.sent(), 2U) << "the client has not taken the last one";
  EXPECT_GT(setup_.octets.held(), 0U);
  talk_->OnSent();
  ASSERT_TRUE(line_.WaitSent(3));
  EXPECT_EQ(line_.last().changes.size(), 98U);
  talk_->OnSent();
  Settle();
  EXPECT_EQ(setup_.octets.held(), 0U);
}

TEST_F(WatchTalkTest, RequestsAreNotReadWhileSixteenAnswersWait) {
  Start();
  for (int i = 1; i <= 17; ++i) {
    ASSERT_TRUE(line_.WaitReads(i));
    talk_->OnRequest(WatchOrder{.keys = KeyRange::Single("a")});
  }
  Settle();
  EXPECT_EQ(line_.reads(), 17) << "one is on its way, sixteen wait";
  talk_->OnSent();
  EXPECT_TRUE(line_.WaitReads(18));
}

TEST_F(WatchTalkTest, AClientThatDoesNotReadLosesItsStreamAfterPatience) {
  StartWatching("a");
  engine_.Put("a", "1");
  ASSERT_TRUE(line_.WaitSent(2));
  clock_.Advance(setup_.patience);
  talk_->Tick(clock_.Now(), false);
  Settle();
  clock_.Advance(milliseconds(1));
  talk_->Tick(clock_.Now(), false);
  EXPECT_EQ(line_.WaitEnd(), "watch stream ended, since its client does not read");
  EXPECT_EQ(setup_.given_up, 1U);
  talk_->Tick(clock_.Now(), false);
  EXPECT_EQ(setup_.given_up, 1U);
  EXPECT_EQ(setup_.watches.held(), 0U);
}

TEST_F(WatchTalkTest, AQuietClientIsNoSlowOne) {
  StartWatching("a");
  clock_.Advance(setup_.patience * 2);
  talk_->Tick(clock_.Now(), true);
  Settle();
  EXPECT_EQ(setup_.given_up, 0U);
  engine_.Put("a", "1");
  EXPECT_TRUE(line_.WaitSent(2));
}

TEST_F(WatchTalkTest, WhereRoomIsShortAMessageWaitsAndPatienceIs) {
  StartWatching("a");
  std::optional<Budget::Share> others = setup_.octets.Take(std::size_t{1} << 20);
  ASSERT_TRUE(others);
  engine_.Put("a", "1");
  Settle();
  EXPECT_EQ(line_.sent(), 1U);
  EXPECT_TRUE(talk_->IsWaitingForRoom());
  others.reset();
  talk_->Tick(clock_.Now(), true);
  ASSERT_TRUE(line_.WaitSent(2));
  Settle();
  EXPECT_FALSE(talk_->IsWaitingForRoom());
  clock_.Advance(milliseconds(1001));
  talk_->Tick(clock_.Now(), true);
  EXPECT_EQ(line_.WaitEnd(), "watch stream ended, since its client does not read");
}

TEST_F(WatchTalkTest, ProgressIsToldOnceInAnInterval) {
  StartWatching("a");
  clock_.Advance(setup_.progress * 11 / 10);
  talk_->Tick(clock_.Now(), false);
  ASSERT_TRUE(line_.WaitSent(2));
  EXPECT_EQ(line_.last().id, 0);
  EXPECT_TRUE(line_.last().changes.empty());
  talk_->OnSent();
  talk_->Tick(clock_.Now(), false);
  Settle();
  EXPECT_EQ(line_.sent(), 2U);
}

TEST_F(WatchTalkTest, WhoIsNotAdmittedIsToldInTheStream) {
  admitted_ = Fail(ErrorCode::kRefused, "invalid auth token");
  Start();
  talk_->OnRequest(WatchOrder{.keys = KeyRange::Single("a")});
  ASSERT_TRUE(line_.WaitSent(1));
  EXPECT_TRUE(line_.last().created && line_.last().canceled);
  EXPECT_EQ(line_.last().cancel_reason,
            "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token");
}

TEST_F(WatchTalkTest, AfterTheLastRequestItGoesOnAsLongAsThereAreWatches) {
  StartWatching("a");
  talk_->OnReadEnd();
  engine_.Put("a", "1");
  ASSERT_TRUE(line_.WaitSent(2));
  engine_.Compact(2);
  talk_->OnBroken();
  EXPECT_EQ(line_.WaitEnd(), "watch canceled");
}

TEST_F(WatchTalkTest, EndsWhenNothingCanComeAnyMore) {
  Start();
  talk_->OnReadEnd();
  EXPECT_EQ(line_.WaitEnd(), "ok");
}

TEST_F(WatchTalkTest, EndsWithTheStore) {
  StartWatching("a");
  engine_.Close();
  EXPECT_EQ(line_.WaitEnd(), "server stopped");
}

TEST_F(WatchTalkTest, NothingIsSaidAfterTheEnd) {
  StartWatching("a");
  talk_->Close({ErrorCode::kUnavailable, "server stopped"});
  EXPECT_EQ(line_.WaitEnd(), "server stopped");
  engine_.Put("a", "1");
  talk_->OnSent();
  talk_->OnRequest(WatchProgress{});
  talk_->OnBroken();
  talk_->Tick(clock_.Now() + std::chrono::hours(1), true);
  Settle();
  EXPECT_EQ(line_.sent(), 1U);
  EXPECT_EQ(line_.reads(), 2);
}

}  // namespace
}  // namespace rollcall::etcdapi
