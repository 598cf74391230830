#include "serving/http/server.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <utility>

#include "base/log.h"
#include "base/quote.h"
#include "serving/http/connection.h"
#include "serving/http/loop.h"
#include "serving/http/shared.h"

namespace rollcall::serving::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr milliseconds kAcceptPause{100};  // when there are no descriptors left
constexpr std::chrono::minutes kBetweenComplaints{1};

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

// Often enough for the shortest of the times, and no oftener.
milliseconds SweepPause(const Options& options) {
  const milliseconds shortest =
      std::min({options.header_time, options.body_time, options.progress_time, options.idle_time});
  return std::clamp(shortest / 4, milliseconds(5), milliseconds(250));
}

// The rest of the program needs files too: its store, its disk, DNS by TCP.
Options WithinFiles(Options options) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return options;
  options.most_connections = std::min<rlim_t>(options.most_connections, limit.rlim_cur / 2);
  return options;
}

}  // namespace

class Server::Running {
 public:
  Running(const Options& options, const std::vector<Route>& routes)
      : shared_(WithinFiles(options), routes) {
    for (std::size_t i = 0; i < std::max<std::size_t>(options.threads, 1); ++i) {
      loops_.push_back(std::make_shared<Loop>(SweepPause(options)));
    }
  }

  ~Running() { End(); }

  void End() {
    if (std::exchange(ended_, true)) return;
    const SteadyTime deadline = SystemClock().Now() + shared_.options.stop_time;
    if (started_) {
      loops_.front()->Post([this] { CloseListeners(); });
    } else {
      CloseListeners();
    }
    for (const auto& loop : loops_) loop->BeginStop();
    if (started_) {
      shared_.waiting.Drain(deadline);
      for (const auto& loop : loops_) loop->WaitUntilEmpty(deadline);
    }
    for (const auto& loop : loops_) loop->CloseAll();
    for (const auto& loop : loops_) loop->Join();
  }

  [[nodiscard]] Result<void> Listen() {
    for (const std::string& text : shared_.options.listen) {
      const auto endpoint = Parse(text);
      if (!endpoint) return Fail(endpoint.error());
      auto acceptor = std::make_unique<tcp::acceptor>(loops_.front()->io());
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
    for (const auto& acceptor : acceptors_) Accept(*acceptor);
    for (const auto& loop : loops_) loop->Start();
    started_ = true;
    return {};
  }

  [[nodiscard]] const std::vector<std::string>& bound() const { return bound_; }

  [[nodiscard]] Counters counters() const {
    const Admission::Counters admission = shared_.admission.counters();
    Counters counters{.connections = shared_.connections,
                      .accepted = shared_.accepted,
                      .turned_away = shared_.turned_away,
                      .cut_off = shared_.cut_off,
                      .failed_logins = admission.failed_logins,
                      .limited = admission.limited,
                      .answers = {}};
    for (unsigned status = 0; status < shared_.answers.size(); ++status) {
      if (shared_.answers[status] > 0) counters.answers[status] = shared_.answers[status];
    }
    return counters;
  }

 private:
  // On the first loop's thread, from the start on.
  void Accept(tcp::acceptor& acceptor) {
    const auto& loop = loops_[next_++ % loops_.size()];
    acceptor.async_accept(
        loop->io(), [this, &acceptor, loop](error_code error, tcp::socket socket) {
          if (error == asio::error::operation_aborted || !acceptor.is_open()) return;
          if (error) {
            if (error == asio::error::no_descriptors) MakeRoom(error);
            return Pause(acceptor);
          }
          auto connection = std::make_shared<Connection>(loop, shared_, std::move(socket));
          loop->Post([connection] { connection->Start(); });
          Accept(acceptor);
        });
  }

  void MakeRoom(const error_code& error) {
    for (const auto& loop : loops_) loop->Post([loop] { (void)loop->CloseOneIdle(); });
    const SteadyTime now = SystemClock().Now();
    if (now < next_complaint_) return;
    next_complaint_ = now + kBetweenComplaints;
    log::Warn("HTTP clients cannot be let in",
              {{"do", "raise the limit of open files (LimitNOFILE=)"}, {"why", error.message()}});
  }

  void Pause(tcp::acceptor& acceptor) {
    auto timer = std::make_shared<asio::steady_timer>(loops_.front()->io(), kAcceptPause);
    pauses_.push_back(timer);
    timer->async_wait([this, &acceptor, timer](error_code error) {
      std::erase(pauses_, timer);
      if (!error && acceptor.is_open()) Accept(acceptor);
    });
  }

  void CloseListeners() {
    error_code ignored;
    for (const auto& acceptor : acceptors_) acceptor->close(ignored);
    for (const auto& pause : pauses_) pause->cancel();
  }

  Shared shared_;
  bool started_ = false;
  bool ended_ = false;
  std::vector<std::string> bound_;
  std::vector<std::shared_ptr<Loop>> loops_;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<tcp::acceptor>> acceptors_;
  std::vector<std::shared_ptr<asio::steady_timer>> pauses_;
  SteadyTime next_complaint_{};
};

Server::Server(Options options, std::vector<Route> routes)
    : options_(std::move(options)), routes_(std::move(routes)) {
}

Server::~Server() {
  Stop();
}

Result<void> Server::Start() {
  // There before the first handler is called, which may ask for our counters.
  running_ = std::make_unique<Running>(options_, routes_);
  auto ok = running_->Listen();
  if (!ok) running_.reset();
  return ok;
}

const std::vector<std::string>& Server::bound() const {
  return running_->bound();
}

Counters Server::counters() const {
  return running_ ? running_->counters() : Counters{};
}

void Server::Stop() {
  if (running_) running_->End();
  running_.reset();
}

}  // namespace rollcall::serving::http
