#include "base/brackets.h"

#include <gtest/gtest.h>

#include <string>

namespace rollcall {
namespace {

TEST(Brackets, AreCountedWhileTheyAreOpen) {
  const std::string most(kMostBrackets, '[');
  EXPECT_EQ(TooManyBrackets(""), std::nullopt);
  EXPECT_EQ(TooManyBrackets("a: [b, {c: d}]\n"), std::nullopt);
  EXPECT_EQ(TooManyBrackets(most), std::nullopt);
  EXPECT_EQ(TooManyBrackets("a\nb\n" + most + "{"), 3U);
  EXPECT_EQ(TooManyBrackets(most + "]\n["), std::nullopt);
  EXPECT_EQ(TooManyBrackets("]]]" + most + "\n["), 2U);  // what is closed too often earns nothing
}

}  // namespace
}  // namespace rollcall
