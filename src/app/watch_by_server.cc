// rollcall watch [NAME] --server=URL

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

#include "app/by_server.h"
#include "app/orders.h"
#include "app/server_api.h"
#include "app/server_instances.h"
#include "app/server_watch.h"
#include "app/signals.h"
#include "base/backoff.h"
#include "base/log.h"
#include "http_client/event_stream.h"

namespace rollcall::app {
namespace {

using http_client::EventStream;
using http_client::ServerEvent;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long a change waits for what belongs to it: a registration and what is said of it are
// heard of one after the other.
constexpr milliseconds kTogether{100};
constexpr std::size_t kMostTogether = 1000;
constexpr milliseconds kAskForDates{1000};

class ServerWatcher {
 public:
  ServerWatcher(ServerApi api, std::string name, Output output)
      : api_(std::move(api)),
        watch_([this](const std::string& path) { return Ask(path); }, std::move(name), output,
               [](const std::string& line) { fmt::print("{}\n", line); }) {}

  // Until a signal to stop; then nothing.  Else: what cannot mend by waiting.
  Result<void> Run() {
    Backoff backoff(milliseconds(100), milliseconds(2000));
    while (!Stopped()) {
      const steady_clock::time_point begun = steady_clock::now();
      const auto ended = Follow();
      std::fflush(stdout);
      if (Stopped()) break;
      if (!IsAway(ended.error())) return ended;
      if (!std::exchange(away_, true)) {
        log::Warn("server away; the watch goes on when it is back",
                  {{"error", ended.error().message}});
      }
      if (steady_clock::now() - begun > milliseconds(2000)) backoff.Reset();
      stopped_ = stopped_ || signals_.WaitFor(backoff.Next());
    }
    return {};
  }

 private:
  bool Stopped() { return stopped_ = stopped_ || signals_.WaitFor(milliseconds(0)); }

  Result<boost::json::value> Ask(const std::string& path) {
    if (Stopped()) return Fail(ErrorCode::kCancelled, "told to stop");
    return api_.Get(path);
  }

  // Without an error: it was told to stop.
  Result<void> Follow() {
    if (!watch_.after()) {
      if (auto ok = watch_.List(); !ok) return ok;
      Here();
      std::fflush(stdout);
    }
    EventStream stream;
    waiting_.clear();  // they are sent again
    Result<void> trouble;
    const auto take = [&](std::string_view octets) {
      if (Stopped()) return false;
      trouble = Take(stream, octets);
      std::fflush(stdout);
      return trouble.has_value();
    };
    const auto ended = api_.Follow("/api/v1/events?since=" + ToText(*watch_.after()), take);
    return trouble ? ended : trouble;
  }

  Result<void> Take(EventStream& stream, std::string_view octets) {
    if (!octets.empty()) Here();
    auto events = stream.Read(octets);
    if (!events) {
      watch_.ListNext();  // or the same would come again and again
      return Fail(events.error());
    }
    const auto now = steady_clock::now();
    if (!events->empty() && waiting_.empty()) waiting_since_ = now;
    for (ServerEvent& event : *events) waiting_.push_back(std::move(event));
    const bool together = now - waiting_since_ >= kTogether || waiting_.size() >= kMostTogether;
    if (!waiting_.empty() && together) return watch_.Take(std::exchange(waiting_, {}));
    if (!waiting_.empty() || now - asked_ < kAskForDates) return {};
    asked_ = now;
    return watch_.AskForDates();
  }

  // The server is.
  void Here() {
    if (std::exchange(away_, false))
      log::Info("server is back", {{"after", ToText(*watch_.after())}});
    if (std::exchange(announced_, true)) return;
    log::Info("watching", {{"server", api_.url()}, {"registrations", watch_.size()}});
  }

  const Signals signals_{SIGTERM, SIGINT};
  bool stopped_ = false;
  const ServerApi api_;
  ServerWatch watch_;
  std::vector<ServerEvent> waiting_;  // not yet taken in
  steady_clock::time_point waiting_since_;
  steady_clock::time_point asked_;  // for dates
  bool away_ = false;               // told in the log
  bool announced_ = false;
};

}  // namespace

int WatchByServer(const Invocation& invocation) {
  const auto output = ReadOutput(invocation.settings);
  if (!output) return Report(output.error());
  const auto name = ReadName(invocation);
  if (!name) return Report(name.error());
  auto api = ServerApi::Open(invocation.settings);
  if (!api) return Report(api.error());
  ServerWatcher watcher(*std::move(api), *name, *output);
  const auto ended = watcher.Run();
  return ended ? kDone : Report(ended.error());
}

}  // namespace rollcall::app
