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

TEST(Ascii, EveryOctetIsFoldedAsOneWhateverItsPlaceAndTheLength) {
  std::string text;
  for (int octet = 0; octet < 256; ++octet) text += static_cast<char>(octet);
  for (std::size_t from = 0; from < text.size(); ++from) {
    for (std::size_t size = 0; size <= 25 && from + size <= text.size(); ++size) {
      const std::string_view part = std::string_view(text).substr(from, size);
      std::string expected;
      for (const char c : part) expected += ToLower(c);
      std::string apart(size + 1, '#');
      LowerCaseTo(part, apart.data());
      EXPECT_EQ(apart, expected + '#');
      std::string in_place(part);
      LowerCaseTo(in_place, in_place.data());
      EXPECT_EQ(in_place, expected);
    }
  }
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
