#include "etcdapi/core/relief.h"

#include <gtest/gtest.h>

namespace rollcall::etcdapi {
namespace {

using std::chrono::seconds;

class ReliefTest : public ::testing::Test {
 protected:
  // Asks once a second while `ended` grows by `each`; how often it was due.
  int Pass(seconds time, std::uint64_t each) {
    int due = 0;
    for (seconds passed{0}; passed < time; passed += seconds(1)) {
      now_ += seconds(1);
      ended_ += each;
      due += relief_.IsDue(ended_, now_) ? 1 : 0;
    }
    return due;
  }

  SteadyTime now_{seconds(1000)};
  Relief relief_{now_};
  std::uint64_t ended_ = 0;
};

TEST_F(ReliefTest, ComesOnceAfterManyHaveEndedAndItIsCalm) {
  EXPECT_EQ(Pass(seconds(1000), 0), 0);
  EXPECT_EQ(Pass(seconds(50), 200), 0) << "in their midst";
  EXPECT_EQ(Pass(2 * Relief::kCalm, 0), 1);
  EXPECT_EQ(Pass(seconds(1000), 0), 0);
}

TEST_F(ReliefTest, DoesNotComeForFew) {
  EXPECT_EQ(Pass(seconds(1), Relief::kMany - 1), 0);
  EXPECT_EQ(Pass(seconds(1000), 0), 0);
}

TEST_F(ReliefTest, FewAtATimeAreManyInTheEnd) {
  EXPECT_EQ(Pass(seconds(Relief::kMany - 1), 1), 0);
  EXPECT_EQ(Pass(2 * Relief::kCalm, 1), 1);
}

TEST_F(ReliefTest, WhoeverStillComesAndGoesDoesNotHoldItUp) {
  EXPECT_EQ(Pass(seconds(1), 5000), 0);
  EXPECT_EQ(Pass(2 * Relief::kCalm, 1), 1);
}

TEST_F(ReliefTest, WaitsNoLongerThanItsPatience) {
  EXPECT_EQ(Pass(Relief::kPatience - seconds(1), 300), 0);
  EXPECT_EQ(Pass(2 * Relief::kCalm, 300), 1);
  EXPECT_EQ(Pass(10 * Relief::kPatience, 300), 10) << "and not all the time";
}

TEST_F(ReliefTest, ComesAgainForTheNextMany) {
  EXPECT_EQ(Pass(seconds(1), 5000) + Pass(seconds(100), 0), 1);
  EXPECT_EQ(Pass(seconds(1), 5000) + Pass(seconds(100), 0), 1);
}

}  // namespace
}  // namespace rollcall::etcdapi
