#include "agent/check_schedule.h"

#include <gtest/gtest.h>

#include <set>

namespace rollcall::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SteadyTime kNow{std::chrono::hours(5)};

TEST(CheckSchedule, FirstRunsAreSpreadOverTheFirstSecond) {
  std::set<SteadyTime> times;
  for (std::uint32_t seed = 0; seed < 1000; ++seed) {
    times.insert(CheckSchedule(seconds(10), seed * 7919).First(kNow));
  }
  EXPECT_GE(*times.begin(), kNow);
  EXPECT_LE(*times.rbegin(), kNow + seconds(1));
  EXPECT_GT(*times.rbegin() - *times.begin(), milliseconds(900));
  EXPECT_GT(times.size(), 900U);
}

TEST(CheckSchedule, AShortIntervalIsNotWaitedOutTwice) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    EXPECT_LE(CheckSchedule(milliseconds(50), seed).First(kNow), kNow + milliseconds(50));
  }
}

TEST(CheckSchedule, RunsKeepTheirIntervalOnTheAverage) {
  CheckSchedule schedule(seconds(10), 1);
  SteadyTime began = kNow;
  for (int run = 0; run < 1000; ++run) {
    const SteadyTime next = schedule.Next(began, began + milliseconds(300));
    EXPECT_GE(next - began, seconds(9));
    EXPECT_LE(next - began, seconds(11));
    began = next;
  }
  EXPECT_NEAR(std::chrono::duration<double>(began - kNow).count(), 10'000, 100);
}

TEST(CheckSchedule, OneThatTakesLongerThanItsIntervalLeavesARest) {
  CheckSchedule schedule(seconds(10), 1);
  EXPECT_EQ(schedule.Next(kNow, kNow + seconds(30)), kNow + seconds(30) + milliseconds(2500));
}

TEST(CheckSchedule, NoIntervalIsNotABusyLoop) {
  CheckSchedule schedule(milliseconds(0), 1);
  EXPECT_GT(schedule.Next(kNow, kNow), kNow + milliseconds(1));
}

}  // namespace
}  // namespace rollcall::agent
