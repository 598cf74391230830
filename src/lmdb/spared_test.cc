#include "lmdb/spared.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace rollcall::lmdb {
namespace {

TEST(Spared, TheStatusIsThatOfTheWork) {
  EXPECT_EQ(InSparedProcess("f", [] { return 7; }), 7);
}

TEST(Spared, WorkThatIsKilledByWhatItReadsIsAnError) {
  const auto bus = InSparedProcess("a-file", [] { return std::raise(SIGBUS); });
  ASSERT_FALSE(bus);
  EXPECT_EQ(bus.error().code, ErrorCode::kInternal);
  EXPECT_THAT(bus.error().message, ::testing::HasSubstr("a-file: a page is damaged or missing"));
  const auto killed = InSparedProcess("a-file", [] { return std::raise(SIGKILL); });
  ASSERT_FALSE(killed);
  EXPECT_EQ(killed.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace rollcall::lmdb
