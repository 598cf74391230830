#include "model/time.h"

#include <gtest/gtest.h>

namespace rollcall::model {
namespace {

using std::chrono::seconds;

WallTime At(std::int64_t unix_seconds) {
  return WallTime(seconds(unix_seconds));
}

TEST(Time, IsWrittenAndReadBack) {
  const WallTime time = At(1'769'860'800);
  EXPECT_EQ(FormatTime(time), "2026-01-31T12:00:00Z");
  EXPECT_EQ(ParseTime("2026-01-31T12:00:00Z"), time);
}

TEST(Time, IsReadAsRfc3339HasIt) {
  const WallTime time = At(1'769'860'800);
  EXPECT_EQ(ParseTime("2026-01-31t12:00:00z"), time);
  EXPECT_EQ(ParseTime("2026-01-31 12:00:00.123456Z"), time);
  EXPECT_EQ(ParseTime("2026-01-31T14:00:00+02:00"), time);
  EXPECT_EQ(ParseTime("2026-01-31T06:30:00-05:30"), time);
  EXPECT_EQ(ParseTime("2024-02-29T00:00:00Z"), At(1'709'164'800));
}

TEST(Time, IsRefusedWhereItIsNone) {
  for (const char* text :
       {"", "2026", "2026-01-31", "2026-01-31T12:00:00", "2026-02-30T12:00:00Z",
        "2026-13-01T12:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z",
        "2026-01-31T12:00:61Z", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00Zx", "-026-01-31T12:00:00Z", "2026-1-31T12:00:00Z",
        "1677-01-31T12:00:00Z", "9999-12-31T23:59:59Z", "2026-01-31T1-:00:00Z"}) {
    EXPECT_FALSE(ParseTime(text)) << text;
  }
  EXPECT_EQ(ParseTime("soon").error().message,
            "\"soon\" is not a time such as 2026-01-31T12:00:00Z");
}

}  // namespace
}  // namespace rollcall::model
