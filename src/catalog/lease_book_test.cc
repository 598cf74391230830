#include "catalog/lease_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::catalog {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

SteadyTime At(int second) {
  return SteadyTime(seconds(second));
}

TEST(LeaseBook, ALeaseIsAskedOnceHoweverManyKeysNameIt) {
  LeaseBook book;
  for (int i = 0; i < 100; ++i) book.Add(7, At(1));
  EXPECT_THAT(book.TakeDue(At(1), 10), ElementsAre(7));
  EXPECT_THAT(book.TakeDue(At(100), 10), IsEmpty());  // being asked
  EXPECT_FALSE(book.next_due());
}

TEST(LeaseBook, IsAskedAgainWhenItsTimeHasRunOut) {
  LeaseBook book;
  book.Add(7, At(1));
  EXPECT_THAT(book.TakeDue(At(1), 10), ElementsAre(7));
  book.AskAgain(7, At(31));
  EXPECT_EQ(book.next_due(), At(31));
  EXPECT_THAT(book.TakeDue(At(30), 10), IsEmpty());
  EXPECT_THAT(book.TakeDue(At(31), 10), ElementsAre(7));
}

TEST(LeaseBook, IsForgottenWithItsLastKey) {
  LeaseBook book;
  book.Add(7, At(1));
  book.Add(7, At(1));
  book.Remove(7);
  EXPECT_TRUE(book.Names(7));
  book.Remove(7);
  EXPECT_FALSE(book.Names(7));
  EXPECT_THAT(book.TakeDue(At(1), 10), IsEmpty());
  book.AskAgain(7, At(2));  // the answer came too late
  EXPECT_FALSE(book.next_due());
  book.Remove(7);
}

TEST(LeaseBook, NoLeaseIsNone) {
  LeaseBook book;
  book.Add(0, At(1));
  EXPECT_FALSE(book.next_due());
}

TEST(LeaseBook, TakesTheLongestDueFirstAndNotMoreThanAsked) {
  LeaseBook book;
  book.Add(1, At(3));
  book.Add(2, At(1));
  book.Add(3, At(2));
  EXPECT_THAT(book.TakeDue(At(9), 2), ElementsAre(2, 3));
  EXPECT_THAT(book.TakeDue(At(9), 2), ElementsAre(1));
}

}  // namespace
}  // namespace rollcall::catalog
