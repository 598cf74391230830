#include "serving/http/tls.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <boost/asio/ssl/context.hpp>

#include "base/quote.h"
#include "serving/http/target.h"

namespace rollcall::serving::http {
namespace {

namespace asio = boost::asio;

constexpr std::array<std::string_view, 13> kCiphers = {
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"};
constexpr std::size_t kOfTls13 = 3;  // of them; those are not for choosing, as in Go

template <typename T, void (*Free)(T*)>
struct Freeing {
  void operator()(T* it) const { Free(it); }
};
void FreeBio(BIO* bio) {
  BIO_free(bio);
}
using Bio = std::unique_ptr<BIO, Freeing<BIO, FreeBio>>;
using Certificate = std::unique_ptr<X509, Freeing<X509, X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY, EVP_PKEY_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freeing<GENERAL_NAMES, GENERAL_NAMES_free>>;

// What OpenSSL says of what it did last, and nothing that it said before.
std::string Reason() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  const char* const reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  return reason == nullptr ? "OpenSSL does not take it" : reason;
}

tl::unexpected<Error> Bad(std::string_view what) {
  return Fail(ErrorCode::kInvalid, fmt::format("{}: {}", what, Reason()));
}

Bio Reading(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// Without it OpenSSL would ask at the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) {
  return -1;
}

Result<void> UseCertificate(SSL_CTX* tls, const std::string& pem) {
  const Bio bio = Reading(pem);
  const Certificate first(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
  if (!first || SSL_CTX_use_certificate(tls, first.get()) != 1) return Bad("the certificate");
  for (;;) {
    Certificate next(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
    if (!next) break;
    if (SSL_CTX_add0_chain_cert(tls, next.get()) != 1) return Bad("the certificate's chain");
    (void)next.release();
  }
  ERR_clear_error();  // of the end of the text
  return {};
}

Result<void> UseKey(SSL_CTX* tls, const std::string& pem) {
  const Key key(PEM_read_bio_PrivateKey(Reading(pem).get(), nullptr, NoPassphrase, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(tls, key.get()) != 1 || SSL_CTX_check_private_key(tls) != 1) {
    return Bad("the key");
  }
  return {};
}

int VersionOf(TlsVersion version) {
  constexpr std::array kVersions = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
  return kVersions[static_cast<std::size_t>(version)];
}

Result<void> UseCiphers(SSL_CTX* tls, const TlsOptions& options) {
  SSL_CTX_set_min_proto_version(tls, VersionOf(options.least));
  SSL_CTX_set_max_proto_version(tls, VersionOf(options.most));
  std::vector<std::string> names;
  for (const std::string& name : options.ciphers) {
    const auto* const known = std::find(kCiphers.begin(), kCiphers.end(), name);
    if (known >= kCiphers.begin() + kOfTls13) names.emplace_back(OPENSSL_cipher_name(name.c_str()));
  }
  if (!options.ciphers.empty() && names.empty()) {
    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
  }
  std::string list = names.empty() ? "DEFAULT" : fmt::format("{}", fmt::join(names, ":"));
  // What is older than TLS 1.2 signs with SHA-1, which OpenSSL's usual level no longer does.
  if (options.least < TlsVersion::k12) list += ":@SECLEVEL=0";
  if (SSL_CTX_set_cipher_list(tls, list.c_str()) != 1) return Bad("cipher_suites");
  if (options.prefer_own_ciphers) SSL_CTX_set_options(tls, SSL_OP_CIPHER_SERVER_PREFERENCE);
  const std::string groups = fmt::format("{}", fmt::join(options.groups, ":"));
  if (!groups.empty() && SSL_CTX_set1_groups_list(tls, groups.c_str()) != 1) {
    return Bad("curve_preferences");
  }
  return {};
}

// Not looked at: who it is shows CheckClient(), or nobody asks.
int AcceptAny(int /*good*/, X509_STORE_CTX* /*chain*/) {
  return 1;
}

bool Demands(ClientAuth auth) {
  return auth == ClientAuth::kRequireAny || auth == ClientAuth::kRequireAndVerify;
}

Result<void> AskClients(SSL_CTX* tls, const TlsOptions& options) {
  if (options.client_auth == ClientAuth::kNone) return {};
  const bool required = Demands(options.client_auth);
  const bool verified = options.client_auth >= ClientAuth::kVerifyIfGiven;
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     verified ? nullptr : AcceptAny);
  if (options.client_ca.empty()) {
    return SSL_CTX_set_default_verify_paths(tls) == 1 ? Result<void>{} : Bad("the authorities");
  }
  const Bio bio = Reading(options.client_ca);
  std::size_t count = 0;
  for (;; ++count) {
    const Certificate next(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
    if (!next) break;
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), next.get()) != 1 ||
        SSL_CTX_add_client_CA(tls, next.get()) != 1) {
      return Bad("client_ca");
    }
  }
  ERR_clear_error();
  if (count == 0) return Fail(ErrorCode::kInvalid, "client_ca: no certificate is in it");
  return {};
}

// HTTP/1.1, to those who ask for a choice and have it among theirs.
int ChooseProtocol(SSL* /*tls*/, const unsigned char** out, unsigned char* size,
                   const unsigned char* in, unsigned in_size, void* /*data*/) {
  static constexpr std::string_view kOurs = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, reinterpret_cast<const unsigned char*>(kOurs.data()),
                            kOurs.size(), in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

std::string TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string AddressOf(const ASN1_OCTET_STRING* octets) {
  const unsigned char* const data = ASN1_STRING_get0_data(octets);
  if (ASN1_STRING_length(octets) == 4) {
    return fmt::format("{}.{}.{}.{}", data[0], data[1], data[2], data[3]);
  }
  if (ASN1_STRING_length(octets) != 16) return "";
  std::string text;
  for (int i = 0; i < 16; i += 2) {
    text += fmt::format("{}{:x}", i == 0 ? "" : ":", data[i] << 8 | data[i + 1]);
  }
  return CanonicalAddress(text);
}

std::vector<std::string> AlternativeNames(const X509* certificate) {
  std::vector<std::string> found;
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type == GEN_DNS || type == GEN_EMAIL || type == GEN_URI) {
      found.push_back(TextOf(static_cast<const ASN1_STRING*>(value)));
    } else if (type == GEN_IPADD) {
      found.push_back(AddressOf(static_cast<const ASN1_OCTET_STRING*>(value)));
    }
  }
  return found;
}

}  // namespace

bool IsKnownCipher(std::string_view name) {
  return std::find(kCiphers.begin(), kCiphers.end(), name) != kCiphers.end();
}

Result<std::shared_ptr<const TlsContext>> TlsContext::Make(const TlsOptions& options) {
  ERR_clear_error();
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* const tls = context->native_handle();
  if (auto ok = UseCiphers(tls, options); !ok) return Fail(std::move(ok.error()));
  if (auto ok = UseCertificate(tls, options.certificate); !ok) return Fail(std::move(ok.error()));
  if (auto ok = UseKey(tls, options.key); !ok) return Fail(std::move(ok.error()));
  if (auto ok = AskClients(tls, options); !ok) return Fail(std::move(ok.error()));
  // Each connection proves anew who it is; those that last are not many.
  SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(tls, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_num_tickets(tls, 0);
  SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(tls, ChooseProtocol, nullptr);
  return std::make_shared<const TlsContext>(std::move(context), options);
}

TlsContext::TlsContext(std::unique_ptr<asio::ssl::context> context, const TlsOptions& options)
    : context_(std::move(context)),
      allowed_sans_(options.allowed_sans),
      demands_(Demands(options.client_auth)),
      verifies_(options.client_auth >= ClientAuth::kVerifyIfGiven) {
}

TlsContext::~TlsContext() = default;

bool TlsContext::IsMoreOpenThan(const TlsContext& other) const {
  return (other.demands_ && !demands_) || (other.verifies_ && !verifies_) ||
         (!other.allowed_sans_.empty() && allowed_sans_.empty());
}

Result<void> TlsContext::CheckClient(const ssl_st* connection) const {
  if (allowed_sans_.empty()) return {};
  const X509* const certificate = SSL_get0_peer_certificate(connection);
  const auto names =
      certificate == nullptr ? std::vector<std::string>{} : AlternativeNames(certificate);
  const bool allowed = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::find(allowed_sans_.begin(), allowed_sans_.end(), name) != allowed_sans_.end();
  });
  if (allowed) return {};
  return Fail(ErrorCode::kRefused, "no name of the client's certificate is an allowed one");
}

std::string TlsContext::VerifiedSubject(const ssl_st* connection) const {
  const X509* const certificate = SSL_get0_peer_certificate(connection);
  if (!verifies_ || certificate == nullptr || SSL_get_verify_result(connection) != X509_V_OK) {
    return "";
  }
  const Bio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  const char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size <= 0 ? "?" : std::string(text, static_cast<std::size_t>(size));
}

}  // namespace rollcall::serving::http
