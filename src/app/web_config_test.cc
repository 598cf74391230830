#include "app/web_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "app/web_policy.h"
#include "app/web_tokens.h"
#include "serving/http/testing/certificates.h"

namespace rollcall::app {
namespace {

namespace fs = std::filesystem;
using serving::http::testing::Certificate;
using serving::http::testing::Issue;
using ::testing::HasSubstr;

class FakeClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime Now() const override { return now; }
  [[nodiscard]] WallTime WallNow() const override { return WallTime(now.time_since_epoch()); }
  SteadyTime now{std::chrono::seconds(1000)};
};

class WebConfigTest : public ::testing::Test {
 public:
  ~WebConfigTest() override { fs::remove_all(directory_); }

 protected:
  WebConfigTest() {
    Write("cert.pem", certificate_.Pem());
    Write("key.pem", certificate_.KeyPem());
    Write("ca.pem", certificate_.Pem());
    Write("other.pem", Issue("other", nullptr).KeyPem());
    Write("empty.pem", "");
  }
  WebConfigTest(const WebConfigTest&) = delete;
  WebConfigTest& operator=(const WebConfigTest&) = delete;

  // Its path.  Never of a size and time that it had before.
  std::string Write(const std::string& name, const std::string& text) {
    const fs::path draft = directory_ / (name + ".draft");
    std::ofstream(draft) << text;
    fs::rename(draft, directory_ / name);
    return (directory_ / name).string();
  }
  // "good", or what is wrong, without the name of the file.
  std::string Load(const std::string& text) { return Said(Write("web.yml", text), ""); }
  std::string LoadTokensText(const std::string& text) {
    return Said("", Write("tokens.yml", text));
  }
  std::string Said(const std::string& config, const std::string& tokens) {
    const auto policy = WebPolicy::Load({config, tokens}, clock_);
    if (policy) return "good";
    const std::string file = config + tokens;
    EXPECT_TRUE(policy.error().message.starts_with(file)) << policy.error().message;
    return policy.error().message.substr(file.size());
  }

  const fs::path directory_ = [] {
    std::string name = (fs::temp_directory_path() / "rollcall-web-XXXXXX").string();
    return fs::path(mkdtemp(name.data()));
  }();
  Certificate certificate_ = Issue("one", nullptr, "IP:127.0.0.1");
  FakeClock clock_;
};

const std::string kHash = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";
const std::string kTls = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n";

TEST_F(WebConfigTest, GoodFiles) {
  for (const std::string& text : {
           std::string(),
           std::string("# nothing\n"),
           std::string("tls_server_config:\n"),
           std::string("tls_server_config: {}\n"),
           kTls,
           kTls + "  min_version: TLS13\n",
           kTls + "  min_version: TLS10\n  max_version: TLS12\n",
           kTls + "  client_auth_type: NoClientCert\n",
           kTls + "  client_auth_type: RequestClientCert\n",
           kTls + "  client_auth_type: RequireClientCert\n",
           kTls + "  client_auth_type: RequireAnyClientCert\n  client_ca_file: ca.pem\n",
           kTls + "  client_auth_type: RequireAndVerifyClientCert\n",
           kTls + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n"
                  "  client_allowed_sans: [a.example, 192.0.2.1]\n",
           kTls + "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n",
           kTls + "  cipher_suites: [TLS_AES_128_GCM_SHA256]\n",
           kTls + "  curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]\n",
           kTls + "  prefer_server_cipher_suites: false\n",
           kTls + "http_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: deny\n"
                  "    X-Content-Type-Options: nosniff\n    Content-Security-Policy: default-src\n"
                  "    Strict-Transport-Security: max-age=9\n    X-XSS-Protection: ''\n",
           "basic_auth_users:\n  alice: " + kHash + "\n  bob: " + kHash + "\n",
           std::string("basic_auth_users:\n"),
           std::string("rate_limit:\n  interval: 100ms\n  burst: 20\n"),
           std::string("rate_limit:\n  interval: 0\n  burst: 0\n"),
       }) {
    EXPECT_EQ(Load(text), "good") << text;
  }
}

TEST_F(WebConfigTest, CertificatesMayStandInTheFile) {
  const auto block = [](std::string pem) {
    for (std::size_t at = 0; (at = pem.find('\n', at)) != std::string::npos; at += 5) {
      if (at + 1 < pem.size()) pem.insert(at + 1, "    ");
    }
    return "|\n    " + pem;
  };
  EXPECT_EQ(Load("tls_server_config:\n  cert: " + block(certificate_.Pem()) + "  key: " +
                 block(certificate_.KeyPem()) + "  client_ca: " + block(certificate_.Pem()) +
                 "  client_auth_type: VerifyClientCertIfGiven\n"),
            "good");
}

TEST_F(WebConfigTest, BadFilesAreSaidSoWithTheirLine) {
  for (const auto& [text, why] : std::vector<std::pair<std::string, std::string>>{
           {"basic_auth: {}\n", ":1: field basic_auth not found"},
           {kTls + "  cert_fil: x\n", ":4: field tls_server_config.cert_fil not found"},
           {"http_server_config:\n  http3: true\n", ":2: field http_server_config.http3 not found"},
           {"rate_limit:\n  rate: 5\n", ":2: field rate_limit.rate not found"},
           {kTls + kTls, "twice"},
           {"- a\n", ":1: is not a map"},
           {"a: [\n", ":2: "},
           {"tls_server_config: x\n", ":1: "},
           {"tls_server_config:\n  min_version: TLS12\n", "neither cert nor cert_file"},
           {"tls_server_config:\n  cert_file: cert.pem\n", "neither key nor key_file"},
           {"tls_server_config:\n  key_file: key.pem\n", "neither cert nor cert_file"},
           {"tls_server_config:\n  cert_file: none.pem\n  key_file: key.pem\n", "none.pem"},
           {"tls_server_config:\n  cert_file: empty.pem\n  key_file: key.pem\n", "neither cert"},
           {"tls_server_config:\n  cert_file: cert.pem\n  key_file: other.pem\n", "the key: "},
           {"tls_server_config:\n  cert_file: key.pem\n  key_file: key.pem\n", "the certificate: "},
           {kTls + "  cert: x\n", "both cert and cert_file"},
           {kTls + "  min_version: TLS9\n", ":4: "},
           {kTls + "  min_version: SSL30\n", ":4: "},
           {kTls + "  min_version: TLS13\n  max_version: TLS12\n", "above"},
           {kTls + "  client_auth_type: RequireVerifyClientCert\n", "not known"},
           {kTls + "  client_ca_file: ca.pem\n", "client_auth_type"},
           {kTls + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: key.pem\n",
            "client_ca"},
           {kTls + "  client_auth_type: VerifyClientCertIfGiven\n  client_allowed_sans: [a]\n",
            "client_allowed_sans"},
           {kTls + "  client_allowed_sans: [a]\n", "client_allowed_sans"},
           {kTls + "  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n", ":4: unknown cipher"},
           {kTls + "  curve_preferences: [CurveP257]\n", ":4: unknown curve"},
           {kTls + "  prefer_server_cipher_suites: maybe\n", ":4: "},
           {"http_server_config:\n  http2: maybe\n", ":2: "},
           {"http_server_config:\n  headers:\n    Server: x\n", "cannot be set"},
           {"http_server_config:\n  headers:\n    X-Frame-Options: never\n", "X-Frame-Options"},
           {"http_server_config:\n  headers:\n    X-Content-Type-Options: x\n", "nosniff"},
           {"http_server_config:\n  headers:\n    X-XSS-Protection: \"a\\nb\"\n", "control"},
           {"basic_auth_users:\n  alice: secret\n", ":2: "},
           {"basic_auth_users:\n  alice: $2y$31$" + kHash.substr(7) + "\n", "cost 31"},
           {"basic_auth_users:\n  alice: " + kHash + "\n  alice: " + kHash + "\n", ":3: "},
           {"basic_auth_users:\n  a:b: " + kHash + "\n", ":2: "},
           {"basic_auth_users: [alice]\n", ":1: "},
           {"rate_limit:\n  interval: soon\n  burst: 1\n", "soon"},
           {"rate_limit:\n  interval: 1d\n  burst: 1\n", "1d"},
           {"rate_limit:\n  interval: 5\n  burst: 1\n", "5"},
           {"rate_limit:\n  interval: 1s\n", "burst"},
           {"rate_limit:\n  interval: 1s\n  burst: -1\n", ":3: "},
       }) {
    EXPECT_THAT(Load(text), HasSubstr(why)) << text;
  }
  EXPECT_THAT(WebPolicy::Load({(directory_ / "none.yml").string(), ""}, clock_).error().message,
              HasSubstr("none.yml"));
}

const std::string kDigest =
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST_F(WebConfigTest, TokensAreRead) {
  const std::string path = Write("tokens.yml",
                                 "anonymous: read\n"
                                 "tokens:\n"
                                 "  - name: ams1\n"
                                 "    hash: " +
                                     kDigest +
                                     "\n"
                                     "    rights: [read, write]\n"
                                     "    names: [node.prom.internal, mysql.prom.internal.]\n"
                                     "    own_address: true\n"
                                     "    expires: 2027-01-01T00:00:00Z\n"
                                     "  - {name: ui, hash: \"sha256:" +
                                     std::string(64, 'a') + "\", rights: [read]}\n");
  const auto tokens = LoadTokens(path);
  ASSERT_TRUE(tokens) << tokens.error().message;
  EXPECT_TRUE(tokens->anonymous_read);
  ASSERT_EQ(tokens->all.size(), 2U);
  const auto& first = tokens->all[0];
  EXPECT_TRUE(first.read && first.write && first.scope.own_address && first.expires);
  EXPECT_EQ(first.digest, serving::http::Sha256("abc"));
  EXPECT_EQ(first.scope.names,
            (std::vector<std::string>{"node.prom.internal", "mysql.prom.internal"}));
  EXPECT_FALSE(tokens->all[1].write);
  EXPECT_EQ(LoadTokensText(""), "good");
  EXPECT_EQ(LoadTokensText("tokens:\n"), "good");
}

TEST_F(WebConfigTest, BadTokensAreSaidSoWithTheirLine) {
  const auto token = [](const std::string& fields) { return "tokens:\n  - " + fields + "\n"; };
  const std::string hash = "hash: " + kDigest;
  for (const auto& [text, why] : std::vector<std::pair<std::string, std::string>>{
           {"token: []\n", ":1: field token not found"},
           {"tokens: x\n", ":1: "},
           {"anonymous: write\n", ":1: "},
           {token("{name: a, " + hash + ", rights: [read], scope: x}"), "tokens.scope not found"},
           {token("{" + hash + ", rights: [read]}"), "name"},
           {token("{name: a, rights: [read]}"), "hash"},
           {token("{name: a, hash: abc, rights: [read]}"), "sha256:"},
           {token("{name: a, " + hash + "}"), "rights"},
           {token("{name: a, " + hash + ", rights: []}"), "rights"},
           {token("{name: a, " + hash + ", rights: [admin]}"), "admin"},
           {token("{name: a, " + hash + ", rights: [read], own_address: true}"), "writing"},
           {token("{name: a, " + hash + ", rights: [write], names: ['a..b']}"), ":2: "},
           {token("{name: a, " + hash + ", rights: [write], expires: soon}"), "expires"},
           {token("{name: a, " + hash + ", rights: [read]}\n  - {name: b, " + hash +
                  ", rights: [read]}"),
            ":3: "},
       }) {
    EXPECT_THAT(LoadTokensText(text), HasSubstr(why)) << text;
  }
}

TEST_F(WebConfigTest, WhatChangesCountsWithinASecond) {
  const std::string path =
      Write("web.yml", kTls + "http_server_config:\n  headers:\n    X-Frame-Options: deny\n");
  const auto policy = *WebPolicy::Load({path, ""}, clock_);
  const auto before = policy->Now();
  ASSERT_TRUE(before->tls);
  EXPECT_EQ(before->headers.size(), 1U);
  Write("web.yml", kTls);
  EXPECT_EQ(policy->Now(), before) << "not looked at yet";
  clock_.now += std::chrono::seconds(1);
  const auto changed = policy->Now();
  EXPECT_TRUE(changed->headers.empty());
  clock_.now += std::chrono::seconds(1);
  EXPECT_EQ(policy->Now(), changed) << "nothing has changed";

  const Certificate renewed = Issue("renewed", nullptr);
  Write("cert.pem", renewed.Pem());
  clock_.now += std::chrono::seconds(1);
  EXPECT_EQ(policy->Now(), changed) << "the key is still the old one's";
  EXPECT_FALSE(policy->last_reload_good());
  EXPECT_EQ(policy->failed_reloads(), 1U);
  Write("key.pem", renewed.KeyPem());
  clock_.now += std::chrono::seconds(1);
  const auto after = policy->Now();
  EXPECT_NE(after, changed);
  EXPECT_TRUE(policy->last_reload_good());
  EXPECT_EQ(policy->last_good_at(), clock_.WallNow());
}

TEST_F(WebConfigTest, WhoAsksForAReloadHearsWhatBecameOfIt) {
  const std::string path = Write("web.yml", kTls);
  const auto policy = *WebPolicy::Load({path, ""}, clock_);
  const auto before = policy->Now();
  Write("web.yml", kTls + "http_server_config:\n  headers:\n    X-Frame-Options: deny\n");
  EXPECT_TRUE(policy->ReloadNow()) << "without waiting for a second to pass";
  const auto now = policy->Now();
  EXPECT_EQ(now->headers.size(), 1U);
  Write("web.yml", "x: y\n");
  for (int times = 1; times <= 2; ++times) {
    const auto again = policy->ReloadNow();
    ASSERT_FALSE(again);
    EXPECT_THAT(again.error().message, ::testing::HasSubstr("web.yml:1:"));
    EXPECT_EQ(policy->Now(), now);
    EXPECT_EQ(policy->failed_reloads(), static_cast<std::uint64_t>(times));
  }
  EXPECT_TRUE((*WebPolicy::Load({"", ""}, clock_))->ReloadNow()) << "nothing to read";
}

TEST_F(WebConfigTest, BrokenFilesChangeNothing) {
  const std::string config = Write("web.yml", kTls + "basic_auth_users:\n  alice: " + kHash + "\n");
  const std::string tokens = Write("tokens.yml", "tokens:\n");
  const auto policy = *WebPolicy::Load({config, tokens}, clock_);
  const auto before = policy->Now();
  std::uint64_t failed = 0;
  for (const std::string& text : {std::string("x: y\n"), std::string(), kTls,
                                  "basic_auth_users:\n  alice: " + kHash + "\n"}) {
    Write("web.yml", text);
    clock_.now += std::chrono::seconds(1);
    EXPECT_EQ(policy->Now(), before) << text;
    EXPECT_EQ(policy->failed_reloads(), ++failed) << text;
  }
  fs::remove(config);
  clock_.now += std::chrono::seconds(1);
  EXPECT_EQ(policy->Now(), before);
  Write("web.yml", kTls + "basic_auth_users:\n  bob: " + kHash + "\n");
  Write("tokens.yml", "anonymous: read\n");
  clock_.now += std::chrono::seconds(1);
  EXPECT_TRUE(policy->Now()->users.contains("bob"));
  EXPECT_TRUE(policy->Now()->tokens->anonymous_read);
}

TEST_F(WebConfigTest, AFileThatIsBeingWrittenAsksForNoFewerCertificates) {
  const std::string names = "  client_allowed_sans: [a.example]\n";
  const std::string demand = kTls + "  client_auth_type: RequireAndVerifyClientCert\n";
  const std::string config = Write("web.yml", demand + names);
  const auto policy = *WebPolicy::Load({config, ""}, clock_);
  const auto before = policy->Now();
  for (const std::string& less :
       {kTls, demand, kTls + "  client_auth_type: VerifyClientCertIfGiven\n",
        kTls + "  client_auth_type: RequireAnyClientCert\n" + names}) {
    Write("web.yml", less);
    clock_.now += std::chrono::seconds(1);
    EXPECT_EQ(policy->Now(), before) << less;
    EXPECT_FALSE(policy->last_reload_good()) << less;
  }
  Write("web.yml", demand + "  client_allowed_sans: [b.example]\n");
  clock_.now += std::chrono::seconds(1);
  EXPECT_NE(policy->Now(), before);
  EXPECT_TRUE(policy->last_reload_good());
}

TEST_F(WebConfigTest, WithoutFilesAllIsOpen) {
  const auto policy = *WebPolicy::Load({}, clock_);
  EXPECT_FALSE(policy->Now()->tls);
  EXPECT_FALSE(policy->Now()->tokens);
  EXPECT_TRUE(policy->Now()->users.empty());
}

}  // namespace
}  // namespace rollcall::app
