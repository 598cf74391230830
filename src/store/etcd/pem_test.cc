#include "store/etcd/pem.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace rollcall::store::etcd {
namespace {

namespace fs = std::filesystem;

class PemFiles : public ::testing::Test {
 public:
  PemFiles() {
    MakePair("one");
    MakePair("other");
    std::ofstream(At("empty.pem")) << "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
    std::ofstream(At("text.pem")) << "no certificate\n";
  }
  ~PemFiles() override { fs::remove_all(folder_); }

 protected:
  std::string At(const std::string& name) const { return folder_ / name; }

  // NAME.pem, a certificate by nobody, and NAME.key; NAME.locked is the key with a passphrase.
  void MakePair(const std::string& name) const {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_NAME* subject = X509_get_subject_name(certificate);
    const auto* common_name = reinterpret_cast<const unsigned char*>(name.c_str());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 60);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    Write(name + ".pem", [&](std::FILE* file) { PEM_write_X509(file, certificate); });
    Write(name + ".key", [&](std::FILE* file) {
      PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
    Write(name + ".locked", [&](std::FILE* file) {
      const unsigned char passphrase[] = "secret";
      PEM_write_PrivateKey(file, key, EVP_aes_256_cbc(), passphrase, 6, nullptr, nullptr);
    });
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  static Options Named(const std::string& ca, const std::string& cert, const std::string& key) {
    Options options;
    options.ca_file = ca;
    options.cert_file = cert;
    options.key_file = key;
    return options;
  }

 private:
  template <typename Print>
  void Write(const std::string& name, Print print) const {
    std::FILE* file = std::fopen(At(name).c_str(), "w");
    ASSERT_NE(file, nullptr);
    print(file);
    std::fclose(file);
  }
  static fs::path MakeFolder() {
    char name[] = "/tmp/rollcall-pem-XXXXXX";
    return mkdtemp(name);
  }

  fs::path folder_ = MakeFolder();
};

TEST_F(PemFiles, WhatFitsTogetherIsRead) {
  EXPECT_TRUE(CheckFiles({})) << "none is named";
  const auto pem = ReadPem(Named(At("other.pem"), At("one.pem"), At("one.key")));
  ASSERT_TRUE(pem) << pem.error().message;
  for (const std::string* text : {&pem->ca, &pem->cert, &pem->key}) {
    EXPECT_TRUE(text->starts_with("-----BEGIN ")) << *text;
  }
  EXPECT_TRUE(CheckFiles(Named(At("one.pem"), "", "")));
}

TEST_F(PemFiles, WhatNobodyCouldConnectWithIsRefusedAndNamed) {
  const std::string one = At("one.pem");
  const std::string key = At("one.key");
  const struct {
    Options options;
    std::string said;
  } cases[] = {
      {Named("/nowhere/ca.pem", "", ""), "CA file '/nowhere/ca.pem' cannot be read"},
      {Named("/", "", ""), "CA file '/' is not PEM"},
      {Named(At("text.pem"), "", ""), At("text.pem") + "' is not PEM"},
      {Named(At("empty.pem"), "", ""), At("empty.pem") + "' holds no certificate"},
      {Named(key, "", ""), key + "' holds no certificate"},
      {Named("", one, ""), "go together"},
      {Named("", "", key), "go together"},
      {Named("", key, key), "client certificate '" + key + "' holds no certificate"},
      {Named("", one, one), "client key '" + one + "' holds no private key"},
      {Named("", one, At("one.locked")), "without a passphrase"},
      {Named("", one, At("other.key")),
       At("other.key") + "' is not the one of the certificate '" + one + "'"},
  };
  for (const auto& c : cases) {
    const auto checked = CheckFiles(c.options);
    ASSERT_FALSE(checked) << c.said;
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalid) << c.said;
    EXPECT_NE(checked.error().message.find(c.said), std::string::npos) << checked.error().message;
  }
}

}  // namespace
}  // namespace rollcall::store::etcd
