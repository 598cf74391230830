#include "app/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::app {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, AreInPrometheussTextFormat) {
  Metrics metrics;
  metrics.Gauge("store_synced", "Whether.", 1);
  metrics.Counter("dns_requests_total", "How many.", 3, {{"proto", "udp"}});
  metrics.Counter("dns_requests_total", "How many.", 4, {{"proto", "a\"b\\"}});
  metrics.Gauge("process_threads", "Of all.", 5);
  EXPECT_EQ(metrics.Text(),
            "# HELP rollcall_store_synced Whether.\n"
            "# TYPE rollcall_store_synced gauge\n"
            "rollcall_store_synced 1\n"
            "# HELP rollcall_dns_requests_total How many.\n"
            "# TYPE rollcall_dns_requests_total counter\n"
            "rollcall_dns_requests_total{proto=\"udp\"} 3\n"
            "rollcall_dns_requests_total{proto=\"a\\\"b\\\\\"} 4\n"
            "# HELP process_threads Of all.\n"
            "# TYPE process_threads gauge\n"
            "process_threads 5\n");
}

TEST(Metrics, AHistogramCountsUpToEachBound) {
  DelayHistogram delays;
  delays.Observe(std::chrono::microseconds(-3));  // a clock that nobody holds against us
  delays.Observe(std::chrono::milliseconds(1), 2);
  delays.Observe(std::chrono::minutes(1));
  Metrics metrics;
  metrics.Histogram("propagation_seconds", "How long.", delays);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("# TYPE rollcall_propagation_seconds histogram\n"));
  const std::string bucket = "rollcall_propagation_seconds_bucket{le=";
  EXPECT_THAT(text, HasSubstr(bucket + "\"0.0001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(bucket + "\"0.0005\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(bucket + "\"0.001\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(bucket + "\"30\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(bucket + "\"+Inf\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("rollcall_propagation_seconds_count 4\n"));
  EXPECT_THAT(text, HasSubstr("rollcall_propagation_seconds_sum 60.002"));
}

}  // namespace
}  // namespace rollcall::app
