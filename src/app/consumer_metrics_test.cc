#include "app/consumer_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rollcall::app {
namespace {

using serving::seen::Ask;
using serving::seen::Book;
using serving::seen::Mechanism;
using ::testing::HasSubstr;
using ::testing::Not;

class ConsumerMetricsTest : public ::testing::Test {
 protected:
  void Note(std::string client, std::string agent, std::string name, std::int64_t revision) {
    Ask ask;
    ask.client = std::move(client);
    ask.name = std::move(name);
    ask.user_agent = std::move(agent);
    ask.revision = revision;
    book_.Note(ask);
  }
  std::string Text() {
    Metrics metrics;
    CollectConsumers(book_, reader_, metrics);
    return metrics.Text();
  }

  catalog::Publisher publisher_;
  catalog::Publisher::Reader reader_ = publisher_.AddReader();
  Book book_;
};

TEST_F(ConsumerMetricsTest, OneClientIsOneRowWhateverPrograms) {
  publisher_.Apply([&](catalog::View& view) {
    store::KeyValue kv;
    kv.key = "/skydns/internal/prom/node/a";
    kv.value = R"({"host":"192.0.2.1"})";
    kv.mod_revision = 9;
    view.tree.Put(catalog::MakeRegistration("/skydns", kv, nullptr).value());
  });
  Note("192.0.2.9", "curl", "NODE.prom.internal", 9);
  Note("192.0.2.9", "Prometheus/2.42.0", "node.prom.internal", 7);
  const std::string text = Text();
  const std::string row =
      R"({consumer="192.0.2.9",name="node.prom.internal",mechanism="http_sd"} )";
  EXPECT_THAT(text, HasSubstr("rollcall_consumer_asks_total" + row + "2\n"));
  EXPECT_THAT(text, HasSubstr("rollcall_consumer_revision_lag" + row + "2\n")) << "of who was last";
  EXPECT_THAT(text, HasSubstr("rollcall_consumers 2\n"));
}

TEST_F(ConsumerMetricsTest, TheLatestAreShownAndNoMoreThanTheBound) {
  for (std::size_t i = 0; i < kMostConsumersShown + 1; ++i) {
    Note("client" + std::to_string(i), "", "node.prom.internal", 1);
  }
  const std::string text = Text();
  EXPECT_THAT(text, Not(HasSubstr(R"(consumer="client0")")));
  EXPECT_THAT(text, HasSubstr(R"(consumer="client1000")"));
  EXPECT_THAT(text, HasSubstr("rollcall_consumers 1001\n"));
}

}  // namespace
}  // namespace rollcall::app
