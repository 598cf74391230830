// Copies between two stores in memory, interrupted, disturbed and run again.
#include "store/copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "store/embedded/store.h"
#include "store/faulty.h"

namespace rollcall::store {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::chrono::milliseconds kLong{20'000};

class CopyTest : public ::testing::Test {
 protected:
  static void Put(Store& store, const std::string& key, const std::string& value,
                  LeaseId lease = 0) {
    ASSERT_TRUE(store.Txn({{}, {PutOp{key, value, lease}}, {}}, After(kLong)));
  }
  static void Delete(Store& store, const std::string& key) {
    ASSERT_TRUE(store.Txn({{}, {DeleteOp{KeyRange::Single(key)}}, {}}, After(kLong)));
  }
  // "key=value", with "/lease" where there is one.
  static std::vector<std::string> All(Store& store) {
    std::vector<std::string> all;
    const auto found = store.Range({.keys = KeyRange::All()}, After(kLong));
    EXPECT_TRUE(found);
    for (const KeyValue& kv : found->kvs) {
      all.push_back(kv.key + "=" + kv.value +
                    (kv.lease == 0 ? "" : "/" + std::to_string(kv.lease)));
    }
    return all;
  }
  void Fill(int keys) {
    for (int i = 0; i < keys; ++i) Put(*from_, "/k/" + std::to_string(1000 + i), "v");
  }
  Result<CopyReport> Run() { return Copy(*from_, faulty_, options_); }

  std::unique_ptr<embedded::EmbeddedStore> from_ = embedded::Open({.cluster_id = 1});
  std::unique_ptr<embedded::EmbeddedStore> to_ = embedded::Open({.cluster_id = 2});
  FaultyStore faulty_{*to_};
  CopyOptions options_{.mark_key = "/rollcall/v1/copy",
                       .left_out_prefix = "/rollcall/v1/advertised/",
                       .page_size = 50,
                       .call_timeout = kLong,
                       .progress = {},
                       .is_cancelled = {}};
};

TEST_F(CopyTest, BringsEverythingAndLeavesNoMark) {
  Fill(330);
  Put(*from_, std::string("\0binary", 7), std::string("\n\0\xff", 3));
  Put(*from_, "/large", std::string(600'000, 'x'));
  std::int64_t told = 0;
  options_.progress = [&](std::int64_t done, std::int64_t all) {
    EXPECT_LE(done, all);
    told = done;
  };
  const auto report = Run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(All(*to_), All(*from_));
  EXPECT_EQ(report->keys, 332);
  EXPECT_EQ(report->written, 332);
  EXPECT_EQ(report->revision, from_->header().revision);
  EXPECT_EQ(told, 332);
}

TEST_F(CopyTest, AnEmptyStoreIsNothingToDo) {
  const auto report = Run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->keys, 0);
  EXPECT_THAT(All(*to_), IsEmpty());
}

TEST_F(CopyTest, LeasesKeepTheirIdsAndHaveAllOfTheirTime) {
  ASSERT_TRUE(from_->LeaseGrant(seconds(60), 7, After(kLong)));
  ASSERT_TRUE(from_->LeaseGrant(seconds(30), 8, After(kLong)));
  Put(*from_, "/a", "1", 7);
  Put(*from_, "/b", "1", 7);
  Put(*from_, "/c", "1", 8);
  const auto report = Run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->leases, 2U);
  EXPECT_THAT(All(*to_), ElementsAre("/a=1/7", "/b=1/7", "/c=1/8"));
  const auto times = to_->LeaseTimeToLive(7, After(kLong));
  ASSERT_TRUE(times);
  EXPECT_EQ(times->granted, seconds(60));
  EXPECT_GE(times->left, seconds(58));
  ASSERT_TRUE(to_->LeaseRevoke(7, After(kLong)));
  EXPECT_THAT(All(*to_), ElementsAre("/c=1/8"));
}

TEST_F(CopyTest, ALeaseThatCannotHaveItsTimeFailsTheCopy) {
  ASSERT_TRUE(from_->LeaseGrant(seconds(60), 7, After(kLong)));
  ASSERT_TRUE(to_->LeaseGrant(seconds(90), 7, After(kLong)));
  Put(*from_, "/a", "1", 7);
  const auto report = Run();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kConflict);
  EXPECT_THAT(report.error().message, HasSubstr("lease 7"));
}

TEST_F(CopyTest, AConflictIsNamedAndNothingIsOverwritten) {
  Put(*from_, "/a", "ours");
  Put(*to_, "/a", "theirs");
  const auto refused = Run();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("/a"));
  EXPECT_THAT(All(*to_), ::testing::Contains("/a=theirs"));
  options_.overwrite = true;
  ASSERT_TRUE(Run());
  EXPECT_THAT(All(*to_), ElementsAre("/a=ours"));
}

TEST_F(CopyTest, TheDestinationsOwnKeysAreLeftAlone) {
  Fill(3);
  Put(*to_, "/other/app", "x");
  Put(*to_, "/k/1001", "v");
  const auto report = Run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->others, 1);
  EXPECT_EQ(report->keys, 3);
  EXPECT_EQ(report->written, 2);
  EXPECT_THAT(All(*to_), ElementsAre("/k/1000=v", "/k/1001=v", "/k/1002=v", "/other/app=x"));
}

TEST_F(CopyTest, WhatTheServerAdvertisesIsLeftOut) {
  Put(*from_, "/skydns/internal/prom/_tcp/_etcd-client/one", "{}");
  Put(*from_, "/rollcall/v1/advertised/skydns/internal/prom/_tcp/_etcd-client/one", "{}");
  Put(*from_, "/skydns/internal/prom/node/one", "{}");
  const auto report = Run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(All(*to_), ElementsAre("/skydns/internal/prom/node/one={}"));
  EXPECT_EQ(report->left_out, 2);
}

TEST_F(CopyTest, AnInterruptedCopyGoesOnAndTakesAwayWhatWasDeregisteredMeanwhile) {
  Fill(600);
  Put(*to_, "/other/app", "x");
  int asked = 0;
  options_.is_cancelled = [&] { return ++asked == 2; };
  const auto interrupted = Run();
  ASSERT_FALSE(interrupted);
  EXPECT_EQ(interrupted.error().code, ErrorCode::kCancelled);
  EXPECT_GT(All(*to_).size(), 300U);
  Delete(*from_, "/k/1000");
  Put(*from_, "/k/1001", "changed");
  options_.is_cancelled = {};
  const auto report = Run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->removed, 1);
  Delete(*to_, "/other/app");
  EXPECT_EQ(All(*to_), All(*from_));
}

TEST_F(CopyTest, ABrokenConnectionIsAnErrorAndTheNextRunGoesOn) {
  Fill(300);
  faulty_.FailNext(FaultyStore::Call::kTxn, 1, ErrorCode::kUnavailable);
  EXPECT_FALSE(Run());
  faulty_.Mend();
  ASSERT_TRUE(Run());
  EXPECT_EQ(All(*to_), All(*from_));
}

TEST_F(CopyTest, AnotherCopysMarkIsRespected) {
  Fill(1);
  Put(*to_, "/rollcall/v1/copy", R"({"from":"99"})");
  const auto refused = Run();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("delete /rollcall/v1/copy"));
}

TEST_F(CopyTest, AStoreIsNotCopiedIntoItself) {
  Fill(1);
  const auto refused = Copy(*from_, *from_, options_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
}

TEST_F(CopyTest, WritersAtTheSourceAreFollowedForAWhile) {
  Fill(600);
  int writes = 2;  // one for each of the first passes
  options_.progress = [&](std::int64_t done, std::int64_t all) {
    if (done == all && writes-- > 0) Put(*from_, "/new/" + std::to_string(writes), "v");
  };
  const auto report = Run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(All(*to_), All(*from_));

  options_.progress = [&](std::int64_t done, std::int64_t all) {
    if (done == all) Put(*from_, "/restless", std::to_string(++writes));
  };
  const auto restless = Run();
  ASSERT_FALSE(restless);
  EXPECT_THAT(restless.error().message, HasSubstr("stop its writers"));
}

TEST_F(CopyTest, CompactionOfTheSourceDoesNotEndIt) {
  Fill(600);
  bool compacted = false;
  options_.progress = [&](std::int64_t, std::int64_t) {
    if (std::exchange(compacted, true)) return;
    Put(*from_, "/k/1000", "changed");
    ASSERT_TRUE(from_->Compact(from_->header().revision));
  };
  const auto report = Run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(All(*to_), All(*from_));
}

}  // namespace
}  // namespace rollcall::store
