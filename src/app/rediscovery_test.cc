#include "app/rediscovery.h"

#include <gtest/gtest.h>

namespace rollcall::app {
namespace {

using std::chrono::seconds;

class RediscoveryTest : public ::testing::Test {
 protected:
  void Fail(ErrorCode code) {
    const Error error{code, ""};
    rediscovery_.Note(&error, now_);
  }
  bool DueAfter(seconds time) {
    now_ += time;
    return rediscovery_.Due(now_);
  }

  SteadyTime now_{seconds(1000)};
  Rediscovery rediscovery_;
};

TEST_F(RediscoveryTest, IsDueWhenNobodyAnsweredForAWhile) {
  EXPECT_FALSE(DueAfter(seconds(1000)));
  Fail(ErrorCode::kUnavailable);
  EXPECT_FALSE(DueAfter(seconds(29)));
  Fail(ErrorCode::kDeadline);
  EXPECT_TRUE(DueAfter(seconds(1)));
}

TEST_F(RediscoveryTest, IsNotDueAgainBeforeAnotherWhile) {
  Fail(ErrorCode::kUnavailable);
  EXPECT_TRUE(DueAfter(seconds(30)));
  EXPECT_FALSE(DueAfter(seconds(29)));
  EXPECT_TRUE(DueAfter(seconds(1)));
}

TEST_F(RediscoveryTest, AnyAnswerEndsTheSilence) {
  Fail(ErrorCode::kUnavailable);
  now_ += seconds(29);
  EXPECT_TRUE(rediscovery_.silent());
  rediscovery_.Note(nullptr, now_);
  EXPECT_FALSE(rediscovery_.silent());
  EXPECT_FALSE(DueAfter(seconds(1)));
  Fail(ErrorCode::kUnavailable);
  now_ += seconds(29);
  Fail(ErrorCode::kRefused);
  EXPECT_FALSE(rediscovery_.silent());
  EXPECT_FALSE(DueAfter(seconds(1)));
}

}  // namespace
}  // namespace rollcall::app
