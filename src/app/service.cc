#include "app/service.h"

#include <fmt/format.h>

#include <future>
#include <numeric>
#include <thread>

#include "app/address.h"
#include "app/last_known.h"
#include "app/notify.h"
#include "base/log.h"
#include "model/records.h"
#include "registry/registry.h"

namespace rollcall::app {
namespace {

using catalog::Standing;
using std::chrono::milliseconds;

// How often the standing is looked at, for the log and for systemd.
constexpr milliseconds kLook{500};
// How often the book of consumers takes what the DNS workers saw, which keep only so much.
constexpr milliseconds kDrain{1000};
// How often answers are measured.
constexpr milliseconds kMeasure{5000};
constexpr milliseconds kRaisePatience{1000};
constexpr milliseconds kFirstListPatience{2000};
constexpr milliseconds kAskAgain{50};

}  // namespace

std::string_view ToString(Standing standing) {
  switch (standing) {
    case Standing::kNever:
      return "never synced";
    case Standing::kStale:
      return "stale";
    case Standing::kSynced:
      return "synced";
  }
  return "unknown";
}

Service::Service(const ServeOptions& options, std::unique_ptr<WebPolicy> policy,
                 std::unique_ptr<ServerStore> store, catalog::LastKnownStart last_known)
    : options_(options),
      policy_(std::move(policy)),
      store_(std::move(store)),
      last_known_(std::move(last_known)),
      reader_(publisher_.AddReader()),
      scraper_(publisher_.AddReader()),
      feed_(store_->store(), publisher_, FeedOptions()),
      keeper_(
          store_->store(), publisher_, [this] { return feed_.standing(); }, KeeperOptions()),
      zones_(options.zones),
      answer_sizes_(publisher_, zones_),
      dns_(publisher_, feed_, zones_, DnsOptions()),
      discovery_(
          publisher_, zones_, [this] { return feed_.standing(); }, SystemClock(),
          DiscoveryOptions()),
      api_(std::in_place, ApiSources()),
      web_(WebOptions(), Routes()) {
}

Result<void> Service::Start() {
  const SteadyTime asked = SystemClock().Now();
  std::future<bool> answers;
  if (last_known_.contents) {
    answers = std::async(std::launch::async,
                         [this, asked] { return AnswersBy(asked + kFirstListPatience); });
  }
  AnswerFromLastKnown(last_known_, feed_);
  standing_ = feed_.standing();
  if (auto ok = store_->Start(); !ok) return ok;
  feed_.Start();
  // What is known from the disk lacks what came in the second before the end.  Where the store is
  // there, being away for a moment longer costs nobody a target; an answer without it would.  Where
  // it is not, it was asked while that was read from the disk, and that long is waited in all.
  if (answers.valid()) {
    const SteadyTime restored = SystemClock().Now();
    if (!feed_.WaitForRevision(0, asked + kFirstListPatience) && answers.get()) {
      (void)feed_.WaitForRevision(0, restored + kFirstListPatience);
    }
  }
  // Whoever sees it answer surely finds its store and its metrics there.
  if (auto ok = StartWeb(); !ok) return ok;
  if (auto ok = dns_.Start(); !ok) return ok;
  for (const auto& address : dns_.bound()) {
    log::Info("serving dns", {{"address", serving::dns::ToText(address)}});
  }
  keeper_.Start();
  if (auto orders_go_to = options_.ForOrders()) {
    flusher_.emplace(*std::move(orders_go_to),
                     [this] { return feed_.standing() == Standing::kSynced; });
  }
  NotifyStatus(standing_ == Standing::kNever ? "waiting for the store"
                                             : "waiting for the store, answering as last known");
  NotifyReady();
  return {};
}

bool Service::AnswersBy(SteadyTime deadline) {
  const store::RangeRequest anything{
      .keys = store::KeyRange::Single(std::string(model::kSerialKey)), .limit = 1};
  while (SystemClock().Now() < deadline) {
    if (store_->store().Range(anything, deadline)) return true;
    std::this_thread::sleep_for(kAskAgain);
  }
  return false;
}

void Service::Run(const Signals& signals) {
  const milliseconds watchdog = WatchdogInterval();
  SteadyTime next_watchdog{};
  SteadyTime next_drain{};
  SteadyTime next_measure{};
  for (;;) {
    const auto signal = signals.WaitFor(kLook);
    if (signal && signal->number == SIGUSR1) LogCounters();
    if (signal && signal->number == SIGHUP) (void)Reload();  // it tells the log
    if (signal && (signal->number == SIGTERM || signal->number == SIGINT)) return;
    if (quit_) return;
    LookAtStanding();
    const SteadyTime now = SystemClock().Now();
    if (now >= next_drain) {
      book_.Drain();
      next_drain = now + kDrain;
    }
    if (now >= next_measure) {
      MeasureAnswers();
      next_measure = now + kMeasure;
    }
    if (watchdog.count() > 0 && now >= next_watchdog) {
      NotifyWatchdog();
      next_watchdog = now + watchdog;
    }
  }
}

void Service::Stop() {
  NotifyStopping();
  LogCounters();
  dns_.Stop();
  web_.Stop();
  discovery_.Stop();
  api_.reset();  // its streams have ended, and it reads what stops now
  keeper_.Stop();
  store_->Stop();
}

SteadyTime::duration Service::StaleFor() const {
  if (feed_.standing() == Standing::kSynced) return {};
  return SystemClock().Now() - feed_.sure_at().value_or(begun_);
}

catalog::FeedOptions Service::FeedOptions() {
  catalog::FeedOptions options;
  options.prefix = options_.prefix;
  options.protect = options_.protect;
  options.zones = options_.zones.names;
  options.last_known = last_known_.last_known.get();
  options.history = &history_;
  options.on_new_epoch = [this](std::uint32_t serial_before, store::Revision revision_now) {
    registry::Registry registry(store_->store(), {});
    const auto raised =
        registry.RaiseSerial(serial_before, revision_now, store::After(kRaisePatience));
    if (raised) return;
    // The feed asks again with its next proof of contact.
    log::Warn("serial offset not raised yet", {{"error", raised.error().message}});
  };
  return options;
}

serving::dns::Options Service::DnsOptions() {
  serving::dns::Options options = options_.dns;
  options.book = &book_;
  return options;
}

keeper::Options Service::KeeperOptions() const {
  keeper::Options options;
  options.look.by = "serve@" + ShortHostName();
  options.look.prefix = options_.prefix;
  options.protect = options_.protect;
  options.zones = options_.zones.names;
  return options;
}

Result<void> Service::Reload() {
  if (auto ok = policy_->ReloadNow(); !ok) return ok;
  log::Info(
      "reloaded: the files of --web.config.file and --web.tokens-file, with what they name; "
      "flags, --config.file and the store's own files take a restart");
  return {};
}

// Of the names that instances lie right under, and those that somebody asks for by DNS.
void Service::MeasureAnswers() {
  std::vector<std::string> names;
  for (const auto& [name, service] : *keeper_.state().services) names.push_back(name);
  for (const auto& consumer : book_.List()) {
    if (consumer.mechanism == serving::seen::Mechanism::kDns) names.push_back(consumer.name);
  }
  answer_sizes_.Measure(std::move(names), feed_.standing());
}

void Service::LookAtStanding() {
  const Standing now = feed_.standing();
  std::string trouble = store_->Trouble();
  const bool troubled = std::exchange(trouble_, std::move(trouble)) != trouble_;
  if (now == standing_ && !troubled) return;
  const Standing before = std::exchange(standing_, now);
  store::Revision revision = 0;
  std::size_t keys = 0;
  {
    const auto view = reader_.Enter();
    revision = view->revision;
    keys = view->tree.size();
  }
  const auto counters = feed_.counters();
  const std::uint64_t invalid =
      std::accumulate(std::begin(counters.invalid), std::end(counters.invalid), std::uint64_t{0});
  if (now == before) {
    // The store has told its log what ails it.
  } else if (now == Standing::kSynced) {
    log::Info("synced with the store",
              {{"revision", revision}, {"keys", keys}, {"invalid", invalid}});
    if (before == Standing::kNever && keys == 0 && store_->MayHoldV2()) HintAtEtcdV2();
  } else {
    log::Warn("no contact for too long; unknown names are SERVFAIL until it is back",
              {{"standing", ToString(now)}, {"revision", revision}, {"keys", keys}});
  }
  std::string status = fmt::format("{}: revision {}, {} registrations, {} invalid", ToString(now),
                                   revision, keys, invalid);
  if (!trouble_.empty()) status += "; the store takes no writes: " + trouble_;
  NotifyStatus(status);
}

void Service::HintAtEtcdV2() {
  log::Warn(
      "no key is under the prefix; if etcdctl's v2 commands (set, ls, rm) wrote the "
      "registrations, only v2 sees them: copy them by `etcdctl put`",
      {{"prefix", options_.prefix}});
}

void Service::LogCounters() {
  const auto feed = feed_.counters();
  const auto dns = dns_.counters();
  const auto rcode = [&](std::size_t code) { return dns.rcodes[code]; };
  log::Info("counters", {{"dns_udp_queries", dns.udp_queries},
                         {"dns_tcp_queries", dns.tcp_queries},
                         {"dns_tcp_connections", dns.tcp_connections},
                         {"dns_dropped", dns.dropped},
                         {"dns_truncated", dns.truncated},
                         {"dns_forwarded", dns.forwarded},
                         {"dns_forward_failed", dns.forward_failed},
                         {"dns_noerror", rcode(0)},
                         {"dns_servfail", rcode(2)},
                         {"dns_nxdomain", rcode(3)},
                         {"dns_refused", rcode(5)},
                         {"feed_lists", feed.lists},
                         {"feed_watches", feed.watches},
                         {"feed_events", feed.events},
                         {"feed_contacts", feed.contacts},
                         {"feed_lease_queries", feed.lease_queries}});
  store_->LogCounters();
}

}  // namespace rollcall::app
