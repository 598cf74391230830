#include "base/log.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace rollcall::log
