#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace rollcall {
namespace {

using namespace std::string_view_literals;

TEST(Utf8, WellFormedTextIsTakenWhole) {
  for (const std::string_view text :
       {""sv, "a\0b"sv, "grün"sv, "\xC2\x80"sv, "\xE0\xA0\x80"sv, "\xED\x9F\xBF"sv,
        "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
}

TEST(Utf8, AnythingElseIsNot) {
  for (const std::string_view text :
       {"\x80"sv, "a\xFF"sv, "\xC3"sv, "\xC0\xAF"sv, "\xE0\x9F\x80"sv, "\xED\xA0\x80"sv,
        "\xF0\x8F\x80\x80"sv, "\xF4\x90\x80\x80"sv, "\xF8\x88\x80\x80\x80"sv, "\xE2\x82"sv}) {
    EXPECT_FALSE(IsUtf8(text)) << testing::PrintToString(std::string(text));
  }
}

}  // namespace
}  // namespace rollcall
