#include "checker.h"

#include <gtest/gtest.h>

namespace rollcall::linear {
namespace {

using Kind = Operation::Kind;

Operation Write(std::int64_t begun, std::int64_t ended, std::int64_t value) {
  return {Kind::kWrite, begun, ended, value, 0, false};
}
Operation Read(std::int64_t begun, std::int64_t ended, std::int64_t value) {
  return {Kind::kRead, begun, ended, value, 0, false};
}
Operation Set(std::int64_t begun, std::int64_t ended, std::int64_t expected, std::int64_t value,
              bool succeeded) {
  return {Kind::kCompareAndSet, begun, ended, value, expected, succeeded};
}

TEST(Checker, TakesWhatCanHaveHappened) {
  EXPECT_TRUE(IsLinearizable({}));
  EXPECT_TRUE(IsLinearizable({Read(0, 1, 0), Write(2, 3, 1), Read(4, 5, 1)}));
  // A read beside a write sees it or does not.
  EXPECT_TRUE(IsLinearizable({Write(0, 10, 1), Read(1, 2, 0), Read(3, 4, 1)}));
  EXPECT_TRUE(IsLinearizable({Write(0, 10, 1), Write(0, 10, 2), Read(11, 12, 1)}));
  EXPECT_TRUE(IsLinearizable({Set(0, 10, 0, 1, true), Set(0, 10, 0, 2, false), Read(11, 12, 1)}));
}

TEST(Checker, RefusesWhatCannot) {
  EXPECT_FALSE(IsLinearizable({Read(0, 1, 5)}));
  EXPECT_FALSE(IsLinearizable({Write(0, 1, 1), Read(2, 3, 0)}));                   // stale
  EXPECT_FALSE(IsLinearizable({Write(0, 10, 1), Read(1, 2, 1), Read(3, 4, 0)}));   // and back
  EXPECT_FALSE(IsLinearizable({Write(0, 1, 1), Write(2, 3, 2), Read(4, 5, 1)}));   // lost
  EXPECT_FALSE(IsLinearizable({Set(0, 10, 0, 1, true), Set(0, 10, 0, 2, true)}));  // both won
  EXPECT_FALSE(IsLinearizable({Set(0, 1, 0, 1, false)}));
}

TEST(Checker, WhatNobodyKnowsMayHaveHappenedOrNot) {
  EXPECT_TRUE(IsLinearizable({Write(0, kNever, 1), Read(5, 6, 0)}));
  EXPECT_TRUE(IsLinearizable({Write(0, kNever, 1), Read(5, 6, 1)}));
  EXPECT_TRUE(IsLinearizable({Write(0, kNever, 1), Read(5, 6, 0), Read(7, 8, 1)}));
  EXPECT_FALSE(IsLinearizable({Write(0, kNever, 1), Read(5, 6, 1), Read(7, 8, 0)}));
}

}  // namespace
}  // namespace rollcall::linear
