#include "store/etcd/core/log_bound.h"

#include <gtest/gtest.h>

namespace rollcall::store::etcd {
namespace {

using std::chrono::seconds;

TEST(LogBound, LetsABurstPassAndThenOneInAWhile) {
  LogBound bound(3, seconds(60));
  SteadyTime now{seconds(1'000'000)};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bound.Pass(now), 0U) << i;
  for (int i = 0; i < 7; ++i) EXPECT_EQ(bound.Pass(now), std::nullopt) << i;
  now += seconds(59);
  EXPECT_EQ(bound.Pass(now), std::nullopt);
  now += seconds(1);
  EXPECT_EQ(bound.Pass(now), 8U);
  EXPECT_EQ(bound.Pass(now), std::nullopt);
}

TEST(LogBound, ALongSilenceGivesNoMoreThanTheBurst) {
  LogBound bound(3, seconds(60));
  SteadyTime now{seconds(1'000'000)};
  for (int i = 0; i < 4; ++i) (void)bound.Pass(now);
  now += std::chrono::hours(1000);
  EXPECT_EQ(bound.Pass(now), 1U);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(bound.Pass(now), 0U) << i;
  EXPECT_EQ(bound.Pass(now), std::nullopt);
}

}  // namespace
}  // namespace rollcall::store::etcd
