#include "catalog/feed.h"

#include <condition_variable>
#include <optional>
#include <utility>

#include "base/backoff.h"
#include "base/guarded.h"
#include "base/log.h"
#include "catalog/contact.h"
#include "catalog/ledger.h"

namespace rollcall::catalog {
namespace {

using std::chrono::milliseconds;
using store::After;

// Often enough to see a stop or a new epoch; Cancel() is what wakes a quiet watch.
constexpr milliseconds kWatchTurn{1000};
constexpr std::size_t kMostEventsAtOnce = 10'000;
constexpr std::size_t kLeasesAtOnce = 64;
constexpr std::chrono::seconds kLeaseRetry{1};
constexpr std::chrono::hours kLongest{24 * 365};  // nobody counts further; adds without overflow

Ledger::Keys KeysOf(const FeedOptions& options) {
  return {options.prefix, options.own_prefix, options.own_prefix + "/serial"};
}

}  // namespace

class Feed::Impl {
 public:
  Impl(store::Store& store, Publisher& publisher, FeedOptions options, const Clock& clock)
      : store_(store),
        clock_(clock),
        options_(std::move(options)),
        keys_(KeysOf(options_)),
        contact_(options_.stale_after),
        ledger_(std::in_place, publisher, clock, keys_) {}
  ~Impl() { Stop(); }

  void Start() {
    feed_thread_ = std::jthread([this] { RunFeed(); });
    contact_thread_ = std::jthread([this] { RunContact(); });
    errand_thread_ = std::jthread([this] { RunErrands(); });
  }

  [[nodiscard]] const Contact& contact() const { return contact_; }
  [[nodiscard]] Standing standing() const { return contact_.StandingAt(clock_.Now()); }
  [[nodiscard]] FeedCounters counters();
  [[nodiscard]] bool WaitForRevision(store::Revision revision, SteadyTime deadline);

 private:
  // The store as it was last seen; what comes later must not be before it.
  struct Epoch {
    bool known = false;
    std::uint64_t cluster_id = 0;
    store::Revision revision = 0;
    std::uint64_t number = 0;

    [[nodiscard]] bool Contradicts(const store::Header& header) const {
      return known && (header.cluster_id != cluster_id || header.revision < revision);
    }
  };
  struct Control {
    bool stopping = false;
    bool list_again = false;
    bool contact_now = false;
    bool errand_now = false;
    bool raise_serial = false;
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
  [[nodiscard]] Result<void> List();
  [[nodiscard]] Result<void> ListPages(store::Header& first, bool& new_epoch);
  void AdoptEpoch(const store::Header& header, bool new_epoch);
  [[nodiscard]] Error Follow(Backoff& backoff);
  void ApplyBatch(store::Watch& watch, store::WatchBatch batch, std::optional<Error>& end);

  // contact thread
  void RunContact();
  [[nodiscard]] Result<void> ProveContact();

  // errand thread: what may take time and must hold up neither events nor proofs
  void RunErrands();
  void RaiseSerial();
  [[nodiscard]] bool AskLeases();

  store::Store& store_;
  const Clock& clock_;
  const FeedOptions options_;
  const Ledger::Keys keys_;
  Contact contact_;

  struct OwnLedger {
    OwnLedger(std::in_place_t, Publisher& publisher, const Clock& clock, const Ledger::Keys& keys)
        : ledger(publisher, clock, keys) {}
    std::mutex mutex;
    Ledger ledger;
  };
  template <typename Call>
  auto WithLedger(Call call) {
    const std::lock_guard lock(ledger_.mutex);
    return call(ledger_.ledger);
  }
  OwnLedger ledger_;  // its lock and control_'s are never held together

  Guarded<Control> control_;
  std::condition_variable changed_;  // anything in control_, or the standing
  std::jthread feed_thread_;
  std::jthread contact_thread_;
  std::jthread errand_thread_;
};

void Feed::Impl::Stop() {
  Tell([](Control& control) {
    control.stopping = true;
    if (control.watch) control.watch->Cancel();
  });
  for (std::jthread* thread : {&feed_thread_, &contact_thread_, &errand_thread_}) {
    if (thread->joinable()) thread->join();
  }
}

// --- list and watch

void Feed::Impl::RunFeed() {
  Backoff backoff(options_.retry_first, options_.retry_most);
  bool away = false;  // told in the log
  bool listed = false;
  while (!stopping()) {
    std::optional<Error> error;
    if (!listed) {
      if (auto list = List(); !list) error = std::move(list.error());
      listed = !error;
    }
    if (!error) {
      if (std::exchange(away, false)) log::Info("store is back");
      error = Follow(backoff);
      contact_.WatchLost(clock_.Now());
    }
    if (stopping()) return;
    const bool again = std::exchange(control_.Lock()->list_again, false);
    if (again || error->code == ErrorCode::kCompacted) {
      listed = false;
      log::Info("listing again", {{"why", again ? "the store is another one" : error->message}});
    } else if (!std::exchange(away, true)) {
      log::Warn("store lost, answering from memory", {{"why", error->message}});
    }
    // Whether it is still the same store is to be known before trusting a resumed watch.
    Tell([](Control& control) { control.contact_now = true; });
    if (!Sleep(backoff.Next())) return;
  }
}

Result<void> Feed::Impl::List() {
  store::Header first;
  bool new_epoch = false;
  if (auto pages = ListPages(first, new_epoch); !pages) return pages;
  // Our own record at the same revision as the registrations.
  const auto serial =
      store_.Range({.keys = store::KeyRange::Single(keys_.serial), .revision = first.revision},
                   After(options_.call_timeout));
  if (!serial) return Fail(serial.error());
  const std::size_t listed = WithLedger([&](Ledger& ledger) {
    const std::size_t keys = ledger.listed();
    ledger.EndList(first.revision, serial->kvs.empty() ? nullptr : &serial->kvs.front());
    return keys;
  });
  contact_.Listed();
  AdoptEpoch(first, new_epoch);
  log::Info("registrations listed", {{"keys", listed}, {"revision", first.revision}});
  if (listed == 0) {
    log::Warn("no key under the prefix; what was written by etcd's v2 API is not seen by v3",
              {{"prefix", options_.prefix}});
  }
  return {};
}

Result<void> Feed::Impl::ListPages(store::Header& first, bool& new_epoch) {
  const Epoch epoch = control_.Lock()->epoch;
  store::RangeRequest request{.keys = store::KeyRange::Prefix(options_.prefix + "/"),
                              .limit = options_.page_size};
  for (bool more = true; more;) {
    const SteadyTime sent = clock_.Now();
    auto page = store_.Range(request, After(options_.call_timeout));
    if (!page) return Fail(std::move(page.error()));
    if (stopping()) return Fail(ErrorCode::kCancelled, "stopping");
    if (request.revision == 0) {
      first = page->header;
      new_epoch = epoch.Contradicts(first);
      request.revision = first.revision;
      contact_.Prove(sent);
      WithLedger([&](Ledger& ledger) { ledger.BeginList(new_epoch); });
    } else if (page->header.cluster_id != first.cluster_id) {
      return Fail(ErrorCode::kUnavailable, "two stores answered one list");
    }
    WithLedger([&](Ledger& ledger) { ledger.AddPage(page->kvs); });
    more = page->more && !page->kvs.empty();
    if (more) request.keys.begin = page->kvs.back().key + '\0';
  }
  return {};
}

void Feed::Impl::AdoptEpoch(const store::Header& header, bool new_epoch) {
  Tell([&](Control& control) {
    ++control.counters.lists;
    control.published = header.revision;
    Epoch& epoch = control.epoch;
    if (new_epoch) {
      ++control.counters.epochs;
      ++epoch.number;
      control.raise_serial = true;
      control.list_again = false;
    }
    const bool adopt = new_epoch || !epoch.known;
    epoch.known = true;
    epoch.cluster_id = header.cluster_id;
    epoch.revision = adopt ? header.revision : std::max(epoch.revision, header.revision);
    control.errand_now = true;
  });
  if (new_epoch) {
    log::Warn("the store is another one than before: replaced, or restored from a backup",
              {{"cluster_id", header.cluster_id}, {"revision", header.revision}});
  }
}

Error Feed::Impl::Follow(Backoff& backoff) {
  const store::WatchRequest request{
      {store::KeyRange::Prefix(options_.prefix + "/"), store::KeyRange::Single(keys_.serial)},
      WithLedger([](Ledger& ledger) { return ledger.revision(); }) + 1};
  auto watch = store_.StartWatch(request, After(options_.contact_timeout));
  if (!watch) return std::move(watch.error());
  contact_.WatchHeld();
  Tell([&](Control& control) {
    ++control.counters.watches;
    control.watch = watch->get();
    if (control.stopping || control.list_again) control.watch->Cancel();
  });
  std::optional<Error> end;
  while (!end) {
    auto batch = (*watch)->Next(After(kWatchTurn));
    if (batch) {
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

void Feed::Impl::ApplyBatch(store::Watch& watch, store::WatchBatch batch,
                            std::optional<Error>& end) {
  // All that is there already: one change of the view instead of many.
  while (batch.events.size() < kMostEventsAtOnce) {
    auto more = watch.Next(After(milliseconds(-1)));
    if (!more) {
      if (more.error().code != ErrorCode::kDeadline) end = std::move(more.error());
      break;
    }
    std::move(more->events.begin(), more->events.end(), std::back_inserter(batch.events));
  }
  std::size_t applied = 0;
  bool due = false;
  store::Revision revision = 0;
  WithLedger([&](Ledger& ledger) {
    applied = ledger.Apply(batch.events);
    revision = ledger.revision();
    const auto next = ledger.leases().next_due();
    due = next && *next <= clock_.Now();
  });
  Tell([&](Control& control) {
    control.counters.events += applied;
    control.published = revision;
    control.epoch.revision = std::max(control.epoch.revision, revision);
    control.errand_now = control.errand_now || due;
  });
}

// --- contact

void Feed::Impl::RunContact() {
  bool away = false;
  do {
    control_.Lock()->contact_now = false;
    const auto proof = ProveContact();
    if (proof) {
      away = false;
    } else if (!std::exchange(away, true)) {
      log::Warn("no contact with the store", {{"why", proof.error().message}});
    }
  } while (Sleep(After(options_.contact_interval),
                 [](const Control& control) { return control.contact_now; }));
}

Result<void> Feed::Impl::ProveContact() {
  // What is known before asking: the answer may be older than what the watch
  // brings meanwhile, but not than this.
  const Epoch epoch = control_.Lock()->epoch;
  const auto ledger_epoch = WithLedger([](Ledger& ledger) { return ledger.epoch(); });
  const SteadyTime sent = clock_.Now();
  const auto answer = store_.Range({.keys = store::KeyRange::Single(keys_.serial), .limit = 1},
                                   After(options_.contact_timeout));
  if (!answer) return Fail(answer.error());
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
    if (!current) return;
    control.epoch.revision = std::max(control.epoch.revision, answer->header.revision);
    control.raise_serial = true;  // if it is still wanted
    control.errand_now = true;
  });
  if (other || !current || answer->kvs.empty()) return {};
  WithLedger([&](Ledger& ledger) { ledger.TellSerial(answer->kvs.front(), ledger_epoch); });
  return {};
}

// --- errands

void Feed::Impl::RunErrands() {
  for (;;) {
    const auto due = WithLedger([](Ledger& ledger) { return ledger.leases().next_due(); });
    // By the clock the leases are counted by, which need not be the machine's.
    const auto wait = due ? *due - clock_.Now() : std::chrono::seconds(60);
    const auto until = std::chrono::steady_clock::now() +
                       std::min<SteadyTime::duration>(wait, std::chrono::seconds(60));
    if (!Sleep(until, [](const Control& control) { return control.errand_now; })) return;
    bool raise = false;
    Tell([&](Control& control) {
      control.errand_now = false;
      raise = std::exchange(control.raise_serial, false);
    });
    if (raise) RaiseSerial();
    if (!AskLeases() && !Sleep(kLeaseRetry)) return;
  }
}

void Feed::Impl::RaiseSerial() {
  const auto wanted = WithLedger([](Ledger& ledger) { return ledger.serial_wanted(); });
  if (wanted && options_.on_new_epoch) options_.on_new_epoch(wanted->above, wanted->at);
}

// False: the store does not answer; not to be tried again at once.
bool Feed::Impl::AskLeases() {
  for (;;) {
    const auto due = WithLedger(
        [&](Ledger& ledger) { return ledger.leases().TakeDue(clock_.Now(), kLeasesAtOnce); });
    if (due.empty() || stopping()) return true;
    std::vector<Ledger::LeaseTime> times;
    bool answered = true;
    std::size_t asked = 0;
    while (asked < due.size() && answered) {
      const store::LeaseId id = due[asked];
      const SteadyTime sent = clock_.Now();
      const auto times_left = store_.LeaseTimeToLive(id, After(options_.contact_timeout));
      if (times_left) {
        times.push_back({id, sent + std::min<std::chrono::seconds>(times_left->left, kLongest)});
      } else if (times_left.error().code == ErrorCode::kNotFound) {
        times.push_back({id, std::nullopt});
      } else {
        answered = false;
        break;
      }
      ++asked;
    }
    control_.Lock()->counters.lease_queries += times.size();
    WithLedger([&](Ledger& ledger) {
      ledger.SetLeases(times);
      const SteadyTime soonest = clock_.Now() + kLeaseRetry;
      for (const Ledger::LeaseTime& time : times) {
        if (time.end) ledger.leases().AskAgain(time.id, std::max(*time.end, soonest));
      }
      for (; asked < due.size(); ++asked) ledger.leases().AskAgain(due[asked], soonest);
    });
    if (!answered) return false;
  }
}

// --- asked by others

FeedCounters Feed::Impl::counters() {
  FeedCounters counters = control_.Lock()->counters;
  WithLedger([&](Ledger& ledger) {
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

void Feed::Start() {
  impl_->Start();
}

Standing Feed::standing() const {
  return impl_->standing();
}

SteadyTime Feed::last_contact() const {
  return impl_->contact().last();
}

FeedCounters Feed::counters() const {
  return impl_->counters();
}

bool Feed::WaitForRevision(store::Revision revision, SteadyTime deadline) const {
  return impl_->WaitForRevision(revision, deadline);
}

}  // namespace rollcall::catalog
