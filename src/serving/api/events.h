// GET /api/v1/events: the history, as it goes on, to whoever listens.
//
// Each stream is where it has got to in the history, and no more: what it is sent is shared with
// the others, and it is sent more only when it has taken what it was.  One that stays behind is
// cut off.
//
// Threads: one of its own sends; Open() and streams() by any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include "answer/zones.h"
#include "base/guarded.h"
#include "catalog/history.h"
#include "serving/http/exchange.h"

namespace rollcall::serving::api {

struct EventsOptions {
  std::size_t most_streams = 20'000;
  std::size_t most_waiting = 64u << 10;  // octets that a stream has not taken: no more until then
  std::chrono::milliseconds most_behind{30'000};  // for so long; then it is cut off
  std::chrono::milliseconds heartbeat{15'000};
};

class Events {
 public:
  // Borrows all but the options until destroyed.
  Events(const catalog::History& history, const answer::Zones& zones, const Clock& clock,
         EventsOptions options = {});
  ~Events();  // ends the streams
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  void Start();

  // Answers a request for events; a stream then, until its client goes.
  void Open(const http::ExchangePtr& exchange);

  [[nodiscard]] std::size_t streams() const { return count_; }

  // One look at the history, and what is due by then.  The thread calls it; a test without
  // Start() may.
  void Turn();

 private:
  class Stream;
  using StreamPtr = std::unique_ptr<Stream>;
  // Entries as they are sent, made once for all streams of a turn.
  using Texts = std::map<catalog::HistoryId, http::Octets>;

  void Run(const std::stop_token& stop);
  // Sends what there is for it.  False: it is at its end.
  [[nodiscard]] bool Advance(Stream& stream, SteadyTime now, Texts& texts);
  [[nodiscard]] bool SendFollowing(Stream& stream, Texts& texts);
  [[nodiscard]] const http::Octets& TextOf(const catalog::HistoryEntry& entry, Texts& texts) const;

  const catalog::History& history_;
  const answer::Zones& zones_;
  const Clock& clock_;
  const EventsOptions options_;
  std::atomic<std::size_t> count_{0};
  Guarded<std::vector<StreamPtr>> opened_;  // not yet among the streams

  // Of the thread.
  std::vector<StreamPtr> streams_;
  catalog::HistoryId last_;  // of the history, at the last turn
  bool behind_ = false;      // some stream has not been sent all

  std::jthread thread_;  // last: it uses the others
};

}  // namespace rollcall::serving::api
