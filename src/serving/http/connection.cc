#include "serving/http/connection.h"

#include <utility>

#include "base/log.h"
#include "serving/http/target.h"

namespace rollcall::serving::http {
namespace {

using boost::system::error_code;

}  // namespace

Connection::Connection(std::shared_ptr<Loop> loop, Shared& shared,
                       boost::asio::ip::tcp::socket socket)
    : loop_(std::move(loop)), shared_(shared), socket_(std::move(socket)) {
  error_code error;
  const auto remote = socket_.remote_endpoint(error);
  peer_.address = error ? "" : CanonicalAddress(remote.address().to_string(error));
  peer_.loopback = IsLoopback(peer_.address);
}

Connection::~Connection() = default;

void Connection::Start() {
  shared_.accepted.fetch_add(1, std::memory_order_relaxed);
  const bool entered = !loop_->stopping() && shared_.Enter(peer_.address);
  if (!entered) {
    shared_.turned_away.fetch_add(1, std::memory_order_relaxed);
    phase_ = Phase::kClosed;
    error_code ignored;
    socket_.close(ignored);
    return;
  }
  loop_->Add(shared_from_this());
  if (shared_.connections > shared_.options.most_connections && !loop_->CloseOneIdle()) {
    shared_.turned_away.fetch_add(1, std::memory_order_relaxed);
    return Close();
  }
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  policy_ = shared_.options.policy();
  if (policy_->tls) return Handshake();
  Enter(Phase::kIdle, shared_.options.header_time);
  Read();
}

void Connection::Enter(Phase phase, std::chrono::milliseconds time) {
  phase_ = phase;
  deadline_ = time.count() == 0 ? SteadyTime::max() : SystemClock().Now() + time;
}

void Connection::Handshake() {
  Enter(Phase::kHandshake, shared_.options.header_time);
  peer_.encrypted = true;
  tls_ = std::make_unique<Tls>(policy_->tls, socket_);
  tls_->stream.async_handshake(
      boost::asio::ssl::stream_base::server,
      [self = shared_from_this()](const error_code& error) { self->OnHandshake(error); });
}

void Connection::OnHandshake(const error_code& error) {
  if (phase_ == Phase::kClosed) return;
  if (error) return Close();
  if (const auto ok = tls_->context->CheckClient(tls_->stream.native_handle()); !ok) {
    log::Debug("client refused", {{"address", peer_.address}, {"why", ok.error().message}});
    return Close();
  }
  certificate_ = tls_->context->VerifiedSubject(tls_->stream.native_handle());
  Enter(Phase::kIdle, shared_.options.header_time);
  Read();
}

void Connection::TimeOut() {
  const bool unread = write_deadline_ <= SystemClock().Now();
  const bool late = !unread && (phase_ == Phase::kHead || phase_ == Phase::kBody);
  if (late) return Refuse({408, std::string("the request took too long to come\n")});
  return unread ? CutOff() : Close();
}

void Connection::CutOff() {
  shared_.cut_off.fetch_add(1, std::memory_order_relaxed);
  Close();
}

void Connection::BeginStop() {
  keep_alive_ = false;
  switch (phase_) {
    case Phase::kAdmission:
    case Phase::kEnd:
    case Phase::kClosed:
      return;
    case Phase::kAnswer:
      break;
    default:
      return Close();
  }
  Flush();
  if (!pending_ || whole_) return;  // the answer is on its way
  bool stream = false;
  {
    auto state = pending_->state.Lock();
    stream = state->begun && !state->over;
    if (stream && state->ends) return;  // by itself; half of it must not look whole
  }
  // Who is told may answer yet; who does not, has nothing to say.
  const auto pending = pending_;
  const bool told = pending->TellGone();
  Flush();
  if (!pending_ || whole_) return;
  if (stream) {
    if (chunked_) Send("0\r\n\r\n");
    whole_ = true;
    Write();
  } else if (told) {
    Answer(shared_.Complaint({503, std::string("the server stops\n")}, ""));
  }
}

void Connection::Close() {
  if (phase_ == Phase::kClosed) return;
  const auto self = shared_from_this();
  phase_ = Phase::kClosed;
  deadline_ = write_deadline_ = SteadyTime::max();
  GiveRoom();
  error_code ignored;
  socket_.close(ignored);
  const auto pending = std::exchange(pending_, nullptr);
  if (pending) (void)pending->TellGone();
  shared_.Leave(peer_.address);
  loop_->Remove(*this);
}

void Connection::Wake() {
  loop_->Post([self = shared_from_this()] { self->Flush(); });
}

}  // namespace rollcall::serving::http
