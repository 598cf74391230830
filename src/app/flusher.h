// Carries out the orders that wait on this host's disk while a server runs there, so that
// nobody has to call rollcall again after an outage.
//
// Knows of an outage's end, and of orders kept meanwhile by others, by looking: once a
// second, one stat() of a directory that mostly is not there.  What cannot be carried out
// (our user may not write there) is tried again ever more seldom.
//
// Threads: one of its own, which talks to the store over a connection of its own; so it
// holds up neither answers nor the feed.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "app/orders.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"

namespace rollcall::app {

class Flusher {
 public:
  // `synced`: the store is there, as far as is known.  Called from its thread until
  // destroyed.
  Flusher(StoreOptions options, std::function<bool()> synced);
  ~Flusher() = default;  // bounded by the call under way
  Flusher(const Flusher&) = delete;
  Flusher& operator=(const Flusher&) = delete;

 private:
  void Loop(const std::stop_token& stop);
  void Look();
  // Each kind of cause is told once, until an outage or a success.
  void Tell(log::Level level, const Error& why);
  // False: asked to stop meanwhile.
  bool Sleep(const std::stop_token& stop);

  const std::function<bool()> synced_;
  const std::unique_ptr<Session> session_;
  // Where nothing has changed since, there is nothing to do.
  std::optional<Pending::Time> seen_;
  Backoff backoff_;
  SteadyTime next_try_{};
  std::optional<std::pair<log::Level, ErrorCode>> told_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace rollcall::app
