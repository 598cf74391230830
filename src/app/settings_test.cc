#include "app/settings.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>

#include "app/store_options.h"
#include "base/quote.h"

namespace rollcall::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Settings, TheFirstToSayItWins) {
  Settings settings({{"port", "PORT", "1", "", false}});
  EXPECT_EQ(settings.Text("port"), "1");
  EXPECT_FALSE(settings.IsGiven("port"));
  settings.Set("port", {{"2"}, "--port"});
  settings.Set("port", {{"3"}, "EXPORTER_PORT"});
  EXPECT_EQ(settings.Text("port"), "2");
}

TEST(Settings, AMessageNamesWhereTheValueCameFrom) {
  Settings settings({{"port", "PORT", "", "", false}, {"ttl", "DURATION", "", "", false}});
  settings.Set("port", {{"http"}, "EXPORTER_PORT"});
  const auto port = settings.Number("port", 1, 65535);
  ASSERT_FALSE(port);
  EXPECT_THAT(port.error().message, HasSubstr("EXPORTER_PORT: \"http\""));
  settings.Set("ttl", {{"soon"}, "x.yml:3: ttl"});
  const auto ttl = settings.Ttl("ttl");
  ASSERT_FALSE(ttl);
  EXPECT_THAT(ttl.error().message, HasSubstr("x.yml:3: ttl:"));
}

TEST(Settings, NumbersAndTtlsKeepTheirBounds) {
  const auto number = [](const std::string& text) {
    Settings settings({{"n", "N", "", "", false}});
    settings.Set("n", {{text}, "--n"});
    return settings.Number("n", 1, 10).has_value();
  };
  EXPECT_TRUE(number("1") && number("10"));
  EXPECT_FALSE(number("0") || number("11") || number("") || number("1x") || number(" 1"));
  const auto ttl = [](const std::string& text) {
    Settings settings({{"t", "T", "", "", false}});
    settings.Set("t", {{text}, "--t"});
    return settings.Ttl("t").value_or(4'294'967'295U);
  };
  EXPECT_EQ(ttl("1m30s"), 90U);
  EXPECT_EQ(ttl("2147483647"), 2147483647U);
  EXPECT_EQ(ttl("2147483648"), 4'294'967'295U);
  EXPECT_EQ(ttl("1500ms"), 4'294'967'295U);
}

// Sets variables for one test only.
class EnvironmentTest : public ::testing::Test {
 protected:
  void SetUp() override { Clear(); }
  void TearDown() override { Clear(); }
  static void Clear() {
    unsetenv("ETCD_ENDPOINT");
    unsetenv("ETCD_BASE_PATH");
  }
  static Settings All() { return Settings(Join({{ZoneSetting()}, StoreSettings()})); }
};

TEST_F(EnvironmentTest, EndpointsComeFromFlagsThenTheEnvironmentThenTheDefault) {
  Settings settings = All();
  EXPECT_THAT(ReadStoreOptions(settings, true)->etcd.endpoints,
              ElementsAre("http://127.0.0.1:2379"));
  setenv("ETCD_ENDPOINT", "http://a:2379,https://b:2380", 1);
  EXPECT_THAT(ReadStoreOptions(settings, true)->etcd.endpoints,
              ElementsAre("http://a:2379", "https://b:2380"));
  EXPECT_THAT(ReadStoreOptions(settings, false)->etcd.endpoints,
              ElementsAre("http://127.0.0.1:2379"));
  settings.Set("etcd.endpoint", {{"http://c:1", "http://d:2"}, "--etcd.endpoint"});
  EXPECT_THAT(ReadStoreOptions(settings, true)->etcd.endpoints,
              ElementsAre("http://c:1", "http://d:2"));
}

TEST_F(EnvironmentTest, EtcdEndpointMayBeADomainForDiscovery) {
  struct Case {
    const char* variable;
    const char* endpoint;  // "": a domain
  };
  for (const Case& c :
       {Case{"prom.local", ""}, Case{"prom", ""}, Case{"10.0.0.1", "http://10.0.0.1:2379"},
        Case{"10.0.0.1:4001", "http://10.0.0.1:4001"}, Case{"::1", "http://[::1]:2379"},
        Case{"etcd1:2379", "http://etcd1:2379"}, Case{"localhost", "http://localhost:2379"},
        Case{"https://etcd1:2379/", "https://etcd1:2379"}}) {
    setenv("ETCD_ENDPOINT", c.variable, 1);
    const auto options = ReadStoreOptions(All(), true);
    ASSERT_TRUE(options) << c.variable << ": " << options.error().message;
    if (*c.endpoint == '\0') {
      EXPECT_EQ(options->discovery_srv, c.variable);
      EXPECT_THAT(options->etcd.endpoints, IsEmpty());
    } else {
      EXPECT_THAT(options->etcd.endpoints, ElementsAre(c.endpoint)) << c.variable;
    }
  }
}

TEST_F(EnvironmentTest, BadEndpointsAreRefusedWithTheirOrigin) {
  for (const char* bad :
       {"ftp://a:1", "http://a:1/path", "http://", "http://a:port", "http://[::1", "no such"}) {
    setenv("ETCD_ENDPOINT", bad, 1);
    const auto options = ReadStoreOptions(All(), true);
    ASSERT_FALSE(options) << bad;
    EXPECT_THAT(options.error().message, HasSubstr("ETCD_ENDPOINT")) << bad;
  }
}

TEST_F(EnvironmentTest, APasswordInAnEndpointIsRefusedAndNotRepeated) {
  setenv("ETCD_ENDPOINT", "http://root:sesame@a:2379", 1);
  const auto options = ReadStoreOptions(All(), true);
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().message.find("sesame"), std::string::npos);
}

TEST_F(EnvironmentTest, WhatGoesTogetherIsAskedForTogether) {
  for (const char* alone : {"etcd.cert", "etcd.key", "etcd.user", "etcd.password-file"}) {
    Settings settings = All();
    settings.Set(alone, {{"/x"}, std::string("--") + alone});
    EXPECT_FALSE(ReadStoreOptions(settings, true)) << alone;
  }
}

TEST_F(EnvironmentTest, TheBasePathIsTakenFromTheEnvironment) {
  Settings settings = All();
  settings.Set("zone", {{"Prom.Local."}, "--zone"});
  settings.Set("prefix", {{"other/"}, "--prefix"});
  const auto plain = ReadLayout(settings);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->zone, "Prom.Local");
  EXPECT_EQ(plain->prefix, "/other");
  EXPECT_EQ(plain->base_path, "");
  setenv("ETCD_BASE_PATH", "/skydns/local/prom", 1);
  EXPECT_EQ(ReadLayout(settings)->base_path, "/skydns/local/prom");
}

TEST_F(EnvironmentTest, AStoresIdentityHoldsNoSecretAndNoOrder) {
  StoreOptions options;
  options.etcd.endpoints = {"http://b:1", "http://a:1"};
  options.etcd.password = "sesame";
  EXPECT_EQ(options.Identity(), "http://a:1,http://b:1");
  options.discovery_srv = "prom.local";
  EXPECT_EQ(options.Identity(), "srv:prom.local");
}

TEST(Settings, SizesHaveUnits) {
  const auto size = [](const std::string& text) {
    Settings settings({Setting{"size", "SIZE", "", ""}});
    settings.Set("size", {{text}, "--size"});
    return settings.Size("size");
  };
  EXPECT_EQ(size("0"), 0U);
  EXPECT_EQ(size("1234"), 1234U);
  EXPECT_EQ(size("4KiB"), 4096U);
  EXPECT_EQ(size("256MiB"), std::size_t{256} << 20);
  EXPECT_EQ(size("2GiB"), std::size_t{2} << 30);
  for (const char* wrong : {"", "MiB", "1MB", "1 MiB", "-1", "1.5GiB", "99999999999GiB"}) {
    const auto refused = size(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().message,
              fmt::format("--size: {} is not a size, such as 256MiB", Quote(wrong)));
  }
}

}  // namespace
}  // namespace rollcall::app
