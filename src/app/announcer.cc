#include "app/announcer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/backoff.h"
#include "base/log.h"

namespace rollcall::app {
namespace {

using std::chrono::milliseconds;

// Short, so that Stop() is soon obeyed, but long enough for a slow election.
constexpr milliseconds kTry{2000};
// An exporter that takes longer to open its port is worth a warning.
constexpr milliseconds kSlowStart{10'000};

}  // namespace

bool PortAnswers(const std::string& address, std::uint16_t port, milliseconds patience) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* target = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &target) != 0) {
    return false;
  }
  const int fd = socket(target->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  bool answers = fd >= 0 && connect(fd, target->ai_addr, target->ai_addrlen) == 0;
  if (fd >= 0 && !answers && errno == EINPROGRESS) {
    pollfd waiting{fd, POLLOUT, 0};
    int error = 0;
    socklen_t size = sizeof error;
    answers = poll(&waiting, 1, static_cast<int>(patience.count())) == 1 &&
              getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  }
  if (fd >= 0) close(fd);
  freeaddrinfo(target);
  return answers;
}

Announcer::Announcer(Session& session, PendingOrder order)
    : session_(session),
      order_(std::move(order)),
      thread_([this](const std::stop_token& stop) { Loop(stop); }) {
}

void Announcer::Stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

bool Announcer::Sleep(const std::stop_token& stop, milliseconds wait) {
  std::unique_lock lock(mutex_);
  (void)wake_.wait_for(lock, stop, wait, [] { return false; });
  return !stop.stop_requested();
}

void Announcer::Loop(const std::stop_token& stop) {
  Backoff backoff(milliseconds(100), milliseconds(2000));
  do {
    const auto done = Once(stop);
    if (done) return;
    if (!IsAway(done.error()) && done.error().code != ErrorCode::kRefused) {
      // The exporter runs on; only its registration is wrong.
      log::Error("not registered, and trying again would not help",
                 {{"error", done.error().message}});
      return;
    }
    TellWait(done.error());
  } while (Sleep(stop, backoff.Next()));
}

void Announcer::TellWait(const Error& why) {
  if (std::exchange(told_, stage_) == stage_) return;
  if (stage_ == Stage::kPort) {
    log::Info("waiting for the port to answer", {{"reason", why.message}});
  } else {
    log::Warn("not registered yet; going on trying", {{"reason", why.message}});
  }
}

Result<void> Announcer::Once(const std::stop_token& stop) {
  const auto deadline = store::After(kTry);
  stage_ = Stage::kStore;
  const auto address = session_.AddressOf(order_, deadline);
  if (!address) return Fail(address.error());
  const std::int64_t port = order_.order.value.port;
  if (port != 0 && !PortAnswers(*address, static_cast<std::uint16_t>(port), milliseconds(1000))) {
    stage_ = SystemClock().Now() - started_ < kSlowStart ? Stage::kPort : Stage::kPortLate;
    return Fail(ErrorCode::kUnavailable,
                fmt::format("port {} of {} does not answer", port, *address));
  }
  if (stop.stop_requested()) return {};
  if (const auto flushed = session_.Flush(order_.Subject(), false, deadline); !flushed) {
    if (IsAway(flushed.error())) return Fail(flushed.error());
  }
  const auto written = session_.Settle(order_, deadline);
  if (!written) return Fail(written.error());
  registered_address_ = *address;
  log::Info(written->changed ? "registered" : "registered already",
            {{"key", written->key},
             {"address", *address},
             {"port", port},
             {"revision", written->revision}});
  WarnIfReplaced(*written);
  return {};
}

}  // namespace rollcall::app
