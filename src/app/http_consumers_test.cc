#include "app/http_consumers.h"

#include <gtest/gtest.h>

namespace rollcall::app {
namespace {

using serving::http::Request;
using serving::seen::Mechanism;
using std::chrono::milliseconds;

TEST(HttpConsumers, TellWhoAskedAndHow) {
  Request request;
  request.path = "/sd/node.prom.internal";
  request.headers = {{"user-agent", "Prometheus/3.0"},
                     {"x-prometheus-refresh-interval-seconds", "30.000000"}};
  request.peer.address = "192.0.2.7";
  const auto ask = AskOf(request, "node.prom.internal", 12);
  EXPECT_EQ(ask.client, "192.0.2.7");
  EXPECT_EQ(ask.mechanism, Mechanism::kHttpSd);
  EXPECT_EQ(ask.name, "node.prom.internal");
  EXPECT_EQ(ask.user_agent, "Prometheus/3.0");
  EXPECT_EQ(ask.transport, "http");
  EXPECT_EQ(ask.revision, 12);
  EXPECT_EQ(ask.interval, milliseconds(30'000));
}

TEST(HttpConsumers, AnIntervalThatIsNoneIsNotTaken) {
  for (const char* text : {"", "0", "-1", "nan", "inf", "1e9", "30s", "x"}) {
    Request request;
    request.path = "/v1/health/service/node";
    request.peer.encrypted = true;
    request.headers = {{"x-prometheus-refresh-interval-seconds", text}};
    const auto ask = AskOf(request, "node.prom.internal", 1);
    EXPECT_EQ(ask.interval, std::nullopt) << text;
    EXPECT_EQ(ask.mechanism, Mechanism::kConsulSd);
    EXPECT_EQ(ask.transport, "https");
  }
}

}  // namespace
}  // namespace rollcall::app
