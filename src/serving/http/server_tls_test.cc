// The server through TLS: versions, certificates of both sides, logins, renewal.
#include <crypt.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <string>

#include "serving/http/server.h"
#include "serving/http/testing/certificates.h"
#include "serving/http/testing/client.h"

namespace rollcall::serving::http {
namespace {

namespace ssl = boost::asio::ssl;
using testing::Certificate;
using testing::Client;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::Issue;
using ::testing::StartsWith;

// How a client comes.
struct Coming {
  const Certificate* as = nullptr;
  int least = TLS1_2_VERSION;
  int most = TLS1_3_VERSION;
  std::string protocols = {};  // of ALPN, as on the wire
  std::string ciphers = {};
};

struct Heard {
  std::string text;  // "": it was not let in
  std::string version = {};
  std::string cipher = {};
  std::string protocol = {};
  std::string subject = {};  // the server's
};

class TlsTest : public ::testing::Test {
 protected:
  void Start(const TlsOptions& options) {
    Configure(options);
    Options server;
    server.listen = {"127.0.0.1:0"};
    server.policy = [this] { return *policy_.Lock(); };
    Route who;
    who.path = "/";
    who.handler = Answering([](const Request& request) {
      return Response{200, "user=" + request.peer.user + (request.peer.encrypted ? " tls" : "")};
    });
    Route write = who;
    write.method = "PUT";
    write.right = Right::kWrite;
    write.most_body = 100;
    server_ = std::make_unique<Server>(server, std::vector<Route>{who, write});
    ASSERT_TRUE(server_->Start());
  }
  void Configure(const TlsOptions& options) {
    auto context = TlsContext::Make(options);
    ASSERT_TRUE(context) << context.error().message;
    auto policy = std::make_shared<Policy>();
    policy->tls = *std::move(context);
    policy->users = users_;
    policy->tokens = tokens_;
    *policy_.Lock() = std::move(policy);
  }
  TlsOptions Ours() const {
    TlsOptions options;
    options.certificate = server_certificate_.Pem();
    options.key = server_certificate_.KeyPem();
    return options;
  }
  TlsOptions Asking(ClientAuth auth) const {
    TlsOptions options = Ours();
    options.client_auth = auth;
    options.client_ca = authority_.Pem();
    return options;
  }

  Heard Ask(const Coming& coming, const std::string& headers = "",
            const std::string& line = "GET /", const std::string& body = "") {
    ssl::context context(ssl::context::tls_client);
    SSL_CTX* const tls = context.native_handle();
    context.set_verify_mode(ssl::verify_peer);
    context.add_certificate_authority(boost::asio::buffer(trusted_));
    SSL_CTX_set_security_level(tls, 0);
    SSL_CTX_set_min_proto_version(tls, coming.least);
    SSL_CTX_set_max_proto_version(tls, coming.most);
    if (!coming.ciphers.empty()) SSL_CTX_set_cipher_list(tls, coming.ciphers.c_str());
    if (coming.as != nullptr) {
      SSL_CTX_use_certificate(tls, coming.as->certificate.get());
      SSL_CTX_use_PrivateKey(tls, coming.as->key.get());
    }
    SSL_CTX_set_alpn_protos(tls, reinterpret_cast<const unsigned char*>(coming.protocols.data()),
                            static_cast<unsigned>(coming.protocols.size()));
    Client plain(server_->bound()[0]);
    ssl::stream<boost::asio::ip::tcp::socket&> stream(plain.socket(), context);
    boost::system::error_code error;
    stream.handshake(ssl::stream_base::client, error);
    if (error) return {};
    boost::asio::write(
        stream,
        boost::asio::buffer(line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                            headers + "\r\n" + body),
        error);
    Heard heard;
    boost::asio::read(stream, boost::asio::dynamic_buffer(heard.text), error);
    const SSL* const connection = stream.native_handle();
    heard.version = SSL_get_version(connection);
    heard.cipher = SSL_get_cipher_name(connection);
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(connection, &protocol, &size);
    heard.protocol.assign(reinterpret_cast<const char*>(protocol), size);
    char name[100] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(connection)),
                              NID_commonName, name, sizeof name);
    heard.subject = name;
    return heard;
  }

  Certificate authority_ = Issue("authority", nullptr);
  Certificate server_certificate_ = Issue("server", &authority_, "IP:127.0.0.1");
  std::string trusted_ = authority_.Pem();
  Users users_;
  std::optional<Tokens> tokens_;
  Guarded<PolicyPtr> policy_;
  std::unique_ptr<Server> server_;
};

TEST_F(TlsTest, SpeaksBothVersions) {
  Start(Ours());
  EXPECT_EQ(Ask({}).version, "TLSv1.3");
  EXPECT_THAT(Ask({.most = TLS1_2_VERSION}).text, EndsWith("user= tls"));
  EXPECT_EQ(Ask({.most = TLS1_2_VERSION}).version, "TLSv1.2");
  EXPECT_EQ(Ask({.least = TLS1_VERSION, .most = TLS1_1_VERSION}).text, "");
  EXPECT_EQ(Ask({.protocols = "\x02h2\x08http/1.1"}).protocol, "http/1.1");
  EXPECT_THAT(Ask({.protocols = "\x02h2"}).text, StartsWith("HTTP/1.1 200 "));
}

TEST_F(TlsTest, VersionsAndCiphersAreThoseConfigured) {
  TlsOptions options = Ours();
  options.most = TlsVersion::k12;
  options.ciphers = {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                     "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"};
  options.groups = {"P-384"};
  Start(options);
  EXPECT_EQ(Ask({}).version, "TLSv1.2");
  const std::string theirs = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384";
  EXPECT_EQ(Ask({.ciphers = theirs}).cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
  options.prefer_own_ciphers = false;
  Configure(options);
  EXPECT_EQ(Ask({.ciphers = theirs}).cipher, "ECDHE-ECDSA-CHACHA20-POLY1305");
  EXPECT_EQ(Ask({.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"}).text, "");
  options = Ours();
  options.least = TlsVersion::k13;
  Configure(options);
  EXPECT_EQ(Ask({.most = TLS1_2_VERSION}).text, "");
  options = Ours();
  options.least = TlsVersion::k10;
  Configure(options);
  EXPECT_EQ(Ask({.least = TLS1_VERSION, .most = TLS1_1_VERSION}).version, "TLSv1.1");
}

TEST_F(TlsTest, PlainHttpIsNotAnswered) {
  Start(Ours());
  Client client(server_->bound()[0]);
  client.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.Rest().find("HTTP/1.1 200"), std::string::npos);
}

TEST_F(TlsTest, ClientsShowCertificatesAsConfigured) {
  const Certificate stranger_authority = Issue("elsewhere", nullptr);
  const Certificate known = Issue("known", &authority_, "DNS:known.example,IP:2001:db8::1");
  const Certificate stranger = Issue("stranger", &stranger_authority, "DNS:known.example");
  struct Case {
    ClientAuth auth;
    bool nobody;
    bool stranger;
    std::string user;  // of who is known
  };
  Start(Ours());
  for (const Case& c : {Case{ClientAuth::kNone, true, true, ""},
                        {ClientAuth::kRequest, true, true, ""},
                        {ClientAuth::kRequireAny, false, true, ""},
                        {ClientAuth::kVerifyIfGiven, true, false, "cert:CN=known"},
                        {ClientAuth::kRequireAndVerify, false, false, "cert:CN=known"}}) {
    TlsOptions options = Asking(c.auth);
    if (c.auth == ClientAuth::kNone) options.client_ca.clear();
    Configure(options);
    const int auth = static_cast<int>(c.auth);
    EXPECT_EQ(!Ask({}).text.empty(), c.nobody) << auth;
    EXPECT_EQ(!Ask({.as = &stranger}).text.empty(), c.stranger) << auth;
    EXPECT_THAT(Ask({.as = &known}).text, EndsWith("user=" + c.user + " tls")) << auth;
    EXPECT_THAT(Ask({.as = &known, .most = TLS1_2_VERSION}).text, EndsWith(" tls")) << auth;
  }
  TlsOptions options = Asking(ClientAuth::kRequireAndVerify);
  for (const char* const name : {"known.example", "2001:db8::1"}) {
    options.allowed_sans = {"other.example", name};
    Configure(options);
    EXPECT_THAT(Ask({.as = &known}).text, StartsWith("HTTP/1.1 200 ")) << name;
  }
  options.allowed_sans = {"known", "CN=known"};
  Configure(options);
  EXPECT_EQ(Ask({.as = &known}).text, "");
}

TEST_F(TlsTest, ARenewedCertificateTakesNoRestart) {
  Start(Ours());
  EXPECT_EQ(Ask({}).subject, "server");
  const Certificate renewed = Issue("renewed", &authority_, "IP:127.0.0.1");
  TlsOptions options = Ours();
  options.certificate = renewed.Pem();
  options.key = renewed.KeyPem();
  Configure(options);
  EXPECT_EQ(Ask({}).subject, "renewed");
}

TEST_F(TlsTest, AUserLogsIn) {
  crypt_data data{};
  users_ = {{"alice", crypt_r("secret", "$2b$04$abcdefghijklmnopqrstuu", &data)}};
  Start(Ours());
  const std::string right = "Authorization: Basic YWxpY2U6c2VjcmV0\r\n";
  const std::string nobody = Ask({}).text;
  EXPECT_THAT(nobody, StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(nobody, HasSubstr("WWW-Authenticate: Basic "));
  for (int i = 0; i < 2; ++i) EXPECT_THAT(Ask({}, right).text, EndsWith("user=alice tls"));
  EXPECT_THAT(Ask({}, "Authorization: Basic YWxpY2U6d3Jvbmc=\r\n").text,
              StartsWith("HTTP/1.1 401 "));
  EXPECT_EQ(server_->counters().failed_logins, 1U);
  const std::string json = "Content-Type: application/json\r\nContent-Length: 2\r\n";
  EXPECT_THAT(Ask({}, right + json, "PUT /", "{}").text, EndsWith("user=alice tls"));
  EXPECT_THAT(Ask({}, json, "PUT /", "{}").text, StartsWith("HTTP/1.1 401 "));
}

TEST_F(TlsTest, ATokenLogsIn) {
  tokens_.emplace();
  tokens_->anonymous_read = true;
  tokens_->all.push_back({"ci", Sha256("abc"), false, true, {}, {}});
  Start(Ours());
  EXPECT_THAT(Ask({}).text, EndsWith("user= tls"));
  EXPECT_THAT(
      Ask({}, "Authorization: Bearer abc\r\nContent-Type: application/json\r\n", "PUT /").text,
      EndsWith("user=token:ci tls"));
  EXPECT_THAT(Ask({}, "Authorization: Bearer abc\r\n").text, StartsWith("HTTP/1.1 403 "));
}

TEST(TlsContext, WhatIsBrokenIsSaidSo) {
  const Certificate one = Issue("one", nullptr);
  const Certificate other = Issue("other", nullptr);
  TlsOptions options{.certificate = one.Pem(), .key = one.KeyPem(), .client_ca = ""};
  EXPECT_TRUE(TlsContext::Make(options));
  const auto why = [](const TlsOptions& broken) {
    const auto made = TlsContext::Make(broken);
    return made ? std::string("good") : made.error().message;
  };
  options.key = other.KeyPem();
  EXPECT_THAT(why(options), StartsWith("the key: "));
  options.key = "no key";
  EXPECT_THAT(why(options), StartsWith("the key: "));
  options.key = one.KeyPem();
  options.certificate = "nothing";
  EXPECT_THAT(why(options), StartsWith("the certificate: "));
  options.certificate = one.Pem();
  options.client_auth = ClientAuth::kRequireAndVerify;
  options.client_ca = "nothing";
  EXPECT_THAT(why(options), StartsWith("client_ca: "));
}

}  // namespace
}  // namespace rollcall::serving::http
