#include "store/etcd/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <utility>

namespace rollcall::store::etcd {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

tl::unexpected<Error> Bad(std::string_view what, const std::string& path, std::string_view why) {
  return Fail(ErrorCode::kInvalid,
              "etcd " + std::string(what) + " '" + path + "' " + std::string(why));
}

// "" for no path.
Result<std::string> ReadFile(std::string_view what, const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) return Bad(what, path, "cannot be read");
  if (text.view().find("-----BEGIN ") == std::string_view::npos)
    return Bad(what, path, "is not PEM");
  return std::move(text).str();
}

std::unique_ptr<BIO, Free> Open(const std::string& pem) {
  return std::unique_ptr<BIO, Free>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::unique_ptr<X509, Free> FirstCertificate(const std::string& pem) {
  return std::unique_ptr<X509, Free>(PEM_read_bio_X509(Open(pem).get(), nullptr, nullptr, nullptr));
}

// Without a passphrase, which else would be asked for at the terminal.
std::unique_ptr<EVP_PKEY, Free> PrivateKey(const std::string& pem) {
  constexpr auto kNoPassphrase = [](char*, int, int, void*) { return 0; };
  return std::unique_ptr<EVP_PKEY, Free>(
      PEM_read_bio_PrivateKey(Open(pem).get(), nullptr, kNoPassphrase, nullptr));
}

Result<void> Check(const Options& options, const Pem& pem) {
  if (!pem.ca.empty() && !FirstCertificate(pem.ca)) {
    return Bad("CA file", options.ca_file, "holds no certificate");
  }
  if (pem.cert.empty()) return {};
  const auto certificate = FirstCertificate(pem.cert);
  if (!certificate) return Bad("client certificate", options.cert_file, "holds no certificate");
  const auto key = PrivateKey(pem.key);
  if (!key) return Bad("client key", options.key_file, "holds no private key without a passphrase");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Bad("client key", options.key_file,
               "is not the one of the certificate '" + options.cert_file + "'");
  }
  return {};
}

}  // namespace

Result<Pem> ReadPem(const Options& options) {
  if (options.cert_file.empty() != options.key_file.empty()) {
    return Fail(ErrorCode::kInvalid, "etcd client certificate and key go together: only '" +
                                         options.cert_file + options.key_file + "' is given");
  }
  auto ca = ReadFile("CA file", options.ca_file);
  if (!ca) return Fail(std::move(ca.error()));
  auto cert = ReadFile("client certificate", options.cert_file);
  if (!cert) return Fail(std::move(cert.error()));
  auto key = ReadFile("client key", options.key_file);
  if (!key) return Fail(std::move(key.error()));
  Pem pem{*std::move(ca), *std::move(cert), *std::move(key)};
  auto ok = Check(options, pem);
  ERR_clear_error();  // of this thread; what failed has been said
  if (!ok) return Fail(std::move(ok.error()));
  return pem;
}

Result<void> CheckFiles(const Options& options) {
  auto pem = ReadPem(options);
  if (!pem) return Fail(std::move(pem.error()));
  return {};
}

}  // namespace rollcall::store::etcd
