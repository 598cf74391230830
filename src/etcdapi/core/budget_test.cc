#include "etcdapi/core/budget.h"

#include <gtest/gtest.h>

#include <utility>

namespace rollcall::etcdapi {
namespace {

TEST(Budget, GivesUntilItIsSpentAndAgainWhenSharesComeBack) {
  Budget budget(10);
  std::optional<Budget::Share> six = budget.Take(6);
  ASSERT_TRUE(six);
  EXPECT_FALSE(budget.Take(5));
  const auto four = budget.Take(4);
  EXPECT_TRUE(four);
  EXPECT_EQ(budget.left(), 0U);
  six.reset();
  EXPECT_EQ(budget.left(), 6U);
  EXPECT_TRUE(budget.Take(5));
}

TEST(Budget, WhatIsLargerThanTheWholePassesAlone) {
  Budget budget(10);
  {
    const auto small = budget.Take(1);
    EXPECT_FALSE(budget.Take(100));
  }
  const auto large = budget.Take(100);
  EXPECT_TRUE(large);
  EXPECT_FALSE(budget.Take(1));
}

TEST(Budget, WhatHasHappenedIsCountedAnyway) {
  Budget budget(10);
  {
    const Budget::Share share = budget.TakeAnyway(100);
    EXPECT_EQ(budget.held(), 100U);
    EXPECT_EQ(budget.left(), 0U);
  }
  EXPECT_EQ(budget.held(), 0U);
}

TEST(Budget, AShareThatIsMovedCountsOnce) {
  Budget budget(10);
  Budget::Share one = budget.TakeAnyway(3);
  Budget::Share other = std::move(one);
  EXPECT_EQ(budget.held(), 3U);
  other = budget.TakeAnyway(5);
  EXPECT_EQ(budget.held(), 5U);
  other = {};
  EXPECT_EQ(budget.held(), 0U);
}

}  // namespace
}  // namespace rollcall::etcdapi
