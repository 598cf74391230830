#include "base/quote.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(Quote, ShowsTextAsItIs) {
  EXPECT_EQ(Quote(""), R"("")");
  EXPECT_EQ(Quote("node.a"), R"("node.a")");
  EXPECT_EQ(Quote("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
            "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

TEST(Quote, EscapesWhatWouldMislead) {
  EXPECT_EQ(Quote("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(Quote("a\nb\r\tc"), R"("a\nb\r\tc")");
  EXPECT_EQ(Quote(std::string_view("\x1b[31m\0\x7f", 7)), R"("\x1b[31m\x00\x7f")");
}

TEST(Quote, EscapesOctetsThatAreNoUtf8) {
  EXPECT_EQ(Quote("\xff"), R"("\xff")");
  EXPECT_EQ(Quote("\xbf\xc6"), R"("\xbf\xc6")") << "stops in the midst of a character";
  EXPECT_EQ(Quote("a\xe2\x82"), R"("a\xe2\x82")");
  EXPECT_EQ(Quote("\xc6x"), R"("\xc6x")");
  EXPECT_EQ(Quote("\xc0\xaf"), R"("\xc0\xaf")") << "overlong";
  EXPECT_EQ(Quote("\xed\xa0\x80"), R"("\xed\xa0\x80")") << "a surrogate";
  EXPECT_EQ(Quote("\xf4\x90\x80\x80"), R"("\xf4\x90\x80\x80")") << "beyond U+10FFFF";
}

}  // namespace
}  // namespace rollcall
