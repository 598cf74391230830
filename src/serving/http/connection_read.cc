// The reading half of a connection.
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/http/error.hpp>
#include <exception>
#include <utility>

#include "base/ascii.h"
#include "base/log.h"
#include "serving/http/connection.h"

namespace rollcall::serving::http {
namespace {

namespace asio = boost::asio;
namespace bhttp = boost::beast::http;
using boost::system::error_code;

// What may wait while a request is answered, and what one step of parsing may need at most
// besides the header: a line of a chunk.
constexpr std::size_t kMostAhead = 64U << 10;
constexpr std::size_t kMostThrownAway = 1U << 20;

Response WhatIsWrong(const error_code& error, const std::string& read) {
  if (error == bhttp::error::header_limit) {
    if (read.find('\n') == std::string::npos) return {414, std::string("the target is too long\n")};
    return {431, std::string("the header is too large\n")};
  }
  if (error == bhttp::error::body_limit) return {413, std::string("the body is too large\n")};
  if (error == bhttp::error::bad_version) {
    return {505, std::string("only HTTP/1.0 and HTTP/1.1 are spoken here\n")};
  }
  return {400, "not an HTTP request: " + error.message() + "\n"};
}

bool HasFold(std::string_view octets) {
  return octets.find("\r\n ") != octets.npos || octets.find("\r\n\t") != octets.npos;
}

template <typename Message>
RequestHead HeadOf(const Message& message, bool folded) {
  RequestHead head;
  head.folded = folded;
  head.method = std::string(message.method_string());
  head.target = std::string(message.target());
  head.old_version = message.version() < 11;
  for (const auto& field : message) {
    const std::string_view name(field.name_string().data(), field.name_string().size());
    head.headers.push_back({LowerCase(name), std::string(field.value())});
  }
  return head;
}

void CallHandler(const Handler& handler, const ExchangePtr& exchange) {
  try {
    handler(exchange);
  } catch (const std::exception& error) {
    // The exchange goes unanswered, which is a 500.
    log::Error("an HTTP handler failed",
               {{"path", exchange->request().path}, {"error", error.what()}});
  }
}

}  // namespace

void Connection::Read() {
  if (reading_ || phase_ == Phase::kClosed) return;
  if (ended_) {  // what is unfinished stays so
    if (phase_ != Phase::kAnswer && phase_ != Phase::kAdmission) Close();
    return;
  }
  const bool busy = phase_ == Phase::kAnswer || phase_ == Phase::kAdmission;
  if (busy && in_.size() > kMostAhead) return;
  reading_ = true;
  if (tls_) {
    tls_->stream.async_read_some(asio::buffer(tls_->read),
                                 [self = shared_from_this()](const error_code& error, auto size) {
                                   self->reading_ = false;
                                   self->OnRead(error, self->tls_->read.data(), size);
                                 });
    return;
  }
  // Without a buffer until there is something to read.
  socket_.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](error_code error) {
    self->reading_ = false;
    if (error) return self->OnRead(error, nullptr, 0);
    self->OnReadable();
  });
}

void Connection::OnReadable() {
  if (phase_ == Phase::kClosed) return;
  error_code error;
  const std::size_t size = socket_.read_some(asio::buffer(loop_->scratch()), error);
  if (error == asio::error::would_block) return Read();
  OnRead(error, loop_->scratch().data(), size);
}

void Connection::OnRead(const error_code& error, const char* data, std::size_t size) {
  if (phase_ == Phase::kClosed) return;
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) return OnEnd();
  if (error) return Close();
  if (phase_ == Phase::kEnd) {
    thrown_away_ += size;
    return thrown_away_ > kMostThrownAway ? Close() : Read();
  }
  in_.append(data, size);
  Parse();
}

// The client sends no more.  It may still read an answer that is being made; one that is held
// until something happens is nothing to wait for with half a connection.
void Connection::OnEnd() {
  ended_ = true;
  if (phase_ != Phase::kAnswer && phase_ != Phase::kAdmission) return Close();
  if (phase_ != Phase::kAnswer || !pending_) return;
  const auto pending = pending_;
  if (pending->TellHalfGone()) Close();
}

void Connection::Parse() {
  while (ParseSome()) {
  }
  if (in_.empty()) in_.shrink_to_fit();  // most connections wait most of the time
  if (phase_ != Phase::kClosed) Read();
}

bool Connection::ParseSome() {
  if (phase_ == Phase::kIdle) {
    // A line end too many after a body is forgiven (RFC 9112 section 2.2).
    while (in_.starts_with("\r\n")) in_.erase(0, 2);
    if (in_.empty()) return false;
    Begin();
  }
  if (phase_ != Phase::kHead && phase_ != Phase::kBody) return false;
  error_code error;
  const std::size_t used = parser_->put(asio::buffer(in_), error);
  const bool more = error == bhttp::error::need_more;
  if (error && !more) {
    Refuse(WhatIsWrong(error, in_));
    return false;
  }
  // Of a header whole fields are taken, with all their lines.
  if (phase_ == Phase::kHead) folded_ = folded_ || HasFold({in_.data(), used});
  in_.erase(0, used);
  if (phase_ == Phase::kHead && (head_size_ += used) > shared_.options.most_header) {
    // Beast begins to count anew at each field that it has taken.
    Refuse({431, std::string("the header is too large\n")});
    return false;
  }
  if (phase_ == Phase::kHead && parser_->is_header_done()) {
    OnHead();
    return true;
  }
  if (phase_ == Phase::kBody && parser_->is_done()) {
    OnBody();
    return true;
  }
  if (in_.size() > kMostAhead) Refuse({400, std::string("a line of the body is too long\n")});
  return used > 0 && !more;
}

void Connection::Begin() {
  Enter(Phase::kHead, shared_.options.header_time);
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(shared_.options.most_header));
  parser_->body_limit(boost::none);  // known when the route is
  parser_->eager(false);
  request_.reset();
  route_ = nullptr;
  pending_.reset();
  head_only_ = chunked_ = whole_ = false;
  head_size_ = 0;
  folded_ = false;
}

void Connection::OnHead() {
  const auto& message = parser_->get();
  old_version_ = message.version() < 11;
  keep_alive_ = parser_->keep_alive() && !loop_->stopping();
  head_only_ = message.method() == bhttp::verb::head;
  auto request = CheckHead(HeadOf(message, folded_));
  if (!request) return Refuse(std::move(request.error()), std::string(message.target()));
  request_ = std::make_unique<Request>(*std::move(request));
  request_->peer = peer_;
  const auto found = shared_.router.Find(request_->method, request_->path);
  if (found.route == nullptr) {
    if (found.allow.empty()) return Refuse({404, std::string("there is nothing here\n")});
    Response response{405, "of methods there is " + found.allow + "\n"};
    response.headers.push_back({"Allow", found.allow});
    return Refuse(std::move(response));
  }
  route_ = found.route;
  policy_ = shared_.options.policy();
  auto verdict = shared_.admission.Decide(*request_, route_->right, *policy_, certificate_,
                                          SystemClock().Now(), SystemClock().WallNow());
  if (verdict) return OnAdmitted(*std::move(verdict));
  Enter(Phase::kAdmission, std::chrono::milliseconds(0));
  const bool queued = shared_.logins.Run([self = shared_from_this()] {
    Verdict late = self->shared_.admission.Compute(*self->request_, self->route_->right,
                                                   *self->policy_, SystemClock().Now());
    self->loop_->Post([self, late = std::move(late)]() mutable {
      if (self->phase_ != Phase::kAdmission) return;
      self->OnAdmitted(std::move(late));
      self->Parse();
    });
  });
  if (!queued) Refuse({503, std::string("too many logins at once\n")});
}

void Connection::OnAdmitted(Verdict verdict) {
  if (verdict.refused) return Refuse(*std::move(verdict.refused));
  request_->peer.user = std::move(verdict.identity.user);
  request_->scope = std::move(verdict.identity.scope);
  // Nobody behind us needs the secret, so nobody can log it.
  std::erase_if(request_->headers,
                [](const Field& field) { return field.name == "authorization"; });
  if (!BodyFollows(*request_)) return OnBody();
  const std::size_t most = route_->most_body;
  const auto length = parser_->content_length();
  if (most == 0 || (length && *length > most)) {
    return Refuse({413, most == 0
                            ? std::string("a request here has no body\n")
                            : "the body is longer than " + std::to_string(most) + " octets\n"});
  }
  parser_->body_limit(most);
  parser_->eager(true);
  Enter(Phase::kBody, shared_.options.body_time);
  if (request_->Header("expect") != nullptr && !old_version_ && in_.empty()) {
    Send("HTTP/1.1 100 Continue\r\n\r\n");
    Write();
  }
}

void Connection::OnBody() {
  request_->body = std::move(parser_->get().body());
  parser_.reset();
  Enter(Phase::kAnswer, std::chrono::milliseconds(0));
  pending_ = std::make_shared<Pending>();
  const auto pending = pending_;
  ExchangePtr exchange = std::make_shared<PendingExchange>(
      std::move(*request_), pending, shared_from_this(), shared_.options.most_unread, head_only_);
  request_.reset();
  if (route_->waits) {
    const bool queued =
        shared_.waiting.Run([route = route_, exchange] { CallHandler(route->handler, exchange); });
    if (!queued) {
      exchange->Reply(shared_.Complaint({503, std::string("too busy to wait for the store\n")},
                                        exchange->request().path));
    }
    return;
  }
  pending->state.Lock()->scheduled = true;  // we look anyway, below
  CallHandler(route_->handler, exchange);
  if (phase_ == Phase::kAnswer) Flush();
}

// Of what was read the rest is not looked at, if there may be a body in it.
void Connection::Refuse(Response plain, const std::string& target) {
  const bool whole = parser_ && parser_->is_done() && request_ != nullptr;
  if (!whole) keep_alive_ = false;
  Response response = shared_.Complaint(std::move(plain), request_ ? request_->path : target);
  parser_.reset();
  request_.reset();
  Enter(Phase::kAnswer, std::chrono::milliseconds(0));
  Answer(std::move(response));
}

}  // namespace rollcall::serving::http
