// The feed after a restart: it answers as last known, and never less, until the store is
// there again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "catalog/feed.h"
#include "catalog/last_known_start.h"
#include "store/embedded/store.h"
#include "store/faulty.h"

namespace rollcall::catalog {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using store::After;
using store::FaultyStore;
using ::testing::ElementsAre;
using Call = FaultyStore::Call;

constexpr milliseconds kPatience{20'000};

// Lets lists through up to a number of pages, and then waits.
class PageGate : public store::Store {
 public:
  explicit PageGate(store::Store& target) : target_(target) {}
  void Open() { pages_ = 1'000'000; }
  void LetThrough(int pages) { pages_ = pages; }
  [[nodiscard]] bool waiting() const { return waiting_; }

  Result<store::RangeResponse> Range(const store::RangeRequest& request,
                                     store::Deadline deadline) override {
    if (request.limit > 1 && pages_-- <= 0) {
      waiting_ = true;
      while (pages_ <= 0) std::this_thread::sleep_for(milliseconds(1));
      waiting_ = false;
    }
    return target_.Range(request, deadline);
  }
  Result<store::TxnResponse> Txn(const store::TxnRequest& request,
                                 store::Deadline deadline) override {
    return target_.Txn(request, deadline);
  }
  Result<std::unique_ptr<store::Watch>> StartWatch(const store::WatchRequest& request,
                                                   store::Deadline deadline) override {
    return target_.StartWatch(request, deadline);
  }
  Result<store::Lease> LeaseGrant(seconds ttl, store::LeaseId id,
                                  store::Deadline deadline) override {
    return target_.LeaseGrant(ttl, id, deadline);
  }
  Result<seconds> LeaseKeepAlive(store::LeaseId id, store::Deadline deadline) override {
    return target_.LeaseKeepAlive(id, deadline);
  }
  Result<void> LeaseRevoke(store::LeaseId id, store::Deadline deadline) override {
    return target_.LeaseRevoke(id, deadline);
  }
  Result<store::LeaseTimes> LeaseTimeToLive(store::LeaseId id, store::Deadline deadline) override {
    return target_.LeaseTimeToLive(id, deadline);
  }

 private:
  store::Store& target_;
  std::atomic<int> pages_{1'000'000};
  std::atomic<bool> waiting_{false};
};

class FeedRestoredTest : public ::testing::Test {
 public:
  FeedRestoredTest() {
    std::string name = (std::filesystem::temp_directory_path() / "rollcall-XXXXXX").string();
    root_ = mkdtemp(name.data());
  }
  ~FeedRestoredTest() override {
    gate_.Open();
    End();
    std::filesystem::remove_all(root_);
  }

 protected:
  void End() {
    feed_.reset();
    publisher_.reset();
    last_known_.reset();
  }
  // As a start of the program.
  void Begin() {
    End();
    LastKnownStart start = StartLastKnown({.directory = Directory(),
                                           .prefix = "/skydns",
                                           .interval = milliseconds(1),
                                           .retry = milliseconds(5)});
    last_known_ = std::move(start.last_known);
    publisher_ = std::make_unique<Publisher>();
    FeedOptions options;
    options.last_known = last_known_.get();
    options.page_size = 3;
    options.contact_interval = milliseconds(5);
    options.contact_timeout = milliseconds(200);
    options.call_timeout = milliseconds(500);
    options.retry_first = milliseconds(1);
    options.retry_most = milliseconds(10);
    options.on_new_epoch = [this](std::uint32_t above, store::Revision at) {
      const std::uint32_t offset = above + 1 - static_cast<std::uint32_t>(at);
      Write(store::PutOp{"/rollcall/v1/serial", R"({"offset":)" + std::to_string(offset) + "}", 0});
    };
    feed_ = std::make_unique<Feed>(gate_, *publisher_, std::move(options));
    if (start.contents) feed_->Restore(*std::move(start.contents));
    before_start_ = Size();
    feed_->Start();
  }
  void Write(store::Op op) {
    EXPECT_TRUE(current_->Txn({{}, {std::move(op)}, {}}, After(kPatience)));
  }
  void Put(const std::string& name, int port) {
    Write(store::PutOp{"/skydns/z/" + name,
                       R"({"host":"192.0.2.1","port":)" + std::to_string(port) + "}", 0});
  }
  void Fill(int count) {
    for (int i = 0; i < count; ++i) Put("n/" + std::to_string(100 + i), i + 1);
  }
  void UseOther(std::uint64_t cluster_id) {
    other_ = store::embedded::Open({.cluster_id = cluster_id, .timer = false});
    current_ = other_.get();
    faulty_.SwitchTo(*other_);
  }
  template <typename Get>
  auto InView(Get get) {
    Publisher::Reader reader = publisher_->AddReader();
    const auto view = reader.Enter();
    return get(*view);
  }
  std::size_t Size() {
    return InView([](const View& view) { return view.tree.size(); });
  }
  std::uint32_t Serial() {
    return InView([](const View& view) { return view.serial(); });
  }
  int PortOf(const std::string& name) {
    return InView([&](const View& view) {
      const auto found = view.tree.FindKey("/skydns/z/" + name);
      return found ? static_cast<int>(found->service.port) : 0;
    });
  }
  template <typename Predicate>
  static bool Eventually(Predicate predicate) {
    const auto limit = After(kPatience);
    while (!predicate()) {
      if (std::chrono::steady_clock::now() > limit) return false;
      std::this_thread::sleep_for(milliseconds(1));
    }
    return true;
  }
  bool Becomes(Standing standing) {
    return Eventually([&] { return feed_->standing() == standing; });
  }
  bool Kept(std::uint64_t records) {
    return Eventually([&] { return last_known_->figures().records == records; });
  }
  std::string Directory() const { return root_ + "/data/last-known"; }

  std::string root_;
  std::unique_ptr<store::embedded::EmbeddedStore> memory_ =
      store::embedded::Open({.cluster_id = 1, .timer = false});
  store::embedded::EmbeddedStore* current_ = memory_.get();
  std::unique_ptr<store::embedded::EmbeddedStore> other_;
  FaultyStore faulty_{*memory_};
  PageGate gate_{faulty_};
  std::unique_ptr<LastKnown> last_known_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<Feed> feed_;
  std::size_t before_start_ = 0;
};

TEST_F(FeedRestoredTest, WithoutTheStoreItAnswersAsLastKnownAndStale) {
  Fill(10);
  Begin();
  ASSERT_TRUE(Becomes(Standing::kSynced));
  Put("late", 77);
  ASSERT_TRUE(Eventually([&] { return PortOf("late") == 77; }));
  const std::uint32_t serial = Serial();
  End();
  faulty_.FailAlways(Call::kRange, ErrorCode::kUnavailable);
  Begin();
  EXPECT_EQ(before_start_, 11U);
  EXPECT_EQ(feed_->standing(), Standing::kStale);
  ASSERT_TRUE(Eventually([&] { return faulty_.calls(Call::kRange) > 20; }));
  EXPECT_EQ(feed_->standing(), Standing::kStale);
  EXPECT_EQ(PortOf("late"), 77);
  EXPECT_EQ(Serial(), serial);
  EXPECT_LT(std::chrono::steady_clock::now() - feed_->sure_at().value(), seconds(60));
  faulty_.Mend();
  ASSERT_TRUE(Becomes(Standing::kSynced));
  EXPECT_EQ(Size(), 11U);
  EXPECT_EQ(Serial(), serial);
  EXPECT_EQ(feed_->counters().epochs, 0U);
}

TEST_F(FeedRestoredTest, NothingIsSureBeforeTheFirstListIsWhole) {
  Fill(20);
  gate_.LetThrough(3);
  Begin();
  ASSERT_TRUE(Eventually([&] { return gate_.waiting(); }));
  EXPECT_GT(Size(), 0U);  // pages have come
  EXPECT_EQ(feed_->standing(), Standing::kNever);
  EXPECT_FALSE(feed_->sure_at());
  gate_.Open();
  ASSERT_TRUE(Becomes(Standing::kSynced));
  EXPECT_EQ(Size(), 20U);
  ASSERT_TRUE(Kept(20));
  End();
  gate_.LetThrough(3);
  Begin();
  ASSERT_TRUE(Eventually([&] { return gate_.waiting(); }));
  const auto contacts = feed_->counters().contacts;
  ASSERT_TRUE(Eventually([&] { return feed_->counters().contacts > contacts + 1; }));
  EXPECT_EQ(feed_->standing(), Standing::kStale);
  EXPECT_EQ(Size(), 20U);
  gate_.Open();
  ASSERT_TRUE(Becomes(Standing::kSynced));
}

TEST_F(FeedRestoredTest, AViewThatConvergesIsNeverSmaller) {
  Fill(300);
  Begin();
  ASSERT_TRUE(Becomes(Standing::kSynced));
  End();
  for (int i = 0; i < 50; ++i) Put("n/" + std::to_string(100 + i), 5000 + i);
  for (int i = 0; i < 50; ++i) Put("more/" + std::to_string(i), i + 1);
  faulty_.FailAlways(Call::kRange, ErrorCode::kUnavailable);
  Begin();
  std::atomic<std::size_t> least{1000};
  std::jthread looking([&](const std::stop_token& stop) {
    Publisher::Reader reader = publisher_->AddReader();
    while (!stop.stop_requested()) least = std::min(least.load(), reader.Enter()->tree.size());
  });
  ASSERT_TRUE(Eventually([&] { return least == 300; }));
  faulty_.Mend();
  ASSERT_TRUE(Becomes(Standing::kSynced));
  looking.request_stop();
  looking.join();
  EXPECT_EQ(least, 300U);
  EXPECT_EQ(Size(), 350U);
  EXPECT_EQ(PortOf("n/149"), 5049);
}

TEST_F(FeedRestoredTest, AnotherStoreIsANewEpochAndTakesNothingAway) {
  Fill(30);
  Begin();
  ASSERT_TRUE(Becomes(Standing::kSynced));
  const std::uint32_t serial = Serial();
  End();
  UseOther(2);  // empty
  Begin();
  ASSERT_TRUE(Becomes(Standing::kSynced));
  EXPECT_TRUE(Eventually([&] { return feed_->counters().epochs == 1; }));
  EXPECT_EQ(Size(), 30U);
  EXPECT_EQ(feed_->counters().held, 30U);
  EXPECT_EQ(static_cast<std::int32_t>(Serial() - serial) > 0, true);
}

TEST_F(FeedRestoredTest, ABackupWithTheSameIdAndOtherRevisionsIsANewEpoch) {
  Fill(30);
  Begin();
  ASSERT_TRUE(Becomes(Standing::kSynced));
  const std::uint32_t serial = Serial();
  End();
  UseOther(1);
  Fill(10);
  for (int i = 0; i < 40; ++i) Put("churn", i + 1);  // past where we were
  Begin();
  ASSERT_TRUE(Becomes(Standing::kSynced));
  EXPECT_TRUE(Eventually([&] { return feed_->counters().epochs == 1; }));
  EXPECT_EQ(Size(), 31U);
  EXPECT_GT(static_cast<std::int32_t>(Serial() - serial), 0);
}

TEST_F(FeedRestoredTest, WhereTheHistoryIsGoneAllOfItIsReadAnew) {
  Put("a", 1);
  Put("b", 1);
  Begin();
  ASSERT_TRUE(Becomes(Standing::kSynced));
  End();
  // The same id, and the same revision of `a` and `b`, with other values.
  UseOther(1);
  Put("a", 2);
  Put("b", 2);
  for (int i = 0; i < 10; ++i) Put("churn", i + 1);
  ASSERT_TRUE(other_->Compact(10));
  Begin();
  ASSERT_TRUE(Becomes(Standing::kSynced));
  EXPECT_EQ(feed_->counters().epochs, 0U);  // it cannot be known
  EXPECT_EQ(PortOf("a"), 2);
  EXPECT_EQ(PortOf("b"), 2);
}

TEST_F(FeedRestoredTest, AFileThatWasTakenAwayIsMadeAnewWithoutASign) {
  Fill(10);
  Begin();
  ASSERT_TRUE(Becomes(Standing::kSynced));
  ASSERT_TRUE(Kept(10));
  const auto lists = feed_->counters().lists;
  std::error_code error;
  while (std::filesystem::remove_all(Directory(), error), error) {
  }
  Put("late", 77);  // the next commit finds out
  ASSERT_TRUE(Eventually([&] { return feed_->counters().lists > lists; }));
  ASSERT_TRUE(Kept(11));
  EXPECT_EQ(feed_->standing(), Standing::kSynced);
  EXPECT_EQ(feed_->counters().lists, lists + 1);  // once
  faulty_.FailAlways(Call::kRange, ErrorCode::kUnavailable);
  Begin();
  EXPECT_EQ(before_start_, 11U);
}

}  // namespace
}  // namespace rollcall::catalog
