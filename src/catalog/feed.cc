#include "catalog/feed.h"

#include <algorithm>
#include <condition_variable>
#include <optional>
#include <span>
#include <utility>

#include "base/backoff.h"
#include "base/guarded.h"
#include "base/log.h"
#include "catalog/contact.h"
#include "catalog/epoch.h"
#include "catalog/errands.h"
#include "catalog/lister.h"

namespace rollcall::catalog {
namespace {

using std::chrono::milliseconds;
using store::After;

// Often enough to see a stop or a new epoch; Cancel() is what wakes a quiet watch.
constexpr milliseconds kWatchTurn{1000};
constexpr std::size_t kMostEventsAtOnce = 10'000;

const std::string kSerialKey(model::kSerialKey);
// Keys that one transaction reads.
constexpr std::size_t kMostAtOnce = 128;
// Registrations of one batch of which it is asked who put them; more are an import.
constexpr std::size_t kMostWritersAsked = 8 * kMostAtOnce;
// Leases asked about for one batch of events; more that are silent have ended.
constexpr std::size_t kMostLeasesAsked = 1000;

ErrandOptions ErrandsOf(const FeedOptions& options) {
  return {.call_timeout = options.contact_timeout,
          .raise_first = options.contact_interval,
          .raise_serial = options.on_new_epoch};
}

// What the log has said of an outage: its cause, and once more if the store turns out to
// answer and to refuse us, which somebody has to mend.
class Told {
 public:
  [[nodiscard]] bool IsNews(const Error& error) {
    const bool first = !std::exchange(outage_, true);
    return (error.code == ErrorCode::kRefused && !std::exchange(refusal_, true)) || first;
  }
  // True: there was an outage.
  bool Over() {
    refusal_ = false;
    return std::exchange(outage_, false);
  }

 private:
  bool outage_ = false;
  bool refusal_ = false;
};

}  // namespace

class Feed::Impl {
 public:
  Impl(store::Store& store, Publisher& publisher, FeedOptions options, const Clock& clock)
      : store_(store),
        clock_(clock),
        options_(std::move(options)),
        contact_(options_.stale_after),
        ledger_(publisher, clock,
                {options_.prefix, options_.protect, options_.zones, options_.last_known,
                 options_.history}),
        lister_(store, ledger_, contact_, clock,
                {.prefix = options_.prefix,
                 .page_size = options_.page_size,
                 .most_page = options_.most_page,
                 .call_timeout = options_.call_timeout,
                 .past_timeout = options_.contact_timeout},
                [this] { return stopping(); }),
        errands_(store, ledger_, clock, ErrandsOf(options_)) {}
  ~Impl() { Stop(); }

  void Restore(LastKnownContents contents);
  void Start() {
    feed_thread_ = std::jthread([this] { RunFeed(); });
    contact_thread_ = std::jthread([this] { RunContact(); });
    errands_.Start();
  }

  [[nodiscard]] const Contact& contact() const { return contact_; }
  [[nodiscard]] Standing standing() const { return contact_.StandingAt(clock_.Now()); }
  [[nodiscard]] FeedCounters counters();
  [[nodiscard]] bool WaitForRevision(store::Revision revision, SteadyTime deadline);

 private:
  struct Control {
    bool stopping = false;
    bool list_again = false;
    bool contact_now = false;
    store::Watch* watch = nullptr;  // of the feed thread, to be cancelled by others
    Epoch epoch;
    store::Revision published = 0;
    FeedCounters counters;
  };

  void Stop();
  [[nodiscard]] bool stopping() { return control_.Lock()->stopping; }
  // Sleeps, unless stopped or until `wanted` says so.  False: stopping.
  template <typename Wanted>
  bool Sleep(SteadyTime until, Wanted wanted) {
    auto control = control_.Lock();
    control.WaitUntil(changed_, until, [&] { return control->stopping || wanted(*control); });
    return !control->stopping;
  }
  bool Sleep(milliseconds time) {
    return Sleep(After(time), [](const Control&) { return false; });
  }
  template <typename Change>
  void Tell(Change change) {
    change(*control_.Lock());
    changed_.notify_all();
  }

  // feed thread
  void RunFeed();
  [[nodiscard]] Result<void> LookBack();
  [[nodiscard]] Result<void> List();
  [[nodiscard]] Error Follow(Backoff& backoff, Told& told);
  [[nodiscard]] bool KeptAnew() const {
    return options_.last_known && options_.last_known->wants_list();
  }
  template <typename Take>
  [[nodiscard]] Result<void> AskForRecords(model::Area area, std::span<const std::string> keys,
                                           Take take);
  [[nodiscard]] Result<void> AskForMarks(const std::vector<std::string>& keys);
  void TellHistory(std::span<const std::string> put);
  [[nodiscard]] Result<void> AskForLeases(const std::vector<std::string>& keys);
  void ApplyBatch(store::Watch& watch, store::WatchBatch batch, std::optional<Error>& end);

  // contact thread
  void RunContact();
  [[nodiscard]] Result<void> ProveContact();

  store::Store& store_;
  const Clock& clock_;
  const FeedOptions options_;
  Contact contact_;

  LockedLedger ledger_;    // its lock and control_'s are never held together
  Lister lister_;          // of the feed thread
  bool restored_ = false;  // and the store has not been asked yet whether it is the same
  Errands errands_;

  Guarded<Control> control_;
  std::condition_variable changed_;  // anything in control_, or the standing
  std::jthread feed_thread_;
  std::jthread contact_thread_;
};

void Feed::Impl::Stop() {
  Tell([](Control& control) {
    control.stopping = true;
    if (control.watch) control.watch->Cancel();
  });
  errands_.Stop();
  for (std::jthread* thread : {&feed_thread_, &contact_thread_}) {
    if (thread->joinable()) thread->join();
  }
}

// --- list and watch

void Feed::Impl::Restore(LastKnownContents contents) {
  const LastKnownHeader& header = contents.header;
  const auto age = std::max(clock_.WallNow() - header.seen, WallTime::duration::zero());
  contact_.Restored(clock_.Now() - age);
  Tell([&](Control& control) {
    control.epoch = {.known = true, .cluster_id = header.cluster_id, .revision = header.revision};
  });
  ledger_.With([&](Ledger& ledger) { ledger.Restore(std::move(contents)); });
  restored_ = true;
}

// Before the first list after a restart.
Result<void> Feed::Impl::LookBack() {
  if (!restored_) return {};
  const auto same = lister_.KnowsOurPast();
  if (!same && same.error().code != ErrorCode::kCompacted) return Fail(same.error());
  if (!same) {
    ledger_.With([](Ledger& ledger) { ledger.Doubt(); });
  } else if (!*same) {
    Tell([](Control& control) { control.epoch.doubted = true; });
  }
  restored_ = false;
  return {};
}

void Feed::Impl::RunFeed() {
  Backoff backoff(options_.retry_first, options_.retry_most);
  Told told;
  bool listed = false;
  while (!stopping()) {
    std::optional<Error> error;
    if (!listed) {
      auto list = LookBack();
      if (list) list = List();
      if (!list) error = std::move(list.error());
      listed = !error;
    } else if (auto same = lister_.KnowsOurPast(); !same) {
      error = std::move(same.error());
    } else if (!*same) {
      Tell([](Control& control) { control.epoch.doubted = control.list_again = true; });
      error = Error{ErrorCode::kUnavailable, "the store does not know our last change"};
    }
    if (!error) {
      error = Follow(backoff, told);
      contact_.WatchLost(clock_.Now());
      const bool compacted = error->code == ErrorCode::kCompacted;
      const bool was_catching_up =
          ledger_.With([=](Ledger& ledger) { return ledger.EndCatchingUp(compacted); });
      if (compacted && was_catching_up) continue;  // the list is as good as it was
    }
    if (stopping()) return;
    const bool again = std::exchange(control_.Lock()->list_again, false);
    const bool anew = listed && KeptAnew();
    if (again || anew || error->code == ErrorCode::kCompacted) {
      listed = false;
      log::Info("listing again", {{"why", again ? "the store is another one" : error->message}});
    } else if (told.IsNews(*error)) {
      log::Warn("store lost, answering from memory", {{"why", error->message}});
    }
    if (error->code == ErrorCode::kRefused) {
      if (!Sleep(std::max(backoff.Next(), options_.retry_refused))) return;
      continue;
    }
    // Whether it is still the same store is to be known before trusting a resumed watch.
    Tell([](Control& control) { control.contact_now = true; });
    if (!Sleep(backoff.Next())) return;
  }
}

Result<void> Feed::Impl::List() {
  const Epoch epoch = control_.Lock()->epoch;
  const auto list = lister_.List(epoch);
  if (!list) return Fail(list.error());
  const store::Header& header = list->header;
  Tell([&](Control& control) {
    ++control.counters.lists;
    control.published = header.revision;
    const bool adopt = list->new_epoch || !epoch.known;
    if (list->new_epoch) {
      ++control.counters.epochs;
      control.list_again = false;
    }
    control.epoch = {
        .known = true,
        .doubted = false,
        .cluster_id = header.cluster_id,
        .revision = adopt ? header.revision : std::max(control.epoch.revision, header.revision),
        .number = epoch.number + (list->new_epoch ? 1 : 0)};
  });
  errands_.LookAtLeases();
  if (list->new_epoch) {
    log::Warn("the store is another one than before: replaced, or restored from a backup",
              {{"cluster_id", std::to_string(header.cluster_id)}, {"revision", header.revision}});
    errands_.LookAtSerial();
  }
  log::Info("registrations listed", {{"keys", list->keys}, {"revision", header.revision}});
  return {};
}

Error Feed::Impl::Follow(Backoff& backoff, Told& told) {
  const store::WatchRequest request{
      {store::KeyRange::Prefix(options_.prefix + "/"),
       store::KeyRange::Prefix(std::string(model::kOwnPrefix) + "/")},
      ledger_.With([](Ledger& ledger) { return ledger.WatchFrom(); })};
  auto watch = store_.StartWatch(request, After(options_.contact_timeout));
  if (!watch) return std::move(watch.error());
  if (told.Over()) log::Info("store is back");
  contact_.WatchHeld();
  Tell([&](Control& control) {
    ++control.counters.watches;
    control.watch = watch->get();
    if (control.stopping || control.list_again) control.watch->Cancel();
  });
  std::optional<Error> end;
  while (!end) {
    auto batch = (*watch)->Next(After(kWatchTurn));
    if (KeptAnew()) {
      end = Error{ErrorCode::kUnavailable, "what is served is to be kept anew"};
    } else if (batch) {
      ApplyBatch(**watch, *std::move(batch), end);
    } else if (batch.error().code != ErrorCode::kDeadline) {
      end = std::move(batch.error());
      break;
    }
    backoff.Reset();  // it works, it was not only accepted
  }
  control_.Lock()->watch = nullptr;
  return *std::move(end);
}

// The records of an area about these registrations, those that there are.
template <typename Take>
Result<void> Feed::Impl::AskForRecords(model::Area area, std::span<const std::string> keys,
                                       Take take) {
  for (; !keys.empty(); keys = keys.subspan(std::min(kMostAtOnce, keys.size()))) {
    store::TxnRequest request;
    for (const std::string& key : keys.first(std::min(kMostAtOnce, keys.size()))) {
      request.then.emplace_back(store::GetOp{store::KeyRange::Single(model::RecordKey(area, key))});
    }
    const auto answer = store_.Txn(request, After(options_.contact_timeout));
    if (!answer) return Fail(answer.error());
    for (const store::OpResult& result : answer->results) {
      if (!result.kvs.empty()) take(result.kvs.front());
    }
  }
  return {};
}

// Whether these keys were deregistered: the ledger is told of the marks that there are.
Result<void> Feed::Impl::AskForMarks(const std::vector<std::string>& keys) {
  return AskForRecords(model::Area::kGone, keys, [this](const store::KeyValue& record) {
    ledger_.With([&](Ledger& ledger) { ledger.HearGone(record); });
  });
}

// Who put these registrations, as far as somebody has said so, and then the history of it all.
// What cannot be asked for is told without.
void Feed::Impl::TellHistory(std::span<const std::string> put) {
  std::vector<store::KeyValue> records;
  (void)AskForRecords(model::Area::kRegistered, put.first(std::min(put.size(), kMostWritersAsked)),
                      [&](const store::KeyValue& record) { records.push_back(record); });
  ledger_.With([&](Ledger& ledger) { ledger.Tell(records); });
}

// Whether those that were not went with a lease that ended.
Result<void> Feed::Impl::AskForLeases(const std::vector<std::string>& keys) {
  if (keys.empty()) return {};
  const auto leases = ledger_.With([&](Ledger& ledger) { return ledger.LeasesOf(keys); });
  for (std::size_t i = 0; i < leases.size(); ++i) {
    if (i < kMostLeasesAsked) {
      const auto left = store_.LeaseTimeToLive(leases[i], After(options_.contact_timeout));
      if (left) continue;  // somebody deleted the key
      if (left.error().code != ErrorCode::kNotFound) return Fail(left.error());
    }
    ledger_.With([&](Ledger& ledger) { ledger.HearLeaseOver(leases[i]); });
  }
  return {};
}

void Feed::Impl::ApplyBatch(store::Watch& watch, store::WatchBatch batch,
                            std::optional<Error>& end) {
  struct Part {
    SteadyTime heard;
    std::size_t events = 0;
  };
  std::vector<Part> parts = {{batch.heard, batch.events.size()}};
  // All that is there already: one change of the view instead of many.
  while (batch.events.size() < kMostEventsAtOnce) {
    auto more = watch.Next(After(milliseconds(-1)));
    if (!more) {
      if (more.error().code != ErrorCode::kDeadline) end = std::move(more.error());
      break;
    }
    parts.push_back({more->heard, more->events.size()});
    std::move(more->events.begin(), more->events.end(), std::back_inserter(batch.events));
  }
  const auto doubtful = ledger_.With([&](Ledger& ledger) { return ledger.Doubtful(batch.events); });
  auto asked = AskForMarks(doubtful);
  if (asked) asked = AskForLeases(doubtful);
  if (!asked) {
    end = std::move(asked.error());  // the watch will tell of all of it again
    return;
  }
  std::size_t applied = 0;
  bool due = false;
  store::Revision whole_at = 0;
  store::Revision seen = 0;
  std::vector<std::string> put;
  ledger_.With([&](Ledger& ledger) {
    applied = ledger.Apply(batch.events);
    put = ledger.Unsigned();
    whole_at = ledger.whole_at();
    seen = ledger.seen();
    const auto next = ledger.leases().next_due();
    due = next && *next <= clock_.Now();
  });
  const SteadyTime now = SystemClock().Now();  // the stores note the time by it
  // Before anybody who waits for these changes goes on, for he may look into the history.
  if (!put.empty()) TellHistory(put);
  Tell([&](Control& control) {
    control.counters.events += applied;
    for (const Part& part : parts) {
      if (part.heard == SteadyTime()) continue;
      control.counters.propagation.Observe(now - part.heard, part.events);
    }
    control.published = whole_at;
    control.epoch.revision = std::max(control.epoch.revision, seen);
  });
  if (due) errands_.LookAtLeases();
}

// --- contact

void Feed::Impl::RunContact() {
  Told told;
  do {
    control_.Lock()->contact_now = false;
    const auto proof = ProveContact();
    if (proof) {
      told.Over();
    } else if (told.IsNews(proof.error())) {
      log::Warn("no contact with the store", {{"why", proof.error().message}});
    }
  } while (Sleep(After(options_.contact_interval),
                 [](const Control& control) { return control.contact_now; }));
}

Result<void> Feed::Impl::ProveContact() {
  // What is known before asking: the answer may be older than what the watch
  // brings meanwhile, but not than this.
  const Epoch epoch = control_.Lock()->epoch;
  const auto ledger_epoch = ledger_.With([](Ledger& ledger) { return ledger.epoch(); });
  const SteadyTime sent = clock_.Now();
  const auto answer = store_.Range({.keys = store::KeyRange::Single(kSerialKey), .limit = 1},
                                   After(options_.contact_timeout));
  if (!answer) return Fail(answer.error().code, kSerialKey + ": " + answer.error().message);
  const bool other = epoch.Contradicts(answer->header);
  if (!other) contact_.Prove(sent);
  bool current = false;
  Tell([&](Control& control) {
    current = control.epoch.number == epoch.number && control.epoch.known;
    if (other && current) {
      control.list_again = true;
      if (control.watch) control.watch->Cancel();
    }
    if (other) return;
    ++control.counters.contacts;
    if (current) {
      control.epoch.revision = std::max(control.epoch.revision, answer->header.revision);
    }
  });
  if (other || !current) return {};
  if (options_.last_known && standing() == Standing::kSynced) options_.last_known->Confirm();
  if (!answer->kvs.empty()) {
    ledger_.With([&](Ledger& ledger) { ledger.TellSerial(answer->kvs.front(), ledger_epoch); });
  }
  errands_.LookAtSerial();
  return {};
}

// --- asked by others

FeedCounters Feed::Impl::counters() {
  FeedCounters counters = control_.Lock()->counters;
  counters.lease_queries = errands_.lease_queries();
  ledger_.With([&](Ledger& ledger) {
    counters.held = ledger.held();
    for (const model::Flaw flaw :
         {model::Flaw::kJson, model::Flaw::kMember, model::Flaw::kHost, model::Flaw::kKey}) {
      counters.invalid[static_cast<std::size_t>(flaw)] = ledger.flaws().count(flaw);
    }
  });
  return counters;
}

bool Feed::Impl::WaitForRevision(store::Revision revision, SteadyTime deadline) {
  auto control = control_.Lock();
  return control.WaitUntil(changed_, deadline, [&] {
    return control->published >= revision && standing() == Standing::kSynced;
  });
}

Feed::Feed(store::Store& store, Publisher& publisher, FeedOptions options, const Clock& clock)
    : impl_(std::make_unique<Impl>(store, publisher, std::move(options), clock)) {
}

Feed::~Feed() = default;

void Feed::Restore(LastKnownContents contents) {
  impl_->Restore(std::move(contents));
}

void Feed::Start() {
  impl_->Start();
}

Standing Feed::standing() const {
  return impl_->standing();
}

SteadyTime Feed::last_contact() const {
  return impl_->contact().last();
}

std::optional<SteadyTime> Feed::sure_at() const {
  return impl_->contact().sure_at();
}

FeedCounters Feed::counters() const {
  return impl_->counters();
}

bool Feed::WaitForRevision(store::Revision revision, SteadyTime deadline) const {
  return impl_->WaitForRevision(revision, deadline);
}

}  // namespace rollcall::catalog
