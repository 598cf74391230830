#include "app/announcer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <random>
#include <utility>

#include "base/log.h"

namespace rollcall::app {
namespace {

using std::chrono::milliseconds;

// Short, so that Stop() is soon obeyed, but long enough for a slow election.
constexpr milliseconds kTry{2000};
// An exporter that takes longer to open its port is worth a warning.
constexpr milliseconds kSlowStart{10'000};
constexpr milliseconds kCheckInterval{5000};
constexpr milliseconds kLastTry{1000};  // to end the lease

std::string Where(const std::string& address, std::int64_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

milliseconds Jittered(milliseconds wait) {
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<milliseconds::rep> draw(wait.count() * 4 / 5, wait.count() * 6 / 5);
  return milliseconds(draw(random));
}

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

Announcer::Announcer(Session& session, PendingOrder order, Options options)
    : session_(session),
      order_(std::move(order)),
      options_(options),
      backoff_(milliseconds(100), milliseconds(2000)),
      held_backoff_(milliseconds(2000), milliseconds(30'000)),
      lease_(session.store(), options.lease_ttl, [this](store::LeaseId) { Wake(); }),
      thread_([this](const std::stop_token& stop) { Loop(stop); }) {
}

void Announcer::Stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  checker_.reset();
}

void Announcer::EndLease(store::Deadline deadline) {
  // Should the store be away, it ends by itself.
  if (const auto ended = lease_.Revoke(deadline); !ended) {
    log::Debug("lease not ended", {{"error", ended.error().message}});
  }
}

void Announcer::Wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_all();
}

bool Announcer::Sleep(const std::stop_token& stop, milliseconds wait) {
  std::unique_lock lock(mutex_);
  (void)wake_.wait_for(lock, stop, wait, [this] { return std::exchange(woken_, false); });
  return !stop.stop_requested();
}

void Announcer::Loop(const std::stop_token& stop) {
  session_.TakeBackStop(order_);
  for (;;) {
    const auto done = registered_address_.empty() ? Once(stop) : Attend();
    if (deregistered()) return EndLease(store::After(kLastTry));
    if (!done && done.error().code == ErrorCode::kInvalid) {
      // The exporter runs on; only its registration is wrong.
      log::Error("not registered, and trying again would not help",
                 {{"error", done.error().message}});
      return;
    }
    if (!done) TellWait(done.error());
    if (!Sleep(stop, Pause(done))) return;
  }
}

milliseconds Announcer::Pause(const Result<void>& done) {
  if (!done) return stage_ == Stage::kHeld ? held_backoff_.Next() : backoff_.Next();
  if (std::exchange(told_, Stage::kNone) == Stage::kStore) log::Info("the store is there again");
  backoff_.Reset();
  held_backoff_.Reset();
  // As often as the lease is renewed: what has vanished is back before it is missed.
  return Jittered(std::chrono::duration_cast<milliseconds>(options_.lease_ttl) / 3);
}

void Announcer::TellWait(const Error& why) {
  if (std::exchange(told_, stage_) == stage_) return;
  const bool registered = !registered_address_.empty();
  if (stage_ == Stage::kPort) {
    log::Info("waiting for the port to answer", {{"reason", why.message}});
  } else if (registered) {
    log::Warn("the store is away; the registration stays as it is", {{"reason", why.message}});
  } else {
    log::Warn("not registered yet; going on trying", {{"reason", why.message}});
  }
}

Result<registry::Terms> Announcer::TermsNow(store::Deadline deadline) {
  const auto lease = lease_.Ensure(deadline);
  if (!lease) return Fail(lease.error());
  registry::Terms terms{.lease = options_.remove_on_loss ? *lease : 0};
  const std::lock_guard lock(mutex_);
  terms.alive = alive_;
  terms.registered_revision = registered_revision_;
  terms.registered = registered_;
  terms.alive->lease = *lease;
  return terms;
}

void Announcer::SetHealth(model::Health health, std::string why) {
  const std::lock_guard lock(mutex_);
  alive_ = {.health = health, .since = SystemClock().WallNow(), .why = std::move(why)};
}

// A lease that has ended meanwhile is no reason to give up.
tl::unexpected<Error> Announcer::Failed(Error error) {
  if (error.code == ErrorCode::kNotFound) {
    lease_.CheckNow();
    error.code = ErrorCode::kUnavailable;
  }
  if (error.code == ErrorCode::kConflict) stage_ = Stage::kHeld;
  return Fail(std::move(error));
}

Result<void> Announcer::Return(const std::string& address, const std::string& why,
                               store::Deadline deadline) {
  SetHealth(model::Health::kCritical, why);
  auto terms = TermsNow(deadline);
  if (!terms) return Fail(std::move(terms.error()));
  PendingOrder order = order_;
  order.order.value.host = address;
  const auto found = session_.SayAlive(order, *terms, deadline);
  if (!found) return Failed(found.error());
  returned_ = true;
  if (found->presence == registry::Presence::kThere) {
    log::Info("registered by an earlier start", {{"address", address}});
  }
  return {};
}

Result<void> Announcer::Once(const std::stop_token& stop) {
  const auto deadline = store::After(kTry);
  stage_ = Stage::kStore;
  const auto address = session_.AddressOf(order_, deadline);
  if (!address) return Fail(address.error());
  const std::int64_t port = order_.order.value.port;
  std::string why = "it runs";
  if (port != 0) {
    const std::string where = Where(*address, port);
    if (!PortAnswers(*address, static_cast<std::uint16_t>(port), milliseconds(1000))) {
      why = fmt::format("{} does not answer yet", where);
      if (!returned_ || lease_.held() == 0) {
        if (auto said = Return(*address, why, deadline); !said) return said;
      }
      stage_ = SystemClock().Now() - started_ < kSlowStart ? Stage::kPort : Stage::kPortLate;
      return Fail(ErrorCode::kUnavailable, std::move(why));
    }
    why = fmt::format("{} accepts connections", where);
  }
  if (stop.stop_requested()) return {};
  if (const auto flushed = session_.Flush(order_.Subject(), false, deadline); !flushed) {
    if (IsAway(flushed.error())) return Fail(flushed.error());
  }
  SetHealth(model::Health::kPassing, std::move(why));
  auto terms = TermsNow(deadline);
  if (!terms) return Fail(std::move(terms.error()));
  const auto written = session_.Settle(order_, deadline, *terms);
  if (!written) return Failed(written.error());
  log::Info(written->changed ? "registered" : "registered already",
            {{"key", written->key},
             {"address", *address},
             {"port", port},
             {"revision", written->revision}});
  WarnIfReplaced(*written);
  presence_ = registry::Presence::kThere;
  registered_revision_ = written->revision;
  registered_ = SystemClock().WallNow();
  // What it is named by now, it is named by from now on, whatever comes and goes beside it.
  order_.order.instance = written->key.substr(written->key.rfind('/') + 1);
  order_.order.value.host = *address;
  BeginToCheck(*address);
  registered_address_ = *address;
  return {};
}

void Announcer::BeginToCheck(const std::string& address) {
  if (order_.order.value.port == 0) return;
  checker_.emplace([this](const std::string&, const agent::Checker::Verdict& verdict) {
    {
      const std::lock_guard lock(mutex_);
      if (verdict.health == alive_.health) return;
    }
    SetHealth(verdict.health, verdict.output);
    Wake();
  });
  agent::CheckSpec check{.type = agent::CheckSpec::Type::kTcp,
                         .address = Where(address, order_.order.value.port),
                         .interval = kCheckInterval};
  checker_->Set({{order_.order.service, check}});
}

Result<void> Announcer::Attend() {
  const auto deadline = store::After(kTry);
  stage_ = Stage::kStore;
  auto terms = TermsNow(deadline);
  if (!terms) return Fail(std::move(terms.error()));
  const auto found = session_.SayAlive(order_, *terms, deadline);
  if (!found) return Failed(found.error());
  if (found->presence == registry::Presence::kMissing) {
    terms->unless_deregistered = true;
    const auto written = session_.CarryOut(order_, deadline, *terms);
    // kNotFound: deregistered, or without the lease; the next look tells.
    if (!written) return Failed(written.error());
    log::Warn("it had vanished without being deregistered, and was put back",
              {{"key", written->key}, {"revision", written->revision}});
    registered_revision_ = written->revision;
    registered_ = SystemClock().WallNow();
    return {};
  }
  TellPresence(*found);
  return {};
}

void Announcer::TellPresence(const registry::Found& found) {
  if (std::exchange(presence_, found.presence) == found.presence) return;
  if (found.presence == registry::Presence::kDeregistered) {
    log::Warn("deregistered; it stays away until it is started again", {{"reason", found.detail}});
  } else if (found.presence == registry::Presence::kReplaced) {
    log::Warn("another registration stands in its place and is left alone",
              {{"now", found.detail}});
  } else {
    log::Info("registered as before");
  }
}

}  // namespace rollcall::app
