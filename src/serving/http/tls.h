// What one side of TLS is told (exporter-toolkit's tls_server_config), and what OpenSSL makes of
// it.
//
// Threads: immutable once made; any number of connections may use one context.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// <openssl/types.h>
struct ssl_st;

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl

namespace rollcall::serving::http {

// Of Go's crypto/tls, by which the format names them.
enum class ClientAuth : std::uint8_t {
  kNone,              // NoClientCert
  kRequest,           // RequestClientCert: asked for, and not looked at
  kRequireAny,        // RequireAnyClientCert: has to be there, whoever signed it
  kVerifyIfGiven,     // VerifyClientCertIfGiven
  kRequireAndVerify,  // RequireAndVerifyClientCert
};

enum class TlsVersion : std::uint8_t { k10, k11, k12, k13 };

struct TlsOptions {
  std::string certificate;  // PEM, with those that lead to an authority
  std::string key;          // PEM, without a passphrase
  std::string client_ca;    // PEM; "": the system's
  ClientAuth client_auth = ClientAuth::kNone;
  std::vector<std::string> allowed_sans = {};  // one of them; none: any
  TlsVersion least = TlsVersion::k12;
  TlsVersion most = TlsVersion::k13;
  std::vector<std::string> ciphers = {};  // IANA's names, of TLS 1.2 and below; none: OpenSSL's
  std::vector<std::string> groups = {};   // OpenSSL's names of curves; none: its own
  bool prefer_own_ciphers = true;

  bool operator==(const TlsOptions&) const = default;
};

// A cipher suite that the format knows: those of Go's tls.CipherSuites().
[[nodiscard]] bool IsKnownCipher(std::string_view name);

class TlsContext {
 public:
  // kInvalid: a certificate, key, authority or cipher that OpenSSL does not take, or a key that
  // does not belong to the certificate.
  [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> Make(const TlsOptions& options);

  TlsContext(std::unique_ptr<boost::asio::ssl::context> context, const TlsOptions& options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  [[nodiscard]] boost::asio::ssl::context& context() const { return *context_; }
  // Whether it lets clients in that `other` does not: without a certificate, with one that nobody
  // verified, or with any name in it.
  [[nodiscard]] bool IsMoreOpenThan(const TlsContext& other) const;

  // After the handshake.  kRefused: no name of the client's certificate is an allowed one.
  [[nodiscard]] Result<void> CheckClient(const ssl_st* connection) const;
  // "CN=web1,O=ops" of a client's certificate that was verified; "" else.
  [[nodiscard]] std::string VerifiedSubject(const ssl_st* connection) const;

 private:
  const std::unique_ptr<boost::asio::ssl::context> context_;
  const std::vector<std::string> allowed_sans_;
  const bool demands_;  // a certificate
  const bool verifies_;
};

}  // namespace rollcall::serving::http
