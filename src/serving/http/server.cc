#include "serving/http/server.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <optional>
#include <thread>
#include <utility>

#include "base/quote.h"

namespace rollcall::serving::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kAcceptPause{100};  // when there are no descriptors left

Result<tcp::endpoint> Parse(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::string host = text.substr(0, colon == std::string::npos ? 0 : colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  error_code bad;
  const auto address = asio::ip::make_address(host, bad);
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (colon == std::string::npos || bad || error != std::errc() || stop != end) {
    return Fail(ErrorCode::kInvalid, fmt::format("{} is not ADDRESS:PORT", Quote(text)));
  }
  return tcp::endpoint(address, port);
}

std::string ToText(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  if (endpoint.address().is_v6()) return fmt::format("[{}]:{}", host, endpoint.port());
  return fmt::format("{}:{}", host, endpoint.port());
}

using Reply = bhttp::response<bhttp::string_body>;

Reply MakeReply(Response response, unsigned version, bool keep_alive) {
  Reply reply{bhttp::int_to_status(response.status), version};
  reply.set(bhttp::field::content_type, response.content_type);
  reply.set("X-Content-Type-Options", "nosniff");
  reply.set(bhttp::field::cache_control, "no-store");
  reply.body() = std::move(response.body);
  reply.keep_alive(keep_alive);
  reply.prepare_payload();
  return reply;
}

// What is said of a request that could not be read; nothing: the client has gone.
std::optional<Response> Complaint(const error_code& error) {
  if (error == bhttp::error::header_limit) return Response{431, "request header too large\n"};
  if (error == bhttp::error::body_limit) return Response{413, "a request here has no body\n"};
  if (error == bhttp::error::end_of_stream || error == beast::error::timeout) return std::nullopt;
  if (error.category() == bhttp::make_error_code(bhttp::error::bad_method).category()) {
    return Response{400, "not an HTTP request: " + error.message() + "\n"};
  }
  return std::nullopt;
}

}  // namespace

class Server::Running {
 public:
  Running(const Options& options, const std::map<std::string, Handler, std::less<>>& paths)
      : options_(options), paths_(paths) {}

  ~Running() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] Result<void> Listen() {
    for (const std::string& text : options_.listen) {
      const auto endpoint = Parse(text);
      if (!endpoint) return Fail(endpoint.error());
      auto acceptor = std::make_unique<tcp::acceptor>(io_);
      error_code error;
      acceptor->open(endpoint->protocol(), error);
      if (!error) acceptor->set_option(asio::socket_base::reuse_address(true), error);
      if (!error && endpoint->address().is_v6()) {
        acceptor->set_option(asio::ip::v6_only(true), error);
      }
      if (!error) acceptor->bind(*endpoint, error);
      if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
      if (error) {
        const bool taken = error == asio::error::address_in_use;
        return Fail(taken ? ErrorCode::kConflict : ErrorCode::kUnavailable,
                    fmt::format("cannot listen at {}: {}", text, error.message()));
      }
      bound_.push_back(ToText(acceptor->local_endpoint()));
      acceptors_.push_back(std::move(acceptor));
    }
    for (const auto& acceptor : acceptors_) {
      asio::co_spawn(io_, Accept(*acceptor), asio::detached);
    }
    thread_ = std::thread([this] { io_.run(); });
    return {};
  }

  [[nodiscard]] const std::vector<std::string>& bound() const { return bound_; }

 private:
  asio::awaitable<void> Accept(tcp::acceptor& acceptor) {
    for (;;) {
      auto [error, socket] = co_await acceptor.async_accept(kTuple);
      if (error == asio::error::operation_aborted) co_return;
      if (error) {
        asio::steady_timer pause(io_, kAcceptPause);
        (void)co_await pause.async_wait(kTuple);
        continue;
      }
      // Beyond the bound: closed at once, which the client sees sooner than silence.
      if (connections_ >= options_.most_connections) continue;
      asio::co_spawn(io_, Serve(beast::tcp_stream(std::move(socket))), asio::detached);
    }
  }

  asio::awaitable<void> Serve(beast::tcp_stream stream) {
    ++connections_;
    beast::flat_buffer buffer;
    for (;;) {
      bhttp::request_parser<bhttp::empty_body> parser;
      parser.header_limit(static_cast<std::uint32_t>(options_.most_header));
      parser.body_limit(0);
      stream.expires_after(options_.client_time);
      const auto [error, size] = co_await bhttp::async_read(stream, buffer, parser, kTuple);
      std::optional<Response> complaint;
      if (error) {
        complaint = Complaint(error);
        if (!complaint) break;
      }
      const auto& request = parser.get();
      const bool head = !error && request.method() == bhttp::verb::head;
      const bool keep_alive = !error && request.keep_alive();
      Reply reply = MakeReply(error ? *std::move(complaint) : Answer(request),
                              error ? 11 : request.version(), keep_alive);
      if (reply.result() == bhttp::status::method_not_allowed) {
        reply.set(bhttp::field::allow, "GET, HEAD");
      }
      stream.expires_after(options_.client_time);
      bhttp::serializer<false, bhttp::string_body> serializer(reply);
      const auto [failed, sent] =
          head ? co_await bhttp::async_write_header(stream, serializer, kTuple)
               : co_await bhttp::async_write(stream, serializer, kTuple);
      if (failed || !keep_alive) break;
    }
    error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    --connections_;
  }

  [[nodiscard]] Response Answer(const bhttp::request<bhttp::empty_body>& request) const {
    std::string_view path = request.target();
    path = path.substr(0, path.find('?'));
    const auto found = paths_.find(path);
    if (found == paths_.end()) return {404, "not found\n"};
    if (request.method() != bhttp::verb::get && request.method() != bhttp::verb::head) {
      return {405, "only GET and HEAD\n"};
    }
    return found->second();
  }

  const Options& options_;
  const std::map<std::string, Handler, std::less<>>& paths_;
  std::size_t connections_ = 0;
  std::vector<std::string> bound_;
  asio::io_context io_{1};
  std::vector<std::unique_ptr<tcp::acceptor>> acceptors_;
  std::thread thread_;
};

Server::Server(Options options, std::map<std::string, Handler, std::less<>> paths)
    : options_(std::move(options)), paths_(std::move(paths)) {
}

Server::~Server() = default;

Result<void> Server::Start() {
  auto running = std::make_unique<Running>(options_, paths_);
  if (auto ok = running->Listen(); !ok) return ok;
  running_ = std::move(running);
  return {};
}

const std::vector<std::string>& Server::bound() const {
  return running_->bound();
}

void Server::Stop() {
  running_.reset();
}

}  // namespace rollcall::serving::http
