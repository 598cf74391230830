// Certificates for tests, made by openssl.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "store/etcd/testing/etcd_process.h"

namespace rollcall::store::etcd::testing {

// A CA of its own, with certificates for the server (127.0.0.1) and for a client.
class Certificates {
 public:
  Certificates() {
    OpenSsl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", Path("ca.key"), "-out", Path("ca.pem"), "-days", "2", "-subj", "/CN=ca"});
    Issue("server", "subjectAltName=IP:127.0.0.1,DNS:localhost");
    Issue("client", "extendedKeyUsage=clientAuth");
  }

  std::string Path(std::string_view name) const { return folder_ / name; }

 private:
  void Issue(const std::string& name, const std::string& extension) {
    OpenSsl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", Path(name + ".key"), "-out", Path(name + ".csr"), "-subj", "/CN=" + name,
             "-addext", extension});
    OpenSsl({"x509", "-req", "-in", Path(name + ".csr"), "-CA", Path("ca.pem"), "-CAkey",
             Path("ca.key"), "-CAcreateserial", "-out", Path(name + ".pem"), "-days", "2",
             "-copy_extensions", "copy"});
  }
  void OpenSsl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    EXPECT_EQ(Run(arguments, Path("openssl.log")), 0) << arguments[1];
  }

  TempDir folder_;
};

}  // namespace rollcall::store::etcd::testing
