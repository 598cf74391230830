#include "app/metrics.h"

#include <gtest/gtest.h>

namespace rollcall::app {
namespace {

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

}  // namespace
}  // namespace rollcall::app
