#include "catalog/lister.h"

#include <gtest/gtest.h>

#include <vector>

#include "store/embedded/store.h"

namespace rollcall::catalog {
namespace {

using std::chrono::seconds;
using store::After;

// Hands reads to a store in memory, but pages only up to a size come in time.
class SlowLine : public store::Store {
 public:
  explicit SlowLine(store::Store& target) : target_(&target) {}
  void Carry(std::int64_t keys) { most_ = keys; }
  void SwitchTo(store::Store& target) { target_ = &target; }

  const std::vector<std::int64_t>& limits() const { return limits_; }

  Result<store::RangeResponse> Range(const store::RangeRequest& request,
                                     store::Deadline deadline) override {
    if (request.limit > 0) limits_.push_back(request.limit);
    if (request.limit > most_) return Fail(ErrorCode::kDeadline, "too slow");
    return target_->Range(request, deadline);
  }
  Result<store::TxnResponse> Txn(const store::TxnRequest& request,
                                 store::Deadline deadline) override {
    return target_->Txn(request, deadline);
  }
  Result<std::unique_ptr<store::Watch>> StartWatch(const store::WatchRequest& request,
                                                   store::Deadline deadline) override {
    return target_->StartWatch(request, deadline);
  }
  Result<store::Lease> LeaseGrant(seconds ttl, store::LeaseId id,
                                  store::Deadline deadline) override {
    return target_->LeaseGrant(ttl, id, deadline);
  }
  Result<seconds> LeaseKeepAlive(store::LeaseId id, store::Deadline deadline) override {
    return target_->LeaseKeepAlive(id, deadline);
  }
  Result<void> LeaseRevoke(store::LeaseId id, store::Deadline deadline) override {
    return target_->LeaseRevoke(id, deadline);
  }
  Result<store::LeaseTimes> LeaseTimeToLive(store::LeaseId id, store::Deadline deadline) override {
    return target_->LeaseTimeToLive(id, deadline);
  }

 private:
  store::Store* target_;
  std::int64_t most_ = 1'000'000;
  std::vector<std::int64_t> limits_;
};

class ListerTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kPage = 6400;

  static std::unique_ptr<store::embedded::EmbeddedStore> Open() {
    return store::embedded::Open({.cluster_id = 1, .timer = false});
  }
  static store::Revision Put(store::Store& store, const std::string& name) {
    const auto done = store.Txn(
        {{}, {store::PutOp{"/skydns/" + name, R"({"host":"192.0.2.1"})", 0}}, {}}, After(kLong));
    return done->header.revision;
  }
  static store::Revision Delete(store::Store& store, const std::string& name) {
    const auto done = store.Txn(
        {{}, {store::DeleteOp{store::KeyRange::Single("/skydns/" + name)}}, {}}, After(kLong));
    return done->header.revision;
  }
  // What a watch would have brought.
  void Hear(store::Store& store) {
    auto watch = store.StartWatch({{store::KeyRange::Prefix("/skydns/")},
                                   ledger_.With([](Ledger& ledger) { return ledger.WatchFrom(); })},
                                  After(kLong));
    while (const auto batch = (*watch)->Next(After(seconds(0)))) {
      ledger_.With([&](Ledger& ledger) { return ledger.Apply(batch->events); });
    }
  }

  static constexpr std::chrono::milliseconds kLong{20'000};
  std::unique_ptr<store::embedded::EmbeddedStore> memory_ = Open();
  SlowLine line_{*memory_};
  Publisher publisher_;
  LockedLedger ledger_{publisher_, SystemClock(), {"/skydns", {.share = 1}, {}}};
  Contact contact_{seconds(10)};
  Lister lister_{
      line_, ledger_, contact_, SystemClock(), {"/skydns", kPage, kPage, kLong, kLong}, [] {
        return false;
      }};
};

TEST_F(ListerTest, ALineTooSlowForAPageGetsSmallerOnes) {
  for (int i = 0; i < 2000; ++i) Put(*memory_, std::to_string(i));
  line_.Carry(500);
  int tries = 0;
  auto list = lister_.List({});
  while (!list && ++tries < 10) list = lister_.List({});
  ASSERT_TRUE(list);
  EXPECT_EQ(list->keys, 2000U);
  EXPECT_EQ(tries, 4);  // 6400, 3200, 1600 and 800 were too much
}

TEST_F(ListerTest, AStoreThatHungIsNoSlowLineForEver) {
  for (int i = 0; i < 20'000; ++i) Put(*memory_, std::to_string(i));
  line_.Carry(0);
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(lister_.List({}));
  EXPECT_EQ(line_.limits().back(), 100);
  line_.Carry(kPage);
  ASSERT_TRUE(lister_.List({}));
  EXPECT_EQ(line_.limits().back(), kPage);
}

TEST_F(ListerTest, PagesGrowWhereTheyComeFast) {
  for (int i = 0; i < 1500; ++i) Put(*memory_, std::to_string(i));
  Lister lister(line_, ledger_, contact_, SystemClock(), {"/skydns", 100, 400, kLong, kLong},
                [] { return false; });
  const auto list = lister.List({});
  ASSERT_TRUE(list);
  EXPECT_EQ(list->keys, 1500U);
  EXPECT_EQ(line_.limits(), (std::vector<std::int64_t>{100, 200, 400, 400, 400, 400}));
}

TEST_F(ListerTest, KnowsItsPastAgainAfterAnyChange) {
  EXPECT_TRUE(*lister_.KnowsOurPast());  // nothing known yet
  Put(*memory_, "a");
  Put(*memory_, "b");
  ASSERT_TRUE(lister_.List({}));
  EXPECT_TRUE(*lister_.KnowsOurPast());
  Put(*memory_, "a");
  Hear(*memory_);
  EXPECT_TRUE(*lister_.KnowsOurPast());
  Delete(*memory_, "b");
  Hear(*memory_);
  EXPECT_TRUE(*lister_.KnowsOurPast());
  // Changes that were not heard of yet do not matter.
  Put(*memory_, "b");
  EXPECT_TRUE(*lister_.KnowsOurPast());
}

TEST_F(ListerTest, AChangeUndoneBeforeAListIsNoPast) {
  Put(*memory_, "a");
  Put(*memory_, "b");
  ASSERT_TRUE(lister_.List({}));
  Delete(*memory_, "b");
  ASSERT_TRUE(lister_.List({}));
  EXPECT_TRUE(*lister_.KnowsOurPast());
}

TEST_F(ListerTest, AWatchIsNotTakenUpAtTheCompactedRevisionItself) {
  Put(*memory_, "a");
  ASSERT_TRUE(lister_.List({}));
  ASSERT_TRUE(memory_->Compact(Delete(*memory_, "a")));  // that of a watch's next event
  const auto knows = lister_.KnowsOurPast();
  ASSERT_FALSE(knows);
  EXPECT_EQ(knows.error().code, ErrorCode::kCompacted);
}

TEST_F(ListerTest, AStoreWithAnotherHistoryIsAnotherOne) {
  Put(*memory_, "a");
  Put(*memory_, "b");
  ASSERT_TRUE(lister_.List({}));
  const auto restored = Open();
  line_.SwitchTo(*restored);
  EXPECT_FALSE(*lister_.KnowsOurPast());  // our revision is yet to come there
  for (const char* name : {"a", "x", "y", "z", "b"}) Put(*restored, name);
  EXPECT_FALSE(*lister_.KnowsOurPast());  // or was another change
}

}  // namespace
}  // namespace rollcall::catalog
