#include "serving/dns/tcp_server.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <thread>

#include "base/guarded.h"
#include "base/log.h"
#include "serving/dns/notice.h"
#include "serving/dns/tcp_connection.h"

namespace rollcall::serving::dns {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr milliseconds kAcceptPause{100};  // when there are no descriptors left
constexpr milliseconds kStopPatience{500};
constexpr milliseconds kMostSweepPause{250};
constexpr std::size_t kReadyOctets = 8 << 20;  // for replies kept

SocketAddress ToSocketAddress(const tcp::endpoint& endpoint) {
  SocketAddress address;
  address.size = static_cast<socklen_t>(endpoint.size());
  std::memcpy(&address.storage, endpoint.data(), endpoint.size());
  return address;
}

}  // namespace

class TcpServer::Impl final : public TcpHost {
 public:
  Impl(const Shared& shared, TcpLimits limits)
      : shared_(shared),
        limits_(limits),
        reader_(shared.publisher.AddReader()),
        responder_(shared.zones, answer::WithReady(shared.responder, kReadyOctets)),
        tap_(shared.book != nullptr ? shared.book->AddTap() : nullptr),
        reply_(wire::kMaxMessageSize),
        sweep_(io_) {}

  ~Impl() override { Stop(); }

  void Start(std::vector<Fd> listeners) {
    for (Fd& listener : listeners) {
      const bool v6 = BoundAddress(listener).family() == AF_INET6;
      auto acceptor = std::make_unique<Acceptor>(io_);
      acceptor->socket.assign(v6 ? tcp::v6() : tcp::v4(), listener.Release());
      Accept(*acceptor);
      acceptors_.push_back(std::move(acceptor));
    }
    thread_ = std::jthread([this] { Run(); });
  }

  void BeginStop() {
    asio::post(io_, [this] { BeginStopHere(); });
  }

  void Stop() {
    if (!thread_.joinable()) return;
    BeginStop();
    {
      auto done = done_.Lock();
      done.WaitUntil(done_changed_, std::chrono::steady_clock::now() + kStopPatience,
                     [&] { return *done; });
    }
    io_.stop();
    thread_.join();
  }

  [[nodiscard]] const ThreadCounters& counters() const { return counters_; }

  // TcpHost
  std::span<const std::uint8_t> Answer(std::span<const std::uint8_t> message,
                                       const std::shared_ptr<TcpConnection>& asker,
                                       bool& deferred) override {
    counters_.tcp_queries.Add(1);
    answer::Request request;
    request.message = message;
    request.tcp = true;
    request.standing = shared_.standing();
    request.now = std::chrono::steady_clock::now();
    request.wall_now = std::chrono::system_clock::now();
    request.outside = shared_.outside();
    answer::Responded said;
    {
      const auto view = reader_.Enter();
      said = responder_.Respond(*view, request, reply_);
      if (tap_) {
        Notice(*tap_, *view, said, asker->peer().get(), true, request.now);
      }
    }
    const bool unread = said.outcome == answer::Outcome::kNoReply;
    ThreadCounters::CountType(counters_.tcp_types, said.asked, said.type);
    if (unread) {
      counters_.dropped.Add(1);
      return {};
    }
    if (said.outcome != answer::Outcome::kReply) {
      const wire::Rcode refusal =
          Defer(shared_, said.outcome, asker->peer().get(),
                {.message = {message.begin(), message.end()},
                 .tcp = true,
                 .deliver = [this, asker](std::span<const std::uint8_t> reply) {
                   DeliverLater(asker, {reply.begin(), reply.end()});
                 }});
      deferred = refusal == wire::Rcode::kNoError;
      if (deferred) return {};
      counters_.CountReply(refusal, false);
      return std::span<const std::uint8_t>(reply_).first(responder_.ReplyEmpty(refusal, reply_));
    }
    counters_.CountReply(said.rcode, said.truncated);
    return std::span<const std::uint8_t>(reply_).first(said.size);
  }

  void Touched(Connections::iterator connection) override {
    connections_.splice(connections_.end(), connections_, connection);
  }

  void Closed(Connections::iterator connection) override {
    connections_.erase(connection);
    CheckDone();
  }

  [[nodiscard]] const TcpLimits& limits() const override { return limits_; }

 private:
  struct Acceptor {
    explicit Acceptor(asio::io_context& io) : socket(io), pause(io) {}
    tcp::acceptor socket;
    asio::steady_timer pause;
  };

  void Run() {
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::exception& error) {
        // One connection's trouble; the sweep closes what it left behind.
        log::Error("tcp server went on after an exception", {{"error", error.what()}});
      }
    }
  }

  void Accept(Acceptor& acceptor) {
    acceptor.socket.async_accept([this, &acceptor](const error_code& error, tcp::socket socket) {
      if (stopping_ || error == asio::error::operation_aborted) return;
      if (error == asio::error::no_descriptors || error == asio::error::no_memory ||
          error == asio::error::no_buffer_space) {
        return AcceptAfterPause(acceptor);
      }
      Accept(acceptor);
      if (!error) Admit(std::move(socket));
    });
  }

  void AcceptAfterPause(Acceptor& acceptor) {
    GiveUpIdlest();
    acceptor.pause.expires_after(kAcceptPause);
    acceptor.pause.async_wait([this, &acceptor](const error_code& error) {
      if (!error) Accept(acceptor);
    });
  }

  void Admit(tcp::socket socket) {
    counters_.tcp_connections.Add(1);
    error_code error;
    const tcp::endpoint peer = socket.remote_endpoint(error);
    if (error || stopping_) return;
    if (connections_.size() >= limits_.connections && !GiveUpIdlest()) return;
    socket.set_option(tcp::no_delay(true), error);
    connections_.push_back(
        std::make_shared<TcpConnection>(*this, std::move(socket), ToSocketAddress(peer)));
    SweepWhileNeeded();
    const std::shared_ptr<TcpConnection> connection = connections_.back();
    connection->Start(std::prev(connections_.end()));
  }

  // False: all have something outstanding.
  bool GiveUpIdlest() {
    for (const auto& connection : connections_) {
      if (!connection->Idle()) continue;
      const std::shared_ptr<TcpConnection> keep = connection;
      keep->Close();
      return true;
    }
    return false;
  }

  // Each connection's limits are looked at a few times per shortest limit: one
  // timer for all, however many there are.
  // Who has no connections sleeps.
  void SweepWhileNeeded() {
    if (sweeping_ || connections_.empty()) return;
    sweeping_ = true;
    const milliseconds shortest = std::min({limits_.idle, limits_.first_read, limits_.write});
    sweep_.expires_after(std::clamp(shortest / 4, milliseconds(5), kMostSweepPause));
    sweep_.async_wait([this](const error_code& error) {
      sweeping_ = false;
      if (error || stopping_) return;
      const auto now = std::chrono::steady_clock::now();
      ForEach([now](TcpConnection& connection) { connection.CloseIfExpired(now); });
      SweepWhileNeeded();
    });
  }

  // Each of them may close itself on the way.
  void ForEach(const std::function<void(TcpConnection&)>& act) {
    const std::vector<std::shared_ptr<TcpConnection>> all(connections_.begin(), connections_.end());
    for (const auto& connection : all) act(*connection);
  }

  void DeliverLater(std::shared_ptr<TcpConnection> connection, std::vector<std::uint8_t> reply) {
    asio::post(io_, [connection = std::move(connection), reply = std::move(reply)] {
      connection->Deliver(reply);
    });
  }

  void BeginStopHere() {
    stopping_ = true;
    for (const auto& acceptor : acceptors_) {
      error_code ignored;
      acceptor->socket.close(ignored);
      acceptor->pause.cancel();
    }
    sweep_.cancel();
    ForEach([](TcpConnection& connection) { connection.Finish(); });
    CheckDone();
  }

  void CheckDone() {
    if (!stopping_ || !connections_.empty()) return;
    *done_.Lock() = true;
    done_changed_.notify_all();
  }

  const Shared& shared_;
  const TcpLimits limits_;
  asio::io_context io_{1};
  catalog::Publisher::Reader reader_;
  answer::Responder responder_;
  const std::shared_ptr<seen::Tap> tap_;  // null: nobody is remembered
  std::vector<std::uint8_t> reply_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  Connections connections_;  // the one active last comes last
  asio::steady_timer sweep_;
  bool sweeping_ = false;
  bool stopping_ = false;
  Guarded<bool> done_{false};
  std::condition_variable done_changed_;
  ThreadCounters counters_;
  std::jthread thread_;
};

TcpServer::TcpServer(const Shared& shared, TcpLimits limits)
    : impl_(std::make_unique<Impl>(shared, limits)) {
}
TcpServer::~TcpServer() = default;
void TcpServer::Start(std::vector<Fd> listeners) {
  impl_->Start(std::move(listeners));
}
void TcpServer::BeginStop() {
  impl_->BeginStop();
}
void TcpServer::Stop() {
  impl_->Stop();
}
const ThreadCounters& TcpServer::counters() const {
  return impl_->counters();
}

}  // namespace rollcall::serving::dns
