// ProbeHttp.

#include <fmt/format.h>

#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <utility>

#include "agent/check_body.h"
#include "agent/check_connect.h"
#include "agent/check_output.h"
#include "agent/check_probe.h"

namespace rollcall::agent {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using model::Health;

constexpr std::uint32_t kMostHeader = 16 << 10;
constexpr std::size_t kMostBody = 64 << 10;  // enough to see what it is
constexpr std::size_t kShownBody = 60;

using Parser = http::response_parser<http::string_body>;

http::request<http::empty_body> MakeRequest(const CheckUrl& url) {
  http::request<http::empty_body> request{http::verb::get, url.target, 11};
  request.set(http::field::host, url.authority);
  request.set(http::field::user_agent, "rollcall");
  request.set(http::field::accept,
              "text/plain;version=0.0.4,application/openmetrics-text;q=0.5,*/*;q=0.1");
  request.keep_alive(false);
  return request;
}

// What an error in the midst of the answer says.
Outcome InterpretAnswer(const error_code& error, const CheckSpec& spec) {
  if (error == http::error::end_of_stream) return Critical("closed without an answer");
  if (error == http::error::partial_message) return Critical("the answer ends too soon");
  if (error == http::error::header_limit) return Critical("the answer's header has no end");
  const bool parsing =
      error.category() == http::make_error_code(http::error::bad_line_ending).category();
  return Interpret(error, parsing ? "the answer is not HTTP" : "no answer", spec);
}

Outcome JudgeStatus(unsigned status) {
  const bool elsewhere = status >= 300 && status < 400;
  return Critical(fmt::format("status {}{}", status, elsewhere ? ", which is not followed" : ""));
}

Outcome JudgeBody(unsigned status, const std::string& body) {
  if (IsMetrics(body)) return {Health::kPassing, fmt::format("status {}, metrics", status), false};
  const std::string begin = FirstLine(body, kShownBody);
  if (begin.empty()) return Critical(fmt::format("status {}, but nothing in it", status));
  return Critical(fmt::format("the body is no metrics: {}", begin));
}

template <typename Stream>
asio::awaitable<Outcome> Ask(Stream& stream, const CheckUrl& url, const CheckSpec& spec) {
  const auto request = MakeRequest(url);
  const auto [unsent, sent] = co_await http::async_write(stream, request, kTuple);
  if (unsent) co_return InterpretAnswer(unsent, spec);

  beast::flat_buffer buffer;
  Parser parser;
  parser.header_limit(kMostHeader);
  parser.body_limit(boost::none);  // we stop by ourselves
  error_code error;
  while (!error && !parser.is_header_done()) {
    const auto [failed, size] = co_await http::async_read_some(stream, buffer, parser, kTuple);
    error = failed;
  }
  if (!parser.is_header_done()) co_return InterpretAnswer(error, spec);
  const unsigned status = parser.get().result_int();
  if (status < 200 || status > 299) co_return JudgeStatus(status);
  while (!error && !parser.is_done() && parser.get().body().size() < kMostBody) {
    const auto [failed, size] = co_await http::async_read_some(stream, buffer, parser, kTuple);
    error = failed;
  }
  // Many servers close TLS as they close TCP.
  const bool closed = error == asio::ssl::error::stream_truncated && parser.need_eof();
  if (error && !closed) co_return InterpretAnswer(error, spec);
  co_return JudgeBody(status, parser.get().body());
}

asio::awaitable<Outcome> AskByTls(beast::tcp_stream& stream, const CheckUrl& url,
                                  const CheckSpec& spec, ProbeRoom& room) {
  const auto trust = room.trust.Get(std::chrono::steady_clock::now());
  asio::ssl::stream<beast::tcp_stream&> secured(stream, *trust);
  if (!ExpectHost(secured.native_handle(), url.place.host)) co_return Inconclusive("no memory");
  const auto [error] = co_await secured.async_handshake(asio::ssl::stream_base::client, kTuple);
  if (error && error != beast::error::timeout) {
    const auto why = WhyNotBelieved(secured.native_handle());
    if (why) co_return Critical(fmt::format("the certificate is not believed: {}", *why));
  }
  if (error) co_return Interpret(error, "TLS", spec);
  co_return co_await Ask(secured, url, spec);
}

}  // namespace

asio::awaitable<Outcome> ProbeHttp(const CheckSpec& spec, SteadyTime until, ProbeRoom& room) {
  const auto url = ParseCheckUrl(spec.url);
  if (!url) co_return Critical(url.error().message);
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  auto trouble = co_await Connect(stream, url->place, spec, until, room);
  if (trouble) co_return *std::move(trouble);
  if (url->tls) co_return co_await AskByTls(stream, *url, spec, room);
  co_return co_await Ask(stream, *url, spec);
}

}  // namespace rollcall::agent
