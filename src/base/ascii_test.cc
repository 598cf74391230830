#include "base/ascii.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(Ascii, OnlyItsLettersAreFolded) {
  EXPECT_EQ(LowerCase("AZaz09@[`{\xC4\xDF"), "azaz09@[`{\xC4\xDF");
  EXPECT_TRUE(EqualsIgnoreCase("Node", "nODE"));
  EXPECT_FALSE(EqualsIgnoreCase("node", "nod"));
  EXPECT_FALSE(EqualsIgnoreCase("[", "{"));
}

TEST(Ascii, AnEndOrAStartIsNotLongerThanTheText) {
  EXPECT_TRUE(StartsWithIgnoreCase("HTTPS://x", "https://"));
  EXPECT_FALSE(StartsWithIgnoreCase("htt", "http"));
  EXPECT_TRUE(EndsWithIgnoreCase("a.LOCAL", "local"));
  EXPECT_FALSE(EndsWithIgnoreCase("cal", "local"));
  EXPECT_TRUE(StartsWithIgnoreCase("x", "") && EndsWithIgnoreCase("x", ""));
}

}  // namespace
}  // namespace rollcall
