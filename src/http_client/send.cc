#include "http_client/send.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/none.hpp>
#include <optional>
#include <tuple>
#include <utility>

#include "base/quote.h"

namespace rollcall::http_client {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kMostHeader = 64 << 10;
constexpr int kMostInterim = 10;  // answers before the one that counts

tl::unexpected<Error> Unavailable(std::string_view what, const error_code& error) {
  return Fail(ErrorCode::kUnavailable, fmt::format("{}: {}", what, error.message()));
}

http::request<http::string_body> Message(const Request& request) {
  http::request<http::string_body> message;
  message.method_string(request.method);
  message.target(request.url.target);
  message.set(http::field::host, request.url.authority);
  for (const auto& [name, value] : request.headers) message.insert(name, value);
  message.keep_alive(false);
  message.body() = request.body;
  if (request.method != "GET") message.prepare_payload();
  return message;
}

// The server goes on, and the answer is still to come (RFC 9110 section 15.2).
bool IsInterim(unsigned status) {
  return status >= 100 && status < 200 && status != 101;
}

using Parser = http::response_parser<http::string_body>;

Response ResponseOf(Parser& parser) {
  Response response;
  response.status = parser.get().result_int();
  for (const auto& field : parser.get().base()) {
    response.headers.emplace_back(field.name_string(), field.value());
  }
  response.body = std::move(parser.get().body());
  return response;
}

// Adds what comes to `heard`, until the server ends it.
template <typename Stream>
asio::awaitable<Result<Response>> Listen(Stream& stream, boost::beast::flat_buffer& buffer,
                                         Parser& parser, std::string& heard) {
  parser.body_limit(boost::none);
  while (true) {
    heard += parser.get().body();
    parser.get().body().clear();
    if (parser.is_done()) co_return Fail(ErrorCode::kUnavailable, "the server has ended it");
    const auto [error, size] = co_await http::async_read_some(stream, buffer, parser, kTuple);
    if (error) co_return Unavailable("what follows", error);
  }
}

// `heard`: null, where the whole answer is wanted.
template <typename Stream>
asio::awaitable<Result<Response>> Ask(Stream& stream, const Request& request, std::string* heard) {
  const auto message = Message(request);
  const auto [unsent, sent] = co_await http::async_write(stream, message, kTuple);
  if (unsent) co_return Unavailable("the request could not be sent", unsent);
  boost::beast::flat_buffer buffer;
  std::optional<Parser> parser;
  error_code error;
  for (int interim = 0; interim <= kMostInterim; ++interim) {
    parser.emplace();
    parser->header_limit(kMostHeader);
    parser->body_limit(request.most_body);
    std::tie(error, std::ignore) =
        co_await http::async_read_header(stream, buffer, *parser, kTuple);
    if (error || !IsInterim(parser->get().result_int())) break;
  }
  if (!error && heard != nullptr && parser->get().result() == http::status::ok) {
    co_return co_await Listen(stream, buffer, *parser, *heard);
  }
  if (!error) {
    std::tie(error, std::ignore) = co_await http::async_read(stream, buffer, *parser, kTuple);
  }
  if (error == http::error::body_limit) {
    co_return Fail(ErrorCode::kExhausted,
                   fmt::format("the answer has more than {} octets", request.most_body));
  }
  if (error == http::error::end_of_stream) {
    co_return Fail(ErrorCode::kUnavailable, "the connection was closed without an answer");
  }
  // Many servers close TLS as they close TCP.
  const bool closed =
      error == asio::ssl::error::stream_truncated && parser->is_header_done() && parser->need_eof();
  if (error && !closed) co_return Unavailable("the answer", error);
  co_return ResponseOf(*parser);
}

// What of the files cannot be used; nothing: all of them can.
std::optional<Error> Prepare(asio::ssl::context& context, const Tls& tls) {
  const auto wrong = [](const std::string& file, const error_code& error) {
    return Error{ErrorCode::kInvalid, fmt::format("{}: {}", file, error.message())};
  };
  error_code error;
  if (tls.ca_file.empty()) {
    context.set_default_verify_paths(error);  // without any, every certificate is refused
  } else if (context.load_verify_file(tls.ca_file, error); error) {
    return wrong(tls.ca_file, error);
  }
  context.set_verify_mode(tls.skip_verify ? asio::ssl::verify_none : asio::ssl::verify_peer, error);
  if (tls.cert_file.empty()) return std::nullopt;
  if (context.use_certificate_chain_file(tls.cert_file, error); error) {
    return wrong(tls.cert_file, error);
  }
  if (context.use_private_key_file(tls.key_file, asio::ssl::context::pem, error); error) {
    return wrong(tls.key_file, error);
  }
  return std::nullopt;
}

bool ExpectHost(SSL* connection, const std::string& host) {
  error_code no_address;
  asio::ip::make_address(host, no_address);
  if (!no_address) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host.c_str()) == 1;
  }
  return SSL_set_tlsext_host_name(connection, host.c_str()) == 1 &&
         SSL_set1_host(connection, host.c_str()) == 1;
}

asio::awaitable<Result<Response>> AskByTls(tcp::socket& socket, const Request& request,
                                           std::string* heard) {
  asio::ssl::context context(asio::ssl::context::tls_client);
  if (auto wrong = Prepare(context, request.tls)) co_return Fail(*std::move(wrong));
  asio::ssl::stream<tcp::socket&> secured(socket, context);
  const std::string& host =
      request.tls.server_name.empty() ? request.url.host : request.tls.server_name;
  if (!ExpectHost(secured.native_handle(), host)) {
    co_return Fail(ErrorCode::kInvalid,
                   fmt::format("{} is no host that a certificate is for", Quote(host)));
  }
  const auto [error] = co_await secured.async_handshake(asio::ssl::stream_base::client, kTuple);
  if (error) {
    const long why = SSL_get_verify_result(secured.native_handle());
    if (why == X509_V_OK || request.tls.skip_verify) co_return Unavailable("TLS", error);
    co_return Fail(ErrorCode::kUnavailable, fmt::format("the certificate is not believed: {}",
                                                        X509_verify_cert_error_string(why)));
  }
  co_return co_await Ask(secured, request, heard);
}

asio::awaitable<Result<Response>> Run(tcp::socket& socket, const Request& request,
                                      std::string* heard = nullptr) {
  tcp::resolver resolver(socket.get_executor());
  const auto [unknown, found] = co_await resolver.async_resolve(
      request.url.host, std::to_string(request.url.port), tcp::resolver::numeric_service, kTuple);
  if (unknown) co_return Unavailable(request.url.host, unknown);
  const auto [error, endpoint] = co_await asio::async_connect(socket, found, kTuple);
  if (error)
    co_return Unavailable(fmt::format("no connection to {}", request.url.authority), error);
  if (request.url.tls) co_return co_await AskByTls(socket, request, heard);
  co_return co_await Ask(socket, request, heard);
}

// What is put into the head goes out as it is.
std::optional<Error> WrongHeader(const Request& request) {
  for (const auto& [name, value] : request.headers) {
    if ((name + value).find_first_of("\r\n") != std::string::npos) {
      return Error{ErrorCode::kInvalid,
                   fmt::format("the header {} has an end of line", Quote(name))};
    }
  }
  return std::nullopt;
}

constexpr std::chrono::milliseconds kLook{200};

}  // namespace

std::string_view Response::Header(std::string_view name) const {
  for (const auto& [field, value] : headers) {
    if (boost::beast::iequals(field, name)) return value;
  }
  return {};
}

Result<Response> Send(const Request& request) {
  if (auto wrong = WrongHeader(request)) return Fail(*std::move(wrong));
  const auto begin = std::chrono::steady_clock::now();
  Result<Response> result = Fail(ErrorCode::kDeadline, "no whole answer in time");
  {
    asio::io_context context(1);
    tcp::socket socket(context);
    asio::co_spawn(
        context, [&]() -> asio::awaitable<void> { result = co_await Run(socket, request); },
        asio::detached);
    context.run_until(begin + request.patience);
  }
  if (!result) return result;
  result->took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  return result;
}

Result<Response> Follow(const Request& request, const Take& take) {
  using std::chrono::steady_clock;
  if (auto wrong = WrongHeader(request)) return Fail(*std::move(wrong));
  Result<Response> result = Fail(ErrorCode::kDeadline, "nothing came in time");
  std::string heard;  // and not yet handed on
  asio::io_context context(1);
  tcp::socket socket(context);
  asio::co_spawn(
      context, [&]() -> asio::awaitable<void> { result = co_await Run(socket, request, &heard); },
      asio::detached);
  auto silent_until = steady_clock::now() + request.patience;
  auto look_at = steady_clock::now() + kLook;
  while (!context.stopped() && steady_clock::now() < silent_until) {
    context.run_one_until(std::min(look_at, silent_until));
    const auto now = steady_clock::now();
    if (!heard.empty()) silent_until = now + request.patience;
    if (heard.empty() && now < look_at) continue;
    if (!take(std::exchange(heard, {}))) return Response{.status = 200};
    look_at = steady_clock::now() + kLook;
    silent_until += steady_clock::now() - now;  // that was not the server's silence
  }
  return result;
}

std::string BasicAuthorization(std::string_view user, std::string_view password) {
  const std::string plain = fmt::format("{}:{}", user, password);
  std::string encoded((plain.size() + 2) / 3 * 4 + 1, '\0');  // with the zero that is written
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                  reinterpret_cast<const unsigned char*>(plain.data()),
                  static_cast<int>(plain.size()));
  encoded.pop_back();
  return "Basic " + encoded;
}

}  // namespace rollcall::http_client
