#include "agent/check_tls.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/ip/address.hpp>

namespace rollcall::agent {
namespace {

constexpr std::chrono::minutes kReadAgain{10};

bool IsAddress(const std::string& host) {
  boost::system::error_code none;
  boost::asio::ip::make_address(host, none);
  return !none;
}

}  // namespace

std::shared_ptr<boost::asio::ssl::context> TlsTrust::Get(SteadyTime now) {
  if (context_ && now - read_ < kReadAgain) return context_;
  auto context = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_client);
  boost::system::error_code error;
  // Without any, every certificate is refused, which the check then says.
  context->set_default_verify_paths(error);
  context->set_verify_mode(boost::asio::ssl::verify_peer, error);
  context_ = std::move(context);
  read_ = now;
  return context_;
}

bool ExpectHost(ssl_st* connection, const std::string& host) {
  if (IsAddress(host)) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host.c_str()) == 1;
  }
  // By name, the server may have several certificates.
  return SSL_set_tlsext_host_name(connection, host.c_str()) == 1 &&
         SSL_set1_host(connection, host.c_str()) == 1;
}

std::optional<std::string> WhyNotBelieved(const ssl_st* connection) {
  const long result = SSL_get_verify_result(connection);
  if (result == X509_V_OK) return std::nullopt;
  return X509_verify_cert_error_string(result);
}

}  // namespace rollcall::agent
