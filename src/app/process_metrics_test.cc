#include "app/process_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rollcall::app {
namespace {

using ::testing::HasSubstr;

TEST(ProcessMetrics, ReadWhatTheKernelWrites) {
  const auto stat = ParseProcessStat(
      "4711 (a) (b c) S 1 4711 4711 0 -1 4194560 1906 0 1 0 25 17 0 0 20 0 9 0 8812300 "
      "734003200 5120 18446744073709551615 1 1 0\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->cpu_ticks, 42u);
  EXPECT_EQ(stat->threads, 9u);
  EXPECT_EQ(stat->start_ticks, 8'812'300u);
  EXPECT_EQ(stat->virtual_bytes, 734'003'200u);
  EXPECT_EQ(stat->resident_pages, 5120u);
}

TEST(ProcessMetrics, LeaveOutWhatIsNoSuchText) {
  const std::string no_numbers = "4711 (a) S x x x x x x x x x x x x x x x x x x x x x x x x\n";
  for (const std::string& text : {std::string(), std::string("4711 (a"), std::string("4711 (a) "),
                                  std::string("4711 (a) S 1 2 3"), no_numbers}) {
    EXPECT_FALSE(ParseProcessStat(text)) << text;
  }
}

TEST(ProcessMetrics, AreThereWithoutOurPrefix) {
  Metrics metrics;
  CollectProcess(metrics);
  const std::string text = metrics.Text();
  for (const char* name : {"process_cpu_seconds_total", "process_threads",
                           "process_virtual_memory_bytes", "process_resident_memory_bytes",
                           "process_start_time_seconds", "process_open_fds", "process_max_fds"}) {
    EXPECT_THAT(text, HasSubstr("\n" + std::string(name) + " "));
  }
}

}  // namespace
}  // namespace rollcall::app
