#include "base/log.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace rollcall::log {
namespace {

TEST(Log, LogfmtQuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(FormatLine(Format::kLogfmt, Level::kWarn, "T", "value skipped",
                       {{"key", "/skydns/a"}, {"why", "a=\"b\"\n"}, {"count", 3}, {"none", ""}}),
            R"(ts=T level=warn msg="value skipped" key=/skydns/a why="a=\"b\"\n" count=3 none="")");
}

TEST(Log, JsonEscapesControlCharacters) {
  EXPECT_EQ(FormatLine(Format::kJson, Level::kInfo, "T", "m", {{"k", std::string("\x01\"")}}),
            R"({"ts":"T","level":"info","msg":"m","k":"\u0001\""})");
}

TEST(Log, WhatIsANumberOrATruthIsOneInJsonToo) {
  const std::initializer_list<Field> fields = {
      {"port", std::uint16_t{9100}},
      {"least", std::numeric_limits<std::int64_t>::min()},
      {"most", std::numeric_limits<std::uint64_t>::max()},
      {"share", 0.5},
      {"known", true},
      {"gone", false},
      {"text", "7"},
      {"truth", std::string("true")},
  };
  EXPECT_EQ(FormatLine(Format::kJson, Level::kInfo, "T", "m", fields),
            R"({"ts":"T","level":"info","msg":"m","port":9100,"least":-9223372036854775808,)"
            R"("most":18446744073709551615,"share":0.500000,"known":true,"gone":false,)"
            R"("text":"7","truth":"true"})");
  EXPECT_EQ(FormatLine(Format::kLogfmt, Level::kInfo, "T", "m", fields),
            "ts=T level=info msg=m port=9100 least=-9223372036854775808 "
            "most=18446744073709551615 share=0.500000 known=true gone=false text=7 truth=true");
}

TEST(Log, WhatJsonHasNoNumberForIsText) {
  EXPECT_EQ(FormatLine(Format::kJson, Level::kInfo, "T", "m",
                       {{"a", std::numeric_limits<double>::infinity()},
                        {"b", std::numeric_limits<float>::quiet_NaN()}}),
            R"({"ts":"T","level":"info","msg":"m","a":"inf","b":"nan"})");
}

}  // namespace
}  // namespace rollcall::log
