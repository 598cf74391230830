#include "doctor/prometheus_config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace rollcall::doctor {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<PrometheusConfig> Read(const std::string& text) {
  PrometheusConfig config;
  const auto more = ReadPrometheusText(text, "prometheus.yml", "/etc/prometheus", config);
  if (!more) return Fail(more.error());
  config.files = *more;
  return config;
}

TEST(PrometheusConfig, DiscoveryIsReadWithPrometheussDefaults) {
  const auto config = Read(R"(
global: {scrape_interval: 15s}
scrape_configs:
  - job_name: node
    dns_sd_configs:
      - names: [node.prom.internal, web.prom.internal]
      - {names: [a.example], type: a, port: 9100, refresh_interval: 1m30s}
    http_sd_configs: [{url: "http://127.0.0.1:9530/sd/node"}]
  - job_name: consul
    consul_sd_configs: [{services: [node], tags: [x], refresh_interval: 5s}, {}]
    static_configs: [{targets: ["localhost:9090"]}]
alerting:
  alertmanagers:
    - dns_sd_configs: [{names: [am.prom.internal]}]
)");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->dns.size(), 3u);
  EXPECT_EQ(config->dns[0].job, "node");
  EXPECT_THAT(config->dns[0].names, ElementsAre("node.prom.internal", "web.prom.internal"));
  EXPECT_EQ(config->dns[0].type, "SRV");
  EXPECT_EQ(config->dns[0].refresh, seconds(30));
  EXPECT_EQ(config->dns[1].type, "A");
  EXPECT_EQ(config->dns[1].port, 9100);
  EXPECT_EQ(config->dns[1].refresh, seconds(90));
  EXPECT_EQ(config->dns[2].job, "alertmanagers");
  ASSERT_EQ(config->http.size(), 1u);
  EXPECT_EQ(config->http[0].refresh, seconds(60));
  EXPECT_TRUE(config->http[0].access.follow_redirects);
  ASSERT_EQ(config->consul.size(), 2u);
  EXPECT_THAT(config->consul[0].services, ElementsAre("node"));
  EXPECT_EQ(config->consul[0].refresh, seconds(5));
  EXPECT_EQ(config->consul[1].server, "localhost:8500");
}

TEST(PrometheusConfig, AccessComesWithPathsFromTheFilesFolder) {
  const auto config = Read(R"(
scrape_configs:
  - job_name: a
    http_sd_configs:
      - url: https://sd.example/sd/node
        basic_auth: {username: prom, password_file: secrets/password}
        tls_config: {ca_file: ca.pem, cert_file: /abs/cert.pem, key_file: key.pem, server_name: x, insecure_skip_verify: true}
        follow_redirects: false
      - url: https://sd.example/sd/node
        authorization: {type: Token, credentials_file: token}
        oauth2: {client_id: x}
      - {url: "https://sd.example/sd/node", bearer_token: abc, proxy_url: "http://p"}
)");
  ASSERT_TRUE(config) << config.error().message;
  const HttpAccess& basic = config->http[0].access;
  EXPECT_EQ(basic.user, "prom");
  EXPECT_EQ(basic.password_file, "/etc/prometheus/secrets/password");
  EXPECT_EQ(basic.tls.ca_file, "/etc/prometheus/ca.pem");
  EXPECT_EQ(basic.tls.cert_file, "/abs/cert.pem");
  EXPECT_EQ(basic.tls.server_name, "x");
  EXPECT_TRUE(basic.tls.skip_verify);
  EXPECT_FALSE(basic.follow_redirects);
  EXPECT_EQ(config->http[1].access.scheme, "Token");
  EXPECT_EQ(config->http[1].access.credentials_file, "/etc/prometheus/token");
  EXPECT_THAT(config->http[1].access.unknown, ElementsAre("oauth2"));
  EXPECT_EQ(config->http[2].access.credentials, "abc");
  EXPECT_THAT(config->http[2].access.unknown, ElementsAre("proxy_url"));
}

TEST(PrometheusConfig, WhatIsWrongIsToldWithItsLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"- a\n", "prometheus.yml:1: is not a map"},
      {"scrape_configs: x\n", "prometheus.yml:1: is not a list"},
      {"scrape_configs:\n - x\n", "prometheus.yml:2: is not a map"},
      {"scrape_configs:\n - job_name: a\n   dns_sd_configs:\n    - names: x\n",
       "prometheus.yml:4: is not a list"},
      {"scrape_configs:\n - job_name: a\n   dns_sd_configs:\n    - port: x\n",
       "prometheus.yml:4: is no port"},
      {"scrape_configs:\n - job_name: a\n   dns_sd_configs:\n    - refresh_interval: soon\n",
       "prometheus.yml:4: is no duration"},
      {"scrape_configs:\n - job_name: a\n   http_sd_configs:\n    - basic_auth: x\n",
       "prometheus.yml:4: "},
      {"scrape_configs: [\n", "prometheus.yml:"},
      {"scrape_configs: []\nscrape_configs: []\n",
       "prometheus.yml:2: the field \"scrape_configs\" is there twice"},
      {"scrape_configs:\n - job_name: a\n   dns_sd_configs:\n    - {names: [a],\n       names: "
       "[b]}\n",
       "prometheus.yml:5: the field \"names\" is there twice"},
      {"scrape_configs:\n - {<<: x, job_name: a}\n", "prometheus.yml:2: merges what is no map"},
      {"scrape_configs:\n - &a\n   <<: *a\n", "prometheus.yml:"},
  };
  for (const auto& [text, why] : cases) {
    const auto config = Read(text);
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(config.error().message, HasSubstr(why)) << text;
  }
  EXPECT_THAT(Read("")->dns, IsEmpty());
}

// As `promtool check config` takes them.
TEST(PrometheusConfig, AJobMayTakeItsFieldsFromAnother) {
  const auto config = Read(R"(
scrape_configs:
  - &node
    job_name: node
    dns_sd_configs: [&sd {names: [node.prom.internal], refresh_interval: 10s}]
  - <<: *node
    job_name: again
  - job_name: own
    dns_sd_configs: [{<<: [*sd, {type: A}], port: 1, names: [a.prom.internal]}]
)");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->dns.size(), 3u);
  EXPECT_EQ(config->dns[1].job, "again");
  EXPECT_THAT(config->dns[1].names, ElementsAre("node.prom.internal"));
  EXPECT_EQ(config->dns[2].refresh, seconds(10));
  EXPECT_EQ(config->dns[2].type, "A");
  EXPECT_THAT(config->dns[2].names, ElementsAre("a.prom.internal"));
}

TEST(PrometheusConfig, AFieldWithoutAValueIsNone) {
  const auto config = Read(R"(
scrape_configs:
  - job_name: a
    http_sd_configs: [{url: "http://a/", tls_config: , basic_auth: , follow_redirects: , refresh_interval: }]
    dns_sd_configs:
alerting:
)");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->http.size(), 1u);
  EXPECT_TRUE(config->http[0].access.follow_redirects);
}

TEST(PrometheusConfig, AliasesThatStandForBillionsAreRefused) {
  const auto list = [](const std::string& item) {
    std::string text = "[";
    for (int i = 0; i < 1000; ++i) text += (i == 0 ? "" : ", ") + item;
    return text + "]\n";
  };
  const auto names = Read("names: &names " + list("a.b") + "sd: &sd " + list("{names: *names}") +
                          "scrape_configs: " + list("{job_name: a, dns_sd_configs: *sd}"));
  ASSERT_FALSE(names);
  EXPECT_THAT(names.error().message, HasSubstr("there are more than 100000 jobs"));
  std::string merges = "m0: &m0 {x: y}\n";
  for (int i = 1; i < 12; ++i) {
    const std::string below = fmt::format("*m{}", i - 1);
    merges += fmt::format("m{}: &m{} {{<<: [{}, {}, {}, {}, {}]}}\n", i, i, below, below, below,
                          below, below);
  }
  EXPECT_FALSE(Read(merges + "scrape_configs: [{<<: *m11}]\n"));
}

TEST(PrometheusConfig, ScrapeConfigFilesAreReadToo) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(::testing::TempDir()) / "prometheus_config_test";
  fs::create_directories(folder / "jobs");
  std::ofstream(folder / "prometheus.yml") << "scrape_config_files: ['jobs/*.yml', 'none/*.yml']\n";
  std::ofstream(folder / "jobs/b.yml") << "scrape_configs: [{job_name: b, http_sd_configs: [{url: "
                                          "x, tls_config: {ca_file: ca}}]}]\n";
  std::ofstream(folder / "jobs/a.yml")
      << "scrape_configs: [{job_name: a, dns_sd_configs: [{names: [n]}]}]\n";
  const auto config = ReadPrometheusConfig((folder / "prometheus.yml").string());
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->files.size(), 3u);
  ASSERT_EQ(config->dns.size(), 1u);
  EXPECT_EQ(config->dns[0].job, "a");
  ASSERT_EQ(config->http.size(), 1u);
  EXPECT_EQ(config->http[0].access.tls.ca_file, (folder / "jobs/ca").string());
  fs::remove_all(folder);
  EXPECT_FALSE(ReadPrometheusConfig((folder / "prometheus.yml").string()));
}

}  // namespace
}  // namespace rollcall::doctor
