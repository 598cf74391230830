#include "app/explain_target.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

namespace rollcall::app {
namespace {

struct Parsed {
  const char* text;
  const char* host;
  bool is_address;
  std::optional<std::uint16_t> port;
};

TEST(ExplainTarget, IsAnAddressOrANameWithOrWithoutAPort) {
  for (const Parsed& parsed : {
           Parsed{"10.1.2.3:9100", "10.1.2.3", true, 9100},
           Parsed{"10.1.2.3", "10.1.2.3", true, std::nullopt},
           Parsed{"[2001:DB8:0::1]:9100", "2001:db8::1", true, 9100},
           Parsed{"2001:db8::1", "2001:db8::1", true, std::nullopt},
           Parsed{"[::1]", "::1", true, std::nullopt},
           Parsed{"Server01", "server01", false, std::nullopt},
           Parsed{"server01.node.prom.internal.:9100", "server01.node.prom.internal", false, 9100},
           Parsed{"http://server01:9100/metrics?x=y", "server01", false, 9100},
           Parsed{"https://[::1]:1", "::1", true, 1},
       }) {
    const auto target = ParseTarget(parsed.text);
    ASSERT_TRUE(target) << parsed.text << ": " << target.error().message;
    EXPECT_EQ(target->host, parsed.host) << parsed.text;
    EXPECT_EQ(target->is_address, parsed.is_address) << parsed.text;
    EXPECT_EQ(target->port, parsed.port) << parsed.text;
  }
  for (const char* text :
       {"", ":1", "a:", "a:b", "a:0", "a:65536", "a..b", "http://", "http:///x"}) {
    EXPECT_FALSE(ParseTarget(text)) << text;
  }
  EXPECT_FALSE(ParseTarget(std::string(2000, 'a')));
}

TEST(ExplainTarget, FitsByAddressNameOrFirstLabel) {
  const boost::json::object instance{{"instance", "Server01"},
                                     {"name", "node.prom.internal"},
                                     {"address", "2001:db8:0::1"},
                                     {"port", 9100}};
  const std::pair<const char*, Fit> cases[] = {
      {"2001:db8::1", Fit::kWhole},
      {"[2001:db8::1]:9100", Fit::kWhole},
      {"[2001:db8::1]:9101", Fit::kPort},
      {"2001:db8::2", Fit::kNone},
      {"server01", Fit::kWhole},
      {"server01:1", Fit::kPort},
      {"server01.node.prom.internal", Fit::kWhole},
      {"server01.node", Fit::kNone},  // asked for with each zone behind it
      {"server0", Fit::kNone},
  };
  for (const auto& [text, fit] : cases) EXPECT_EQ(FitOf(*ParseTarget(text), instance), fit) << text;
  EXPECT_EQ(PlaceOf(instance), "[2001:db8:0::1]:9100");
  EXPECT_EQ(NameOf(instance), "server01.node.prom.internal");
}

TEST(ExplainTarget, SimilarIsTwoSlipsAndNotAllOfIt) {
  const std::tuple<const char*, const char*, bool> cases[] = {
      {"server01", "Server01", true},
      {"server01", "server1", true},
      {"server01", "servre01", true},
      {"server01", "server123", false},
      {"ab", "cd", false},
      {"a", "b", false},
      {"", "", false},
      {"", "abc", false},
      {"web1", "web", true},
  };
  for (const auto& [a, b, similar] : cases) {
    EXPECT_EQ(IsSimilar(a, b), similar) << a << " " << b;
    EXPECT_EQ(IsSimilar(b, a), similar) << b << " " << a;
  }
  EXPECT_FALSE(IsSimilar(std::string(100'000, 'a'), std::string(100'000, 'a')));
}

}  // namespace
}  // namespace rollcall::app
