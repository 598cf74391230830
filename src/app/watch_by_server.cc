// rollcall watch [NAME] --server=URL

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "app/by_server.h"
#include "app/explain_target.h"
#include "app/orders.h"
#include "app/server_api.h"
#include "app/server_instances.h"
#include "app/signals.h"
#include "base/backoff.h"
#include "base/log.h"
#include "catalog/history.h"
#include "http_client/event_stream.h"
#include "http_client/url.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;
using http_client::ServerEvent;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long a change waits for what belongs to it: a registration and what is said of it are
// heard of one after the other.
constexpr milliseconds kTogether{100};

constexpr char kPut = '+';
constexpr char kDelete = '-';
constexpr char kState = '~';

std::string_view EventName(char sign) {
  return sign == kPut ? "put" : sign == kDelete ? "delete" : "state";
}

bool IsPut(std::string_view type) {
  return type == "registered" || type == "changed" || type == "returned";
}
bool IsDelete(std::string_view type) {
  return type == "deregistered" || type == "removed" || type == "released";
}

// Of a change, what it leaves of an instance that has changed again since.
json::object AfterOf(const json::object& change) {
  json::object instance{{"key", TextIn(change, "key")},
                        {"name", TextIn(change, "name")},
                        {"instance", TextIn(change, "instance")}};
  const auto* const after = change.if_contains("after");
  if (after == nullptr || !after->is_object()) return instance;
  for (const auto& [member, value] : after->get_object()) instance[member] = value;
  return instance;
}

std::string LineOf(Output output, char sign, const json::object& instance, std::int64_t revision) {
  if (output == Output::kJson) {
    json::object object{{"event", json::string_view(EventName(sign))}};
    for (const auto& [member, value] : instance) object[member] = value;
    object["revision"] = revision;
    return std::string(std::string_view(json::serialize(object)));
  }
  Row row = InstanceRow(instance);
  const std::string where = fmt::format("{} {} {}.{}", revision, sign, row[1], row[0]);
  if (sign == kDelete) return where;
  for (std::string& cell : row) Clean(cell);
  return fmt::format("{} {} {} {} since={} ttl={} labels={} problem={}", where, row[2], row[3],
                     row[4], row[5], row[6], row[7], row[8]);
}

// Prints what is there, then what changes: events say what has, the server how it is by then.
// After a gap the difference to what was known is printed, so that no change is left out.
class ServerWatcher {
 public:
  ServerWatcher(ServerApi api, std::string name, Output output)
      : api_(std::move(api)), name_(std::move(name)), output_(output) {}

  // Until a signal to stop; then nothing.  Else: what cannot mend by waiting.
  Result<void> Run(const Signals& signals) {
    Backoff backoff(milliseconds(100), milliseconds(2000));
    while (!signals.WaitFor(milliseconds(0))) {
      const steady_clock::time_point begun = steady_clock::now();
      const auto ended = Follow(signals);
      if (ended) return {};
      if (!IsAway(ended.error())) return ended;
      if (!std::exchange(away_, true)) {
        log::Warn("server away; the watch goes on when it is back",
                  {{"error", ended.error().message}});
      }
      if (steady_clock::now() - begun > milliseconds(2000)) backoff.Reset();
      if (signals.WaitFor(backoff.Next())) return {};
    }
    return {};
  }

 private:
  struct Known {
    json::object instance;
    std::size_t shown = 0;  // what was last printed of it
  };

  // Without an error: it was told to stop.
  Result<void> Follow(const Signals& signals) {
    if (!after_) {
      if (auto ok = List(); !ok) return ok;
    }
    http_client::EventStream stream;
    waiting_.clear();  // they are sent again
    Result<void> trouble;
    const auto take = [&](std::string_view octets) {
      trouble = Take(stream, octets);
      return trouble && !signals.WaitFor(milliseconds(0));
    };
    const auto ended = api_.Follow("/api/v1/events?since=" + ToText(*after_), take);
    return trouble ? ended : trouble;
  }

  Result<void> Take(http_client::EventStream& stream, std::string_view octets) {
    if (std::exchange(away_, false)) log::Info("server is back", {{"after", ToText(*after_)}});
    auto events = stream.Read(octets);
    if (!events) return Fail(events.error());
    if (!events->empty() && waiting_.empty()) waiting_since_ = steady_clock::now();
    for (ServerEvent& event : *events) waiting_.push_back(std::move(event));
    if (waiting_.empty() || steady_clock::now() - waiting_since_ < kTogether) return {};
    for (const ServerEvent& event : std::exchange(waiting_, {})) {
      const auto id = catalog::ParseHistoryId(event.id);
      if (!id)
        return Fail(ErrorCode::kUnavailable, fmt::format("{}: {}", api_.url(), id.error().message));
      if (event.type != "reset" && *id <= *after_) continue;  // a list has shown it
      after_ = std::max(*after_, *id);
      if (auto ok = Apply(event); !ok) return ok;
    }
    return Restate();
  }

  Result<void> Apply(const ServerEvent& event) {
    json::error_code error;
    const json::value parsed = json::parse(event.data, error);
    const auto* const change = error ? nullptr : parsed.if_object();
    if (change == nullptr) return Fail(ErrorCode::kUnavailable, "an event without an object");
    at_ = std::max(at_, NumberIn(*change, "revision"));
    // Of a host, or a name above several; or nobody knows of what.
    if (event.type == "reset" || event.type.starts_with("maintenance")) return List();
    const std::string name = NameOf(*change);
    if (!IsWithin(name, name_)) return {};
    const std::string key = TextIn(*change, "key");
    const std::int64_t revision = NumberIn(*change, "revision");
    const auto before = known_.find(key);
    if (IsDelete(event.type)) {
      if (before == known_.end()) return {};
      known_.erase(before);
      restated_.erase(key);
      Print(kDelete, AfterOf(*change), revision);
      return {};
    }
    if (!IsPut(event.type)) {
      restated_.insert(key);
      return {};
    }
    // The list may have been later than where events go on from.
    if (before != known_.end() && NumberIn(before->second.instance, "revision") >= revision) {
      return {};
    }
    auto now = Ask(name);
    if (!now && now.error().code != ErrorCode::kNotFound) return Fail(now.error());
    const bool same = now && NumberIn(*now, "revision") == revision;
    Known& known = known_[key] = {same ? *std::move(now) : AfterOf(*change)};
    known.instance["revision"] = revision;
    known.shown = Hash(known.instance);
    Print(kPut, known.instance, revision);
    return {};
  }

  [[nodiscard]] Result<json::object> Ask(const std::string& name) const {
    auto answer = api_.Get("/api/v1/instances/" + http_client::Escape(name));
    if (!answer) return Fail(answer.error());
    if (auto* const object = answer->if_object()) return std::move(*object);
    return Fail(ErrorCode::kUnavailable, fmt::format("{}: no instance", api_.url()));
  }

  // Those of which something else may be said now.
  Result<void> Restate() {
    while (!restated_.empty()) {
      const auto known = known_.find(*restated_.begin());
      if (known != known_.end()) {
        auto now = Ask(NameOf(known->second.instance));
        if (!now && now.error().code != ErrorCode::kNotFound) return Fail(now.error());
        if (now) TakeState(known->second, *std::move(now));
      }
      restated_.erase(restated_.begin());
    }
    std::fflush(stdout);
    return {};
  }

  void TakeState(Known& known, json::object now) {
    known.instance = std::move(now);
    const std::size_t hash = Hash(known.instance);
    if (std::exchange(known.shown, hash) == hash) return;
    Print(kState, known.instance, at_);
  }

  // Reads all of it, prints the difference, and goes on from there.
  Result<void> List() {
    const auto history = api_.Get("/api/v1/history?limit=1");
    if (!history) return Fail(history.error());
    const auto* const head = history->if_object();
    if (head == nullptr) return Fail(ErrorCode::kUnavailable, api_.url() + ": no history");
    const auto last = catalog::ParseHistoryId(TextIn(*head, "last"));
    if (!last) return Fail(ErrorCode::kUnavailable, api_.url() + ": no history");
    const auto all = ReadInstances(api_, name_.empty() ? "" : "&name=" + http_client::Escape(name_));
    if (!all) return Fail(all.error());
    at_ = NumberIn(*head, "revision");
    std::map<std::string, Known> before = std::exchange(known_, {});
    for (const json::value& one : *all) {
      const json::object& instance = one.get_object();
      const std::string key = TextIn(instance, "key");
      const std::int64_t revision = NumberIn(instance, "revision");
      auto was = before.extract(key);
      const bool changed = was.empty() || NumberIn(was.mapped().instance, "revision") != revision;
      Known& known = known_[key];
      known.shown = was.empty() ? 0 : was.mapped().shown;
      if (!changed) {
        TakeState(known, instance);
        continue;
      }
      known = {instance, Hash(instance)};
      Print(kPut, instance, revision);
    }
    for (const auto& [key, gone] : before) Print(kDelete, gone.instance, at_);
    std::fflush(stdout);
    after_ = *last;
    return {};
  }

  [[nodiscard]] static std::size_t Hash(json::object instance) {
    instance.erase("revision");
    return std::hash<std::string_view>()(json::serialize(instance));
  }

  void Print(char sign, const json::object& instance, std::int64_t revision) const {
    fmt::print("{}\n", LineOf(output_, sign, instance, revision));
  }

  const ServerApi api_;
  const std::string name_;  // at or below which; "": all
  const Output output_;
  std::map<std::string, Known> known_;  // by key
  // The id of what was last taken in; none: list first.
  std::optional<catalog::HistoryId> after_;
  std::int64_t at_ = 0;               // the last revision heard of
  std::vector<ServerEvent> waiting_;  // not yet taken in
  steady_clock::time_point waiting_since_;
  std::set<std::string> restated_;
  bool away_ = false;  // told in the log
};

}  // namespace

int WatchByServer(const Invocation& invocation) {
  const auto output = ReadOutput(invocation.settings);
  if (!output) return Report(output.error());
  auto api = ServerApi::Open(invocation.settings);
  if (!api) return Report(api.error());
  const Signals signals({SIGTERM, SIGINT});
  ServerWatcher watcher(
      *std::move(api),
      WholeName(invocation.words.empty() ? "" : invocation.words[0], invocation.settings), *output);
  const auto ended = watcher.Run(signals);
  return ended ? kDone : Report(ended.error());
}

}  // namespace rollcall::app
