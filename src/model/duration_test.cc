#include "model/duration.h"

#include <gtest/gtest.h>

#include <string>

namespace rollcall::model {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

TEST(ParseDuration, ReadsNumbersWithUnits) {
  const struct {
    std::string text;
    milliseconds want;
  } rows[] = {
      {"30", 30s},
      {"300", 300s},
      {"30s", 30s},
      {"90s", 90s},
      {"5m", 5min},
      {"1m", 1min},
      {"1h", 1h},
      {"2h", 2h},
      {"2h30m", 150min},
      {"1h30m45s", 5445s},
      {"0", 0s},
      {"0s", 0s},
      {"", 0s},
      {"500ms", 500ms},
      {"1s500ms", 1500ms},
      {"1d", 24h},
      {"2w", 336h},
      {"007s", 7s},
      {"106751d", 106751 * 24h},
  };
  for (const auto& row : rows) {
    const auto got = ParseDuration(row.text);
    ASSERT_TRUE(got) << row.text << ": " << got.error().message;
    EXPECT_EQ(*got, row.want) << row.text;
  }
}

TEST(ParseDuration, RefusesTheRest) {
  for (const std::string text :
       {"-30s", "+30s", "abc", "1y", "s", "1h30", "1.5h", "30 s", " 30s", "30s ", "1e3s", "30S",
        "10000000d", "99999999999999999999s", "100000000000000000000"}) {
    const auto got = ParseDuration(text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, ErrorCode::kInvalid);
  }
}

TEST(FormatDuration, IsReadBackAsItWas) {
  const struct {
    milliseconds duration;
    std::string want;
  } rows[] = {{0ms, "0s"},      {15s, "15s"},         {90min, "1h30m"},
              {500ms, "500ms"}, {61001ms, "1m1s1ms"}, {48h, "48h"}};
  for (const auto& row : rows) {
    EXPECT_EQ(FormatDuration(row.duration), row.want);
    EXPECT_EQ(ParseDuration(row.want).value(), row.duration);
  }
}

}  // namespace
}  // namespace rollcall::model
