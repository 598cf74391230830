#include "catalog/serial_offset.h"

#include <gtest/gtest.h>

namespace rollcall::catalog {
namespace {

TEST(SerialOffset, IsTheStoresFromTheBeginning) {
  SerialOffset serial;
  EXPECT_EQ(serial.Choose(10), 0U);
  EXPECT_TRUE(serial.Told(100, 11));
  EXPECT_EQ(serial.Choose(11), 100U);
  EXPECT_FALSE(serial.wanted());
}

TEST(SerialOffset, OldNewsIsIgnored) {
  SerialOffset serial;
  EXPECT_TRUE(serial.Told(100, 11));
  EXPECT_FALSE(serial.Told(50, 11));
  EXPECT_FALSE(serial.Told(50, 10));
  EXPECT_EQ(serial.Choose(12), 100U);
}

TEST(SerialOffset, BridgesTheGapUntilTheRaisedOneArrives) {
  SerialOffset serial;
  EXPECT_EQ(serial.Choose(1000), 0U);  // serves 1000
  serial.Forget();
  EXPECT_EQ(7 + serial.Choose(7), 1001U);  // another store, at revision 7
  ASSERT_TRUE(serial.wanted());
  EXPECT_EQ(serial.wanted()->above, 1000U);
  EXPECT_EQ(serial.wanted()->at, 7);
  EXPECT_EQ(8 + serial.Choose(8), 1002U);  // goes on with its revisions
  EXPECT_EQ(serial.wanted()->at, 7);       // and still wants the same

  EXPECT_TRUE(serial.Told(10, 9));  // too low to be taken
  EXPECT_EQ(9 + serial.Choose(9), 1003U);
  EXPECT_TRUE(serial.Told(1001 - 7, 10));
  EXPECT_EQ(10 + serial.Choose(10), 1004U);
  EXPECT_FALSE(serial.wanted());
}

TEST(SerialOffset, AHigherOffsetIsTakenAtOnce) {
  SerialOffset serial;
  EXPECT_EQ(serial.Choose(1000), 0U);
  serial.Forget();
  EXPECT_TRUE(serial.Told(5000, 3));
  EXPECT_EQ(7 + serial.Choose(7), 5007U);
  EXPECT_FALSE(serial.wanted());
}

TEST(SerialOffset, DoesNotGoBackWhenTheRecordIsLowered) {
  SerialOffset serial;
  EXPECT_TRUE(serial.Told(500, 2));
  EXPECT_EQ(serial.Choose(2), 500U);
  EXPECT_TRUE(serial.Told(0, 3));
  EXPECT_GE(3 + serial.Choose(3), 502U);
  EXPECT_TRUE(serial.wanted());
}

TEST(SerialOffset, ComparesAroundTheEndOfTheNumbers) {
  SerialOffset serial;
  EXPECT_TRUE(serial.Told(0xffff'fff0, 1));
  EXPECT_EQ(serial.Choose(10), 0xffff'fff0);  // 0xfffffffa
  EXPECT_EQ(serial.Choose(20), 0xffff'fff0);  // 4: above it, by RFC 1982
  EXPECT_FALSE(serial.wanted());
  serial.Forget();
  EXPECT_EQ(2 + serial.Choose(2), 5U);
}

}  // namespace
}  // namespace rollcall::catalog
