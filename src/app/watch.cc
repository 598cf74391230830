// rollcall watch [NAME]

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "app/orders.h"
#include "app/output.h"
#include "app/signals.h"
#include "base/backoff.h"
#include "base/log.h"

namespace rollcall::app {
namespace {

using std::chrono::milliseconds;

// Prints what is there, then what changes.  After a gap in the history the difference
// to what was known is printed, so that no change is left out.
class Watcher {
 public:
  Watcher(Session& session, Scope scope, Output output)
      : session_(session),
        registry_(session.store(), std::move(scope.layout)),
        service_(std::move(scope.service)),
        output_(output) {}

  // Until a signal to stop; then nothing.  Else: what cannot mend by waiting.
  Result<void> Run(const Signals& signals) {
    Backoff backoff(milliseconds(100), milliseconds(2000));
    while (!signals.WaitFor(milliseconds(0))) {
      auto ended = watch_ ? Follow() : Begin();
      if (ended) {
        backoff.Reset();
        continue;
      }
      watch_.reset();
      if (ended.error().code == ErrorCode::kCompacted) {
        next_ = 0;
        log::Warn("the store no longer keeps the changes since; printing the difference");
        continue;
      }
      if (!IsAway(ended.error())) return ended;
      if (!std::exchange(away_, true)) {
        log::Warn("store away; the watch goes on when it is back",
                  {{"error", ended.error().message}});
      }
      if (signals.WaitFor(backoff.Next())) return {};
    }
    return {};
  }

 private:
  // Lists once, or again after a gap, and starts the watch behind it.
  Result<void> Begin() {
    const auto deadline = store::After(kStorePatience);
    if (away_) {  // a watch is accepted at once; only a reply shows that the store is back
      const auto reply = session_.store().Range(
          {.keys = store::KeyRange::Single("/"), .limit = 1, .keys_only = true}, deadline);
      if (!reply && IsAway(reply.error())) return Fail(reply.error());
      away_ = false;
      log::Info("store is back", {{"from_revision", next_}});
    }
    if (next_ == 0) {
      const auto listing = registry_.List(service_, deadline);
      if (!listing) return Fail(listing.error());
      TakeListing(*listing);
    }
    auto ranges = registry_.RangesOf(service_);
    if (!ranges) return Fail(std::move(ranges.error()));
    auto watch = session_.store().StartWatch({*ranges, next_}, deadline);
    if (!watch) return Fail(std::move(watch.error()));
    watch_ = std::move(*watch);
    if (std::exchange(announced_, true)) return {};
    log::Info("watching", {{"from_revision", next_}, {"registrations", known_.size()}});
    return {};
  }

  Result<void> Follow() {
    const auto batch = watch_->Next(store::After(milliseconds(200)));
    if (!batch && batch.error().code == ErrorCode::kDeadline) return {};
    if (!batch) return Fail(batch.error());
    for (const store::Event& event : batch->events) {
      const bool removed = event.type == store::Event::Type::kDelete;
      Print(event.kv, removed, event.kv.mod_revision);
      if (removed) {
        known_.erase(event.kv.key);
      } else {
        known_[event.kv.key] = event.kv.mod_revision;
      }
    }
    next_ = std::max(next_, batch->revision + 1);
    return {};
  }

  void TakeListing(const registry::Listing& listing) {
    std::map<std::string, store::Revision> now;
    for (const registry::Listed& item : listing.items) {
      now[item.key] = item.mod_revision;
      const auto before = known_.find(item.key);
      const bool changed = before == known_.end() || before->second != item.mod_revision;
      if (changed) PrintLine(item, false, item.mod_revision);
    }
    for (const auto& [key, revision] : known_) {
      store::KeyValue kv;
      kv.key = key;
      if (!now.contains(key)) Print(kv, true, listing.revision);
    }
    known_ = std::move(now);
    next_ = listing.revision + 1;
  }

  void Print(const store::KeyValue& kv, bool removed, store::Revision revision) {
    PrintLine(registry_.Describe(kv), removed, revision);
  }

  void PrintLine(registry::Listed item, bool removed, store::Revision revision) {
    if (removed) {  // a removal has no value that could be bad
      item.problem.clear();
      item.service.reset();
    }
    fmt::print("{}\n", ChangeLine(output_, item, removed, revision));
    std::fflush(stdout);
  }

  Session& session_;
  registry::Registry registry_;
  std::string service_;
  Output output_;
  std::map<std::string, store::Revision> known_;  // key -> its mod_revision
  store::Revision next_ = 0;                      // 0: list first
  std::unique_ptr<store::Watch> watch_;
  bool announced_ = false;
  bool away_ = false;  // told in the log
};

int Run(const Invocation& invocation) {
  const auto output = ReadOutput(invocation.settings);
  if (!output) return Report(output.error());
  const Signals signals({SIGTERM, SIGINT});
  auto session = Session::Open(invocation.settings);
  if (!session) return Report(session.error());
  const Scope scope = ScopeOf(invocation.words.empty() ? "" : invocation.words[0],
                              (*session)->layout(), invocation.settings.IsGiven("zone"));
  (*session)->FlushOrWarn(store::After(kStorePatience));
  Watcher watcher(**session, scope, *output);
  const auto ended = watcher.Run(signals);
  return ended ? kDone : Report(ended.error());
}

}  // namespace

Command WatchCommand() {
  return {"watch",
          "NAME",
          0,
          1,
          "Prints what is registered at or below a name, then each change as it comes.",
          "A line has the store's revision, + or -, the name, and what is registered; with\n"
          "--output=json it is one object. After a break it goes on where it was.\n\n"
          "Example:\n"
          "  rollcall watch node --zone=prom.local",
          Join({{OutputSetting()}, ClientSettings()}),
          &Run,
          "A service of the zone, or a whole name."};
}

}  // namespace rollcall::app
