#include "serving/http/loop.h"

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>
#include <vector>

#include "base/log.h"
#include "serving/http/connection.h"
#include "serving/http/response_head.h"

namespace rollcall::serving::http {

Loop::Loop(std::chrono::milliseconds sweep_pause)
    : sweep_pause_(sweep_pause), work_(boost::asio::make_work_guard(io_)) {
}

Loop::~Loop() = default;

void Loop::Start() {
  thread_ = std::thread([this] {
    for (;;) {
      try {
        io_.run();
        break;
      } catch (const std::exception& error) {  // no memory, at most
        log::Error("a connection failed", {{"error", error.what()}});
      }
    }
    *ended_.Lock() = true;
    ended_changed_.notify_all();
  });
}

bool Loop::Post(std::function<void()> work) {
  auto open = open_.Lock();
  if (!*open) return false;
  boost::asio::post(io_, std::move(work));
  return true;
}

void Loop::BeginStop() {
  Post([this] {
    stopping_ = true;
    // Some go at once, and take themselves out.
    std::vector<std::shared_ptr<Connection>> all;
    for (const auto& [key, connection] : connections_) all.push_back(connection);
    for (const auto& connection : all) connection->BeginStop();
    EndIfEmpty();
  });
}

void Loop::WaitUntilEmpty(SteadyTime deadline) {
  auto ended = ended_.Lock();
  ended.WaitUntil(ended_changed_, deadline, [&] { return *ended; });
}

void Loop::CloseAll() {
  Post([this] {
    stopping_ = true;
    while (!connections_.empty()) {
      const std::shared_ptr<Connection> one = connections_.begin()->second;
      one->Close();
    }
    EndIfEmpty();
  });
}

void Loop::Join() {
  if (thread_.joinable()) thread_.join();
  *open_.Lock() = false;
  // What was posted too late holds connections, and they hold us.
  work_.reset();
  io_.restart();
  io_.poll();
}

void Loop::Add(std::shared_ptr<Connection> connection) {
  Connection* const key = connection.get();
  connections_.emplace(key, std::move(connection));
  if (!std::exchange(sweeping_, true)) SweepLater();
}

void Loop::Remove(Connection& connection) {
  connections_.erase(&connection);
  EndIfEmpty();
}

void Loop::EndIfEmpty() {
  if (!stopping_ || !connections_.empty()) return;
  work_.reset();
  sweep_.cancel();
}

bool Loop::CloseOneIdle() {
  Connection* oldest = nullptr;
  for (const auto& [key, connection] : connections_) {
    if (!key->idle()) continue;
    if (oldest == nullptr || key->deadline() < oldest->deadline()) oldest = key;
  }
  if (oldest == nullptr) return false;
  const std::shared_ptr<Connection> alive = connections_.at(oldest);
  alive->Close();
  return true;
}

bool Loop::CutOneOff(SteadyTime before) {
  Connection* slowest = nullptr;
  for (const auto& [key, connection] : connections_) {
    const auto since = key->taking_since();
    if (!since || *since >= before) continue;
    slowest = key;
    before = *since;
  }
  if (slowest == nullptr) return false;
  const std::shared_ptr<Connection> alive = connections_.at(slowest);
  alive->CutOff();
  return true;
}

const std::string& Loop::Date() {
  const WallTime now = SystemClock().WallNow();
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (std::exchange(date_of_, second) != second) date_ = HttpDate(now);
  return date_;
}

void Loop::Sweep() {
  const SteadyTime now = SystemClock().Now();
  std::vector<std::shared_ptr<Connection>> late;
  for (const auto& [key, connection] : connections_) {
    if (key->deadline() <= now) late.push_back(connection);
  }
  for (const auto& connection : late) connection->TimeOut();
  // Who has no connections sleeps.
  sweeping_ = !connections_.empty();
  if (sweeping_) SweepLater();
}

void Loop::SweepLater() {
  sweep_.expires_after(sweep_pause_);
  sweep_.async_wait([this](const boost::system::error_code& error) {
    if (!error && work_) Sweep();
  });
}

}  // namespace rollcall::serving::http
