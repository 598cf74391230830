#include "etcdapi/listen.h"

#include <charconv>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace rollcall::etcdapi {
namespace {

Result<std::string> ReadPem(const std::string& path, std::string_view what) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) {
    return Fail(ErrorCode::kInvalid, std::string(what) + " '" + path + "' cannot be read");
  }
  if (text.view().find("-----BEGIN ") == std::string_view::npos) {
    return Fail(ErrorCode::kInvalid, std::string(what) + " '" + path + "' is not PEM");
  }
  return std::move(text).str();
}

}  // namespace

Result<ListenAddress> ListenAddress::Parse(const std::string& text) {
  const auto wrong = [&text](const char* why) {
    return Fail(ErrorCode::kInvalid, "'" + text + "' is no address to listen at: " + why);
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return wrong("ADDR:PORT is expected");
  ListenAddress address{text.substr(0, colon), text.substr(colon + 1)};
  unsigned port = 0;
  const char* const end = address.port.data() + address.port.size();
  const auto parsed = std::from_chars(address.port.data(), end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end || port > 65535) {
    return wrong("the port is no number from 0 to 65535");
  }
  std::string& host = address.host;
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return wrong("an IPv6 address stands in brackets");
  }
  return address;
}

std::string ListenAddress::ToString() const {
  if (host.empty()) return "[::]:" + port;
  return host.find(':') == std::string::npos ? host + ":" + port : "[" + host + "]:" + port;
}

Result<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(const TlsFiles& files) {
  if (files.cert.empty() != files.key.empty()) {
    return Fail(ErrorCode::kInvalid, "the store's certificate and its key go together: only '" +
                                         files.cert + files.key + "' is given");
  }
  if (files.cert.empty()) {
    if (files.client_ca.empty()) return grpc::InsecureServerCredentials();
    return Fail(ErrorCode::kInvalid, "a client CA is given, '" + files.client_ca +
                                         "', but no certificate of the store's own");
  }
  auto cert = ReadPem(files.cert, "the store's certificate");
  if (!cert) return Fail(std::move(cert.error()));
  auto key = ReadPem(files.key, "the store's key");
  if (!key) return Fail(std::move(key.error()));
  grpc::SslServerCredentialsOptions pem(
      files.client_ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                              : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  pem.pem_key_cert_pairs.push_back({*std::move(key), *std::move(cert)});
  if (!files.client_ca.empty()) {
    auto ca = ReadPem(files.client_ca, "the clients' CA");
    if (!ca) return Fail(std::move(ca.error()));
    pem.pem_root_certs = *std::move(ca);
  }
  return grpc::SslServerCredentials(pem);
}

}  // namespace rollcall::etcdapi
