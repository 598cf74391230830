// rollcall watch [NAME]

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "app/by_server.h"
#include "app/conditions.h"
#include "app/orders.h"
#include "app/output.h"
#include "app/signals.h"
#include "app/source.h"
#include "base/backoff.h"
#include "base/log.h"

namespace rollcall::app {
namespace {

using std::chrono::milliseconds;

// Who wrote or took away a registration, in the revision that did.
std::optional<std::pair<std::string, Writer>> WriterOf(const store::Event& event) {
  if (event.type != store::Event::Type::kPut) return std::nullopt;
  const auto record = registry::ReadRecord(event.kv);
  if (!record || !record->record) return std::nullopt;
  return std::pair{record->place.key, Writer{record->record->by, record->record->why}};
}

constexpr std::array kWriterAreas = {model::Area::kRegistered, model::Area::kGone};

bool IsOfAWriter(const std::string& key) {
  const auto place = model::ParseRecordKey(key);
  return place &&
         std::find(kWriterAreas.begin(), kWriterAreas.end(), place->area) != kWriterAreas.end();
}

// How long a change waits for what belongs to it: a registration and what is said of it are
// written at once, but lie in two ranges of the watch.
constexpr milliseconds kTogether{100};

// Prints what is there, then what changes.  After a gap in the history the difference
// to what was known is printed, so that no change is left out.
class Watcher {
 public:
  Watcher(Session& session, Scope scope, Output output)
      : session_(session),
        registry_(session.store(), scope.layout),
        records_(session.store()),
        scope_(std::move(scope)),
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
        next_ = next_record_ = 0;
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
  struct Known {
    store::KeyValue kv;
    bool absent = false;    // held: not in the store
    std::size_t shown = 0;  // what was last printed of it
  };
  struct Line {
    registry::Listed item;
    Change change;
    store::Revision revision = 0;
    std::string owner = {};  // whose a registration is that was put just now
  };

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
    const auto directory = DirectoryOf(scope_);
    if (!directory) return Fail(directory.error());
    if (next_ == 0) {
      const auto listing = registry_.List(scope_.service, deadline);
      if (!listing) return Fail(listing.error());
      auto read = conditions_.Read(records_, *directory, listing->revision, deadline);
      if (!read) return read;
      TakeListing(*listing);
    }
    auto ranges = registry_.RangesOf(scope_.service);
    if (!ranges) return Fail(std::move(ranges.error()));
    const auto more = Conditions::RangesOf(*directory);
    ranges->insert(ranges->end(), more.begin(), more.end());
    for (const model::Area area : kWriterAreas) {
      ranges->push_back(store::KeyRange::Single(model::RecordKey(area, *directory)));
      ranges->push_back(store::KeyRange::Prefix(model::RecordKey(area, *directory + "/")));
    }
    // Either range may be behind the other.
    auto watch = session_.store().StartWatch({*ranges, std::min(next_, next_record_)}, deadline);
    if (!watch) return Fail(std::move(watch.error()));
    watch_ = std::move(*watch);
    if (std::exchange(announced_, true)) return {};
    log::Info("watching", {{"from_revision", next_}, {"registrations", known_.size()}});
    return {};
  }

  Result<void> Follow() {
    const auto batch = watch_->Next(waiting_since_ ? *waiting_since_ + kTogether
                                                   : store::After(milliseconds(200)));
    if (batch) {
      if (!waiting_since_) waiting_since_ = std::chrono::steady_clock::now();
      const store::Revision from = next_;  // what is before was seen before the watch broke
      for (const store::Event& event : batch->events) Take(event, from);
    } else if (batch.error().code != ErrorCode::kDeadline) {
      PrintWaiting();
      return Fail(batch.error());
    }
    if (waiting_since_ && store::After(-kTogether) >= *waiting_since_) PrintWaiting();
    return {};
  }

  void Take(const store::Event& event, store::Revision from) {
    const bool removed = event.type == store::Event::Type::kDelete;
    const std::string& key = event.kv.key;
    if (IsOfAWriter(key)) {
      if (auto said = WriterOf(event)) {
        writers_[{std::move(said->first), event.kv.mod_revision}] = std::move(said->second);
      }
      return;
    }
    at_ = std::max(at_, event.kv.mod_revision);
    if (const auto subject = conditions_.Apply(event)) {
      next_record_ = std::max(next_record_, event.kv.mod_revision + 1);
      TakeHeld(*subject);
      const bool one = known_.contains(*subject);
      if (one) restated_.insert(*subject);
      all_restated_ = all_restated_ || !one;  // a host, or a name above several
      return;
    }
    if (event.kv.mod_revision < from) return;
    next_ = std::max(next_, event.kv.mod_revision + 1);
    registry::Listed item = Describe(event.kv, removed);
    std::string owner = item.service ? item.service->extension.owner : "";
    lines_.push_back({std::move(item), removed ? Change::kDelete : Change::kPut,
                      event.kv.mod_revision, std::move(owner)});
    if (removed) {
      known_.erase(key);
      TakeHeld(key);  // the record may have come first
    } else {
      known_[key] = {event.kv};
    }
  }

  // What is held goes on being served.
  void TakeHeld(const std::string& key) {
    const auto value = conditions_.HeldValue(key);
    const auto known = known_.find(key);
    if (value && known == known_.end()) {
      store::KeyValue kv;
      kv.key = key;
      kv.value = *value;
      known_[key] = {std::move(kv), true};
      restated_.insert(key);
    } else if (!value) {
      released_.insert(key);
    }
  }

  void TakeListing(const registry::Listing& listing) {
    std::map<std::string, Known> now;
    const auto take = [&](const registry::Listed& item, bool absent) {
      store::KeyValue kv;
      kv.key = item.key;
      kv.value = item.service ? model::ToJson(*item.service) : "";
      kv.lease = item.lease;
      kv.mod_revision = item.mod_revision;
      const auto before = known_.find(item.key);
      const bool changed =
          before == known_.end() || before->second.kv.mod_revision != item.mod_revision;
      if (changed) lines_.push_back({item, Change::kPut, item.mod_revision});
      now[item.key] = {std::move(kv), absent, changed ? 0 : before->second.shown};
    };
    for (const registry::Listed& item : listing.items) take(item, false);
    for (const registry::Listed& item : conditions_.Held(registry_)) {
      if (!now.contains(item.key)) take(item, true);
    }
    for (const auto& [key, before] : known_) {
      if (!now.contains(key)) {
        lines_.push_back({Describe(before.kv, true), Change::kDelete, listing.revision});
      }
    }
    known_ = std::move(now);
    next_ = next_record_ = listing.revision + 1;
    at_ = listing.revision;
    all_restated_ = true;
    PrintWaiting();
  }

  void PrintWaiting() {
    const WallTime now = SystemClock().WallNow();
    for (Line& line : std::exchange(lines_, {})) Print(std::move(line), now);
    for (const std::string& key : std::exchange(released_, {})) {
      const auto known = known_.find(key);
      if (known == known_.end() || !known->second.absent) continue;  // it is back
      Print({Describe(known->second.kv, true), Change::kDelete, at_}, now);
      known_.erase(known);
    }
    const auto restate = [&](const Known& known) {
      Print({Describe(known.kv, false), Change::kState, at_}, now);
    };
    if (std::exchange(all_restated_, false)) {
      for (const auto& [key, known] : known_) restate(known);
      restated_.clear();
    }
    for (const std::string& key : std::exchange(restated_, {})) {
      if (const auto known = known_.find(key); known != known_.end()) restate(known->second);
    }
    waiting_since_.reset();
    writers_.clear();
    std::fflush(stdout);
  }

  // A state only if it is another one than was printed before.
  void Print(Line line, WallTime now) {
    Entry entry{std::move(line.item), {}};
    if (line.change != Change::kDelete) {
      entry.condition = conditions_.Of(entry.item, registry::NamingPrefix(scope_.layout), now);
      const std::string said = ChangeLine(Output::kJson, entry, Change::kState, 0);
      const auto known = known_.find(entry.item.key);
      if (known != known_.end()) {
        const std::size_t before =
            std::exchange(known->second.shown, std::hash<std::string>()(said));
        if (line.change == Change::kState && before == known->second.shown) return;
      }
    }
    // As a server tells it: who has said so, else the owner.
    const auto said = writers_.find({entry.item.key, line.revision});
    const Writer writer = said == writers_.end() ? Writer{line.owner, ""} : said->second;
    fmt::print("{}\n", ChangeLine(output_, entry, line.change, line.revision, writer));
  }

  registry::Listed Describe(const store::KeyValue& kv, bool removed) {
    registry::Listed item = registry_.Describe(kv);
    if (removed) {  // a removal has no value that could be bad
      item.problem.clear();
      item.service.reset();
    }
    return item;
  }

  Session& session_;
  registry::Registry registry_;
  registry::Records records_;
  Scope scope_;
  Output output_;
  std::map<std::string, Known> known_;  // by key
  Conditions conditions_;
  store::Revision next_ = 0;         // of registrations; 0: list first
  store::Revision next_record_ = 0;  // of records
  store::Revision at_ = 0;           // the last one heard of
  std::unique_ptr<store::Watch> watch_;
  std::vector<Line> lines_;                                            // not yet printed
  std::map<std::pair<std::string, store::Revision>, Writer> writers_;  // of them, by key
  std::set<std::string> restated_;  // of which something else may be said now
  bool all_restated_ = false;
  std::set<std::string> released_;  // no longer held: back, or gone
  std::optional<SteadyTime> waiting_since_;
  bool announced_ = false;
  bool away_ = false;  // told in the log
};

int RunWatch(const Invocation& invocation) {
  const auto source = ChooseSource(invocation.settings);
  if (!source) return Report(source.error());
  if (*source == Source::kServer) return WatchByServer(invocation);
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
  return {
      "watch",
      "NAME",
      0,
      1,
      "Prints what is registered at or below a name, then each change as it comes.",
      "A line has the store's revision, + or - or, for a change of its state, ~; the name, and\n"
      "what is registered, and who did it and why if he has said so; with --output=json it is\n"
      "one object. After a break it goes on where it was, or prints the difference.\n\n"
      "The server of this host is asked, if one answers; else, or if a flag or ETCD_ENDPOINT\n"
      "names one, the store. Of a server it prints what that answers: what vanished and is\n"
      "held is still there, and what was written again as it was is no change.\n\n"
      "Examples:\n"
      "  rollcall watch node --zone=prom.local\n"
      "  rollcall watch node --server=http://127.0.0.1:9530\n"
      "  rollcall watch node --etcd.endpoint=http://127.0.0.1:2379",
      Join({{OutputSetting()}, SourceSettings(), ClientSettings()}),
      &RunWatch,
      "A service of the zone, or a whole name."};
}

}  // namespace rollcall::app
