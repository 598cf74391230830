#include "agent/check_output.h"

#include <gtest/gtest.h>

namespace rollcall::agent {
namespace {

TEST(FirstLine, IsOneLineOfText) {
  EXPECT_EQ(FirstLine(""), "");
  EXPECT_EQ(FirstLine(" \n\t\n"), "");
  EXPECT_EQ(FirstLine("DISK OK - 40% free | /=60%\nmore\n"), "DISK OK - 40% free | /=60%");
  EXPECT_EQ(FirstLine("\n\n  later \r\nmore"), "later");
  EXPECT_EQ(FirstLine("a\tb\x1b[31mred\x7f"), "a b [31mred ");
}

TEST(FirstLine, IsUtf8WhateverItWas) {
  EXPECT_EQ(FirstLine("na\xc3\xafve"), "na\xc3\xafve");
  EXPECT_EQ(FirstLine("a\xff"), "a\xef\xbf\xbd");
}

TEST(FirstLine, IsCutBetweenCharacters) {
  EXPECT_EQ(FirstLine("0123456789", 10), "0123456789");
  EXPECT_EQ(FirstLine("0123456789a", 10), "0123456...");
  EXPECT_EQ(FirstLine("012345\xc3\xa4\xc3\xa4\xc3\xa4", 10), "012345...");
  EXPECT_EQ(FirstLine("\xff\xff\xff\xff\xff", 10), "\xef\xbf\xbd\xef\xbf\xbd...");
  EXPECT_EQ(FirstLine(std::string(100'000, 'x')).size(), kMostOutput);
}

}  // namespace
}  // namespace rollcall::agent
