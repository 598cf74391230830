#include <gmock/gmock.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "agent/checker.h"
#include "agent/test_peers.h"

namespace rollcall::agent {
namespace {

using model::Health;
using ::testing::StartsWith;

constexpr long kDay = 24 * 3600;

// A key, and a certificate that it signs for itself.
struct Identity {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_EC_gen("P-256"), &EVP_PKEY_free};
  std::unique_ptr<X509, decltype(&X509_free)> certificate{X509_new(), &X509_free};
};

// names: as in subjectAltName, "IP:127.0.0.1"; until: seconds from now.
Identity MakeIdentity(const std::string& names, long until) {
  Identity identity;
  X509* const x = identity.certificate.get();
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), -2 * kDay);
  X509_gmtime_adj(X509_getm_notAfter(x), until);
  X509_set_pubkey(x, identity.key.get());
  X509_NAME* const name = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(x, name);
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(x, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(x, identity.key.get(), EVP_sha256());
  return identity;
}

// Speaks TLS with each client, and then HTTP.
class TlsPeer {
 public:
  explicit TlsPeer(const Identity& identity, bool shut_down = true)
      : context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free),
        peer_([this, shut_down](Client& client) { Serve(client, shut_down); }) {
    SSL_CTX_use_certificate(context_.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), identity.key.get());
  }
  [[nodiscard]] const Peer& peer() const { return peer_; }

 private:
  void Serve(Client& client, bool shut_down) {
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context_.get()), &SSL_free);
    SSL_set_fd(ssl.get(), client.fd());
    char request[4096];
    if (SSL_accept(ssl.get()) != 1) return;
    if (SSL_read(ssl.get(), request, sizeof request) <= 0) return;
    // Without a length: until it closes.
    const std::string answer = "HTTP/1.0 200 OK\r\n\r\nup 1\n";
    SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
    if (shut_down) SSL_shutdown(ssl.get());
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  Peer peer_;
};

class TlsTest : public ::testing::Test {
 protected:
  TlsTest()
      : authorities_(std::filesystem::temp_directory_path() /
                     ("rollcall_ca_" + std::to_string(getpid()))) {}
  ~TlsTest() override {
    unsetenv("SSL_CERT_FILE");
    std::filesystem::remove(authorities_);
  }

  // From here on the system's authorities are this one.
  void Trust(const Identity& identity) {
    FILE* const file = fopen(authorities_.c_str(), "w");
    PEM_write_X509(file, identity.certificate.get());
    fclose(file);
    setenv("SSL_CERT_FILE", authorities_.c_str(), 1);
  }
  static Checker::Verdict VerdictOn(const std::string& address) {
    CheckSpec spec;
    spec.type = CheckSpec::Type::kHttp;
    spec.url = "https://" + address + "/metrics";
    spec.interval = std::chrono::milliseconds(50);
    spec.timeout = std::chrono::seconds(5);
    return FirstVerdict(spec);
  }

 private:
  std::filesystem::path authorities_;
};

TEST_F(TlsTest, ACertificateOfATrustedAuthorityPasses) {
  const Identity identity = MakeIdentity("IP:127.0.0.1,DNS:localhost", kDay);
  Trust(identity);
  for (const bool shut_down : {true, false}) {
    const TlsPeer peer(identity, shut_down);
    auto verdict = VerdictOn(peer.peer().address());
    EXPECT_EQ(verdict.health, Health::kPassing) << verdict.output;
    verdict = VerdictOn("localhost:" + std::to_string(peer.peer().port()));
    EXPECT_EQ(verdict.health, Health::kPassing) << verdict.output;
  }
}

TEST_F(TlsTest, OtherCertificatesAreNotBelieved) {
  struct Case {
    std::string names;
    long until;
    bool trusted;
    std::string why;
  };
  for (const Case& c :
       {Case{"IP:127.0.0.1", kDay, false, "the certificate is not believed: self-signed"},
        Case{"IP:127.0.0.2", kDay, true, "the certificate is not believed: IP address mismatch"},
        Case{"DNS:localhost", kDay, true, "the certificate is not believed: IP address mismatch"},
        Case{"IP:127.0.0.1", -kDay, true,
             "the certificate is not believed: certificate has expired"}}) {
    const Identity identity = MakeIdentity(c.names, c.until);
    const Identity other = MakeIdentity("DNS:other", kDay);
    Trust(c.trusted ? identity : other);
    const TlsPeer peer(identity);
    const auto verdict = VerdictOn(peer.peer().address());
    EXPECT_EQ(verdict.health, Health::kCritical);
    EXPECT_THAT(verdict.output, StartsWith(c.why)) << c.names;
  }
}

TEST_F(TlsTest, AServerWithoutTlsIsToldAsSuch) {
  const Peer peer([](Client& client) {
    client.Send(Http("400 Bad Request", "this is HTTP\n"));
    client.StaySilent();
  });
  const auto verdict = VerdictOn(peer.address());
  EXPECT_EQ(verdict.health, Health::kCritical);
  EXPECT_THAT(verdict.output, StartsWith("TLS: "));
}

}  // namespace
}  // namespace rollcall::agent
