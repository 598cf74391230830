#include "store/etcd/core/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::store::etcd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

const SteadyTime kStart{seconds(1000)};

TEST(EndpointPicker, StartsWithTheFirstAndGoesRound) {
  const EndpointPicker picker(3);
  EXPECT_THAT(picker.Order(kStart), ElementsAre(0, 1, 2));
}

TEST(EndpointPicker, AFailedOneIsTriedLast) {
  EndpointPicker picker(3);
  picker.MarkFailed(0, kStart);
  EXPECT_THAT(picker.Order(kStart), ElementsAre(1, 2, 0));
}

TEST(EndpointPicker, WhoAnswersAfterAFailureStaysCurrent) {
  EndpointPicker picker(3);
  picker.MarkFailed(0, kStart);
  EXPECT_TRUE(picker.MarkAnswered(1));
  EXPECT_EQ(picker.current(), 1U);
  EXPECT_THAT(picker.Order(kStart + seconds(60)), ElementsAre(1, 2, 0));
}

TEST(EndpointPicker, AnAnswerFromAnotherDoesNotUnseatAHealthyOne) {
  EndpointPicker picker(2);
  EXPECT_FALSE(picker.MarkAnswered(1));
  EXPECT_EQ(picker.current(), 0U);
}

TEST(EndpointPicker, AFailureIsForgivenByAnAnswerOrByTime) {
  EndpointPicker picker(2, seconds(5));
  picker.MarkFailed(0, kStart);
  EXPECT_THAT(picker.Order(kStart + milliseconds(4999)), ElementsAre(1, 0));
  EXPECT_THAT(picker.Order(kStart + seconds(5)), ElementsAre(0, 1));
  picker.MarkFailed(0, kStart);
  EXPECT_FALSE(picker.MarkAnswered(0));
  EXPECT_THAT(picker.Order(kStart), ElementsAre(0, 1));
}

TEST(EndpointPicker, WhenAllFailedTheOneThatFailedLongestAgoLeads) {
  EndpointPicker picker(3);
  picker.MarkFailed(1, kStart);
  picker.MarkFailed(2, kStart + milliseconds(1));
  picker.MarkFailed(0, kStart + milliseconds(2));
  EXPECT_THAT(picker.Order(kStart + milliseconds(3)), ElementsAre(1, 2, 0));
}

TEST(EndpointPicker, OneEndpointIsTriedWhateverItDid) {
  EndpointPicker picker(1);
  picker.MarkFailed(0, kStart);
  EXPECT_THAT(picker.Order(kStart), ElementsAre(0));
}

TEST(ShareOf, DividesWhatIsLeft) {
  EXPECT_EQ(ShareOf(kStart, kStart + seconds(3), 3), kStart + seconds(1));
  EXPECT_EQ(ShareOf(kStart + seconds(1), kStart + seconds(3), 2), kStart + seconds(2));
  EXPECT_EQ(ShareOf(kStart, kStart + seconds(3), 1), kStart + seconds(3));
}

TEST(ShareOf, IsThePastWhenTheDeadlineIs) {
  EXPECT_EQ(ShareOf(kStart, kStart - seconds(1), 3), kStart - seconds(1));
}

// A member that says nothing must cost a contact proof of 2 s so little that the
// other two still get to answer.
TEST(ShareOf, ASilentMemberLeavesTimeForTheOthers) {
  EndpointPicker picker(3);
  const SteadyTime deadline = kStart + milliseconds(2000);
  SteadyTime now = ShareOf(kStart, deadline, 3);
  picker.MarkFailed(0, now);
  EXPECT_LT(now - kStart, milliseconds(700));
  EXPECT_GT(ShareOf(now, deadline, 2) - now, milliseconds(600));
  EXPECT_EQ(picker.Order(now).front(), 1U);
}

}  // namespace
}  // namespace rollcall::store::etcd
