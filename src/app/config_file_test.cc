#include "app/config_file.h"

#include <gmock/gmock.h>

#include "app/serve_options.h"

namespace rollcall::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<void> Load(const std::string& text, Settings& settings) {
  return LoadConfigText(text, "r.yml", settings);
}

TEST(ConfigFile, FieldsAreTheFlagsNamesNestedOrDotted) {
  Settings settings(ServeSettings());
  ASSERT_TRUE(
      Load("zone: [prom.internal, 10.0.0.0/8]\n"
           "dns:\n"
           "  listen-address: 0.0.0.0:53\n"
           "  default-ttl: 30s\n"
           "store: etcd\n"
           "store.path: /var/lib/x\n"
           "etcd.endpoint:\n"
           "  - http://a:2379\n"
           "  - http://b:2379\n",
           settings));
  EXPECT_THAT(settings.All("zone"), ElementsAre("prom.internal", "10.0.0.0/8"));
  EXPECT_EQ(settings.Text("dns.default-ttl"), "30s");
  EXPECT_EQ(settings.Text("store"), "etcd");
  EXPECT_THAT(settings.All("etcd.endpoint"), ElementsAre("http://a:2379", "http://b:2379"));
  const auto options = ReadServeOptions(settings);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->zones.names.size(), 2U);
  EXPECT_EQ(options->zones.default_ttl, 30U);
  EXPECT_FALSE(options->embedded);
}

TEST(ConfigFile, FlagsWinAndAListIsReplacedWhole) {
  Settings settings(ServeSettings());
  settings.Set("zone", {{"flag.test"}, "--zone"});
  ASSERT_TRUE(Load("zone: [a.test, b.test]\nprefix: /x\n", settings));
  EXPECT_THAT(settings.All("zone"), ElementsAre("flag.test"));
  EXPECT_EQ(settings.Text("prefix"), "/x");
}

struct Bad {
  const char* text;
  const char* said;
};

TEST(ConfigFile, WhatIsWrongIsToldWithItsLine) {
  for (const Bad& bad : {
           Bad{"zone: a\ndns:\n  lisen-address: x\n", "r.yml:3: field dns.lisen-address not found"},
           Bad{"zones: a\n", "r.yml:1: field zones not found"},
           Bad{"zones: {}\n", "r.yml:1: field zones not found"},
           Bad{"dns: {}\n", "r.yml:1: field dns not found"},
           Bad{"\nzone: []\n", "r.yml:2: the list of zone is empty"},
           Bad{"zone: a\n---\nzones: b\n", "r.yml:2: a second document begins"},
           Bad{"config.file: x\n", "r.yml:1: field config.file not found"},
           Bad{"prefix: /a\nprefix: /b\n", "r.yml:2: field prefix is there twice"},
           Bad{"prefix: [/a]\n", "r.yml:1: field prefix wants one text"},
           Bad{"zone: [[a]]\n", "r.yml:1: zone: an entry is no text"},
           Bad{", zone: a\n", "r.yml:1: a second document begins"},
           Bad{"- a\n", "r.yml:1: the file is not a map of fields"},
           Bad{"a: b: c\n", "r.yml:1:"},
           Bad{"zone: [a\n", "r.yml:2:"},
       }) {
    Settings settings(ServeSettings());
    const auto loaded = Load(bad.text, settings);
    ASSERT_FALSE(loaded) << bad.text;
    EXPECT_EQ(loaded.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(loaded.error().message, HasSubstr(bad.said)) << bad.text;
  }
}

TEST(ConfigFile, ABadValueIsToldWithItsLineToo) {
  Settings settings(ServeSettings());
  ASSERT_TRUE(Load("store: etcd\ndns:\n  default-ttl: soon\n", settings));
  const auto options = ReadServeOptions(settings);
  ASSERT_FALSE(options);
  EXPECT_THAT(options.error().message, HasSubstr("r.yml:3: dns.default-ttl"));
}

TEST(ConfigFile, AnEmptyFileSaysNothing) {
  Settings settings(ServeSettings());
  EXPECT_TRUE(Load("", settings));
  EXPECT_TRUE(Load("# nothing\n", settings));
  EXPECT_FALSE(LoadConfigFile("/no/such/file.yml", settings));
}

TEST(ServeOptions, TheDefaultsAreThoseOfTheInterface) {
  const auto options = ReadServeOptions(Settings(ServeSettings()));
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_TRUE(options->embedded);
  ASSERT_EQ(options->zones.names.size(), 1U);
  EXPECT_EQ(options->zones.names[0].ToText(), "prom.internal.");
  EXPECT_EQ(options->zones.default_ttl, 15U);
  EXPECT_EQ(options->zones.negative_ttl, 5U);
  EXPECT_EQ(options->dns.max_udp_size, 1232);
  ASSERT_EQ(options->dns.listen.size(), 1U);
  EXPECT_EQ(options->dns.listen[0].port, 5300);
  EXPECT_EQ(options->prefix, "/skydns");
  EXPECT_FALSE(options->dns.forward_for_all);
}

TEST(ServeOptions, AStoreFoundThroughItsOwnZoneIsRefused) {
  const auto with = [](const char* zone) {
    Settings settings(ServeSettings());
    settings.Set("store", {{"etcd"}, "--store"});
    settings.Set("zone", {{zone}, "--zone"});
    settings.Set("etcd.discovery-srv", {{"prom.local"}, "--etcd.discovery-srv"});
    return ReadServeOptions(settings);
  };
  const auto circle = with("prom.local");
  ASSERT_FALSE(circle);
  EXPECT_THAT(circle.error().message, HasSubstr("cold start"));
  EXPECT_FALSE(with("local"));
  EXPECT_TRUE(with("prom.internal"));
}

TEST(ServeOptions, WhatIsOutOfRangeIsRefused) {
  const Bad cases[] = {{"store", "disk"},
                       {"dns.max-udp-size", "511"},
                       {"dns.max-udp-size", "65536"},
                       {"dns.listen-address", "5300"},
                       {"dns.forward", "dns.test"},
                       {"dns.forward-allow", "some"},
                       {"protect.share", "15"},
                       {"protect.share", "101%"},
                       {"protect.min", "-1"},
                       {"protect.window", "x"},
                       {"zone", "10.0.0.0/40"},
                       {"dns.negative-ttl", "-5s"}};
  for (const Bad& bad : cases) {
    Settings settings(ServeSettings());
    settings.Set(bad.text, {{bad.said}, std::string("--") + bad.text});
    const auto options = ReadServeOptions(settings);
    ASSERT_FALSE(options) << bad.text << "=" << bad.said;
    EXPECT_THAT(options.error().message, HasSubstr(bad.text));
  }
}

}  // namespace
}  // namespace rollcall::app
