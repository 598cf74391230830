#include "serving/dns/tcp_connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace rollcall::serving::dns {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

constexpr std::size_t kPrefix = 2;
// No question, padding included, is longer; who announces more is closed.
constexpr std::size_t kMostQuery = 4096;
constexpr std::size_t kFirstBuffer = 2048;
constexpr std::size_t kMostUnsent = 128u << 10;
constexpr std::size_t kMostDeferred = 64;
// Questions answered in one go.  The costliest takes milliseconds, and there is one
// thread for all connections.
constexpr int kMostAtOnce = 16;

}  // namespace

TcpConnection::TcpConnection(TcpHost& host, asio::ip::tcp::socket socket, const SocketAddress& peer)
    : host_(host), socket_(std::move(socket)), peer_(peer), in_(kFirstBuffer) {
}

void TcpConnection::Start(TcpHost::Connections::iterator self) {
  self_ = self;
  idle_deadline_ = steady_clock::now() + std::min(host_.limits().first_read, host_.limits().idle);
  Process();
}

void TcpConnection::Deliver(std::span<const std::uint8_t> reply) {
  --deferred_;
  if (!self_) return;
  if (!reply.empty()) Queue(reply);
  Process();
}

void TcpConnection::Finish() {
  finishing_ = true;
  if (self_ && Idle()) Close();
}

void TcpConnection::CloseIfExpired(SteadyTime now) {
  if (writing_ ? now > write_deadline_ : deferred_ == 0 && now > idle_deadline_) Close();
}

void TcpConnection::Close() {
  if (!self_) return;
  error_code ignored;
  socket_.close(ignored);
  const auto self = *self_;
  self_.reset();
  host_.Closed(self);  // may drop the last reference but the caller's
}

// Answers what can be answered now and sees to it that something is under way.
void TcpConnection::Process() {
  const auto keep = shared_from_this();
  const bool more = AnswerSome();
  if (!self_) return;
  if (!writing_ && !ready_.empty()) Write();
  if (more) {
    Yield();
  } else if (finishing_) {
    if (Idle()) Close();
  } else if (!reading_ && !Full()) {
    Read();
  }
}

// True: there may be more to answer at once.
bool TcpConnection::AnswerSome() {
  for (int i = 0; self_ && !Full(); ++i) {
    const std::span<const std::uint8_t> message = NextFrame();
    if (message.data() == nullptr) return false;
    if (i == kMostAtOnce) return true;
    bool deferred = false;
    const std::span<const std::uint8_t> reply = host_.Answer(message, shared_from_this(), deferred);
    if (deferred) ++deferred_;
    if (!reply.empty()) Queue(reply);
    Take(kPrefix + message.size());
    Touch();
  }
  return false;
}

void TcpConnection::Yield() {
  if (std::exchange(yielded_, true)) return;
  asio::post(socket_.get_executor(), [keep = shared_from_this()] {
    keep->yielded_ = false;
    keep->Process();
  });
}

// One whole message without its length; data() is null: not all of it is here.
std::span<const std::uint8_t> TcpConnection::NextFrame() const {
  if (in_size_ < kPrefix) return {};
  const std::size_t size = in_[0] << 8 | in_[1];
  if (in_size_ < kPrefix + size) return {};
  return std::span(in_).subspan(kPrefix, size);
}

void TcpConnection::Take(std::size_t octets) {
  std::copy(in_.begin() + static_cast<std::ptrdiff_t>(octets),
            in_.begin() + static_cast<std::ptrdiff_t>(in_size_), in_.begin());
  in_size_ -= octets;
}

void TcpConnection::Queue(std::span<const std::uint8_t> reply) {
  ready_.push_back(static_cast<std::uint8_t>(reply.size() >> 8));
  ready_.push_back(static_cast<std::uint8_t>(reply.size() & 0xFF));
  ready_.insert(ready_.end(), reply.begin(), reply.end());
}

bool TcpConnection::Full() const {
  return deferred_ >= kMostDeferred || ready_.size() + sending_.size() >= kMostUnsent;
}

// Requires: no whole frame is waiting in in_, or Full() was so until now.
void TcpConnection::Read() {
  if (in_size_ >= kPrefix) {
    const std::size_t size = in_[0] << 8 | in_[1];
    if (size > kMostQuery) return Close();
    if (in_.size() < kPrefix + size) in_.resize(kPrefix + size);
  }
  reading_ = true;
  socket_.async_read_some(asio::buffer(in_.data() + in_size_, in_.size() - in_size_),
                          [keep = shared_from_this()](const error_code& error, std::size_t size) {
                            TcpConnection& c = *keep;
                            c.reading_ = false;
                            c.in_size_ += size;
                            if (error) c.finishing_ = true;
                            c.Process();
                          });
}

void TcpConnection::Write() {
  sending_.swap(ready_);
  writing_ = true;
  write_deadline_ = steady_clock::now() + host_.limits().write;
  asio::async_write(socket_, asio::buffer(sending_),
                    [keep = shared_from_this()](const error_code& error, std::size_t) {
                      TcpConnection& c = *keep;
                      c.writing_ = false;
                      // Big answers are rare; their memory is not kept.
                      c.sending_ = {};
                      if (error) return c.Close();
                      c.Touch();
                      c.Process();
                    });
}

void TcpConnection::Touch() {
  if (!self_) return;
  idle_deadline_ = steady_clock::now() + host_.limits().idle;
  host_.Touched(*self_);
}

}  // namespace rollcall::serving::dns
