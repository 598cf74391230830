#include "store/lease_schedule.h"

#include <gtest/gtest.h>

namespace rollcall::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SteadyTime kStart{seconds(1000)};

TEST(LeaseSchedule, RenewsAtAThirdOfTheTimeToLiveGiveOrTakeAFifthOfThat) {
  milliseconds first(seconds(60)), last(0);
  LeaseSchedule schedule(seconds(30), kStart);
  for (int i = 0; i < 1000; ++i) {
    const auto wait = std::chrono::duration_cast<milliseconds>(schedule.next() - kStart);
    first = std::min(first, wait);
    last = std::max(last, wait);
    schedule.Renewed(seconds(30), kStart);
  }
  EXPECT_GE(first, seconds(8));
  EXPECT_LE(last, seconds(12));
  EXPECT_GT(last - first, seconds(3)) << "many that began together do not stay together";
}

TEST(LeaseSchedule, FollowsATimeToLiveThatTheStoreChanged) {
  LeaseSchedule schedule(seconds(30), kStart);
  schedule.Renewed(seconds(60), kStart);
  EXPECT_GE(schedule.next(), kStart + seconds(16));
  EXPECT_LE(schedule.next(), kStart + seconds(24));
  EXPECT_EQ(schedule.patience(), seconds(5));
}

TEST(LeaseSchedule, TriesAgainSoonerAndSeveralTimesBeforeTheEnd) {
  LeaseSchedule schedule(seconds(30), kStart);
  SteadyTime now = schedule.next();
  int tries = 0;
  for (; now < kStart + seconds(30); ++tries) {
    schedule.Failed(now);
    EXPECT_GT(schedule.next(), now);
    EXPECT_LE(schedule.next(), now + seconds(5));
    now = schedule.next();
  }
  EXPECT_GE(tries, 5);
}

TEST(LeaseSchedule, CanBeToldToRenewNow) {
  LeaseSchedule schedule(seconds(30), kStart);
  schedule.RenewAtOnce(kStart + seconds(1));
  EXPECT_EQ(schedule.next(), kStart + seconds(1));
}

TEST(LeaseSchedule, OneRenewalNeverTakesTheTimeOfAll) {
  EXPECT_EQ(LeaseSchedule(seconds(6), kStart).patience(), seconds(2));
  EXPECT_EQ(LeaseSchedule(seconds(3600), kStart).patience(), seconds(5));
  EXPECT_EQ(LeaseSchedule(seconds(1), kStart).patience(), milliseconds(500));
}

}  // namespace
}  // namespace rollcall::store
