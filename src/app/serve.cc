// rollcall serve

#include <fmt/format.h>

#include <array>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>

#include "app/address.h"
#include "app/api_sources.h"
#include "app/command.h"
#include "app/config_file.h"
#include "app/flusher.h"
#include "app/keeper_metrics.h"
#include "app/last_known.h"
#include "app/metrics.h"
#include "app/notify.h"
#include "app/serve_options.h"
#include "app/server_store.h"
#include "app/signals.h"
#include "app/standard_files.h"
#include "app/web_metrics.h"
#include "app/web_policy.h"
#include "base/guarded.h"
#include "base/log.h"
#include "catalog/feed.h"
#include "catalog/publisher.h"
#include "keeper/keeper.h"
#include "registry/registry.h"
#include "serving/api/api.h"
#include "serving/dns/server.h"

namespace rollcall::app {
namespace {

using catalog::Standing;
using std::chrono::milliseconds;

// How often the standing is looked at, for the log and for systemd.
constexpr milliseconds kLook{200};
// How often the book of consumers takes what the DNS workers saw, which keep only so much.
constexpr milliseconds kDrain{1000};
constexpr milliseconds kRaisePatience{1000};
constexpr milliseconds kStopLimit{2700};

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

// As CoreDNS labels them, so that dashboards go on working.
std::string RcodeName(std::size_t rcode) {
  static constexpr std::array<std::string_view, 6> kNames = {"NOERROR",  "FORMERR", "SERVFAIL",
                                                             "NXDOMAIN", "NOTIMP",  "REFUSED"};
  return rcode < kNames.size() ? std::string(kNames[rcode]) : std::to_string(rcode);
}

// The parts of a running server, in the order in which they need each other; they
// go in the opposite one.
class Service {
 public:
  Service(const ServeOptions& options, std::unique_ptr<WebPolicy> policy,
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
        dns_(publisher_, feed_, zones_, DnsOptions()),
        api_(std::in_place, ApiSources()),
        web_(WebOptions(), Routes()) {}

  // Serves from here on, whatever state the store is in.
  Result<void> Start() {
    AnswerFromLastKnown(last_known_, feed_);
    standing_ = feed_.standing();
    if (auto ok = dns_.Start(); !ok) return ok;
    for (const auto& address : dns_.bound()) {
      log::Info("serving dns", {{"address", serving::dns::ToText(address)}});
    }
    // Whoever sees it answer surely finds its store and its metrics there.
    if (auto ok = store_->Start(); !ok) return ok;
    if (auto ok = StartWeb(); !ok) return ok;
    feed_.Start();
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

  // Until SIGTERM or SIGINT.
  void Run(const Signals& signals) {
    const milliseconds watchdog = WatchdogInterval();
    SteadyTime next_watchdog{};
    SteadyTime next_drain{};
    for (;;) {
      const auto signal = signals.WaitFor(kLook);
      if (signal && signal->number == SIGUSR1) LogCounters();
      if (signal && signal->number == SIGHUP) {
        log::Info("SIGHUP ignored: there is no reload, restart to change the configuration");
      }
      if (signal && (signal->number == SIGTERM || signal->number == SIGINT)) return;
      LookAtStanding();
      const SteadyTime now = SystemClock().Now();
      if (now >= next_drain) {
        book_.Drain();
        next_drain = now + kDrain;
      }
      if (watchdog.count() > 0 && now >= next_watchdog) {
        NotifyWatchdog();
        next_watchdog = now + watchdog;
      }
    }
  }

  void Stop() {
    NotifyStopping();
    LogCounters();
    dns_.Stop();
    web_.Stop();
    api_.reset();  // its streams have ended, and it reads what stops now
    keeper_.Stop();
    store_->Stop();
  }

 private:
  using Answer = serving::http::Response;
  using Right = serving::http::Right;

  serving::http::Options WebOptions() {
    serving::http::Options options = options_.web;
    options.policy = [this] { return policy_->Now(); };
    return options;
  }

  std::vector<serving::http::Route> Routes() {
    const auto get = [](const char* path, Right right, auto answer) {
      return serving::http::Route{
          .path = path,
          .handler = serving::http::Answering(
              [answer](const serving::http::Request& /*request*/) { return answer(); }),
          .right = right};
    };
    std::vector<serving::http::Route> routes = api_->Routes();
    routes.push_back(get("/-/healthy", Right::kNone, [] {
      return Answer{200, "rollcall is Healthy.\n"};
    }));
    routes.push_back(get("/-/ready", Right::kNone, [this] { return Ready(); }));
    routes.push_back(get("/metrics", Right::kRead, [this] { return Scrape(); }));
    return routes;
  }

  Result<void> StartWeb() {
    if (auto ok = web_.Start(); !ok) {
      const Error& why = ok.error();
      if (options_.web_asked || why.code != ErrorCode::kConflict) return Fail(why);
      log::Warn("no metrics: another program has their address; name one by --web.listen-address",
                {{"why", why.message}});
      return {};
    }
    for (const std::string& address : web_.bound()) {
      log::Info("serving http", {{"address", address}});
    }
    return {};
  }

  // Whether answers are sure and what is written is kept.
  Answer Ready() {
    const Standing standing = feed_.standing();
    if (standing != Standing::kSynced) {
      return {503, fmt::format("Service Unavailable: {}\n", ToString(standing))};
    }
    const std::string trouble = store_->Trouble();
    if (trouble.empty()) return {200, "rollcall is Ready.\n"};
    return {503, fmt::format("Service Unavailable: answers go on, but the store takes no writes: "
                             "{}\n",
                             trouble)};
  }

  Answer Scrape() {
    Metrics metrics;
    metrics.Gauge("build_info", "Always 1; which rollcall this is.", 1,
                  {{"version", ROLLCALL_VERSION}});
    {
      auto scraper = scraper_.Lock();
      const auto view = scraper->Enter();
      metrics.Gauge("store_revision", "Revision of the store that answers are of.",
                    static_cast<double>(view->revision));
      metrics.Gauge("registrations", "Registrations that are answered from.",
                    static_cast<double>(view->tree.size()));
    }
    metrics.Gauge("store_synced", "Whether the view is known to be that of the store.",
                  feed_.standing() == Standing::kSynced ? 1 : 0);
    metrics.Gauge("stale_seconds", "For how long it has not been known to be; 0: it is.",
                  std::chrono::duration<double>(StaleFor()).count());
    CollectFeed(metrics);
    CollectKeeper(keeper_.state(), keeper_.counters(), metrics);
    CollectLastKnown(last_known_.last_known.get(), metrics);
    CollectDns(metrics);
    CollectWeb(web_.counters(), *policy_, metrics);
    store_->Collect(metrics);
    return {200, metrics.Text(), "text/plain; version=0.0.4; charset=utf-8"};
  }

  SteadyTime::duration StaleFor() const {
    if (feed_.standing() == Standing::kSynced) return {};
    return SystemClock().Now() - feed_.sure_at().value_or(begun_);
  }

  void CollectFeed(Metrics& metrics) const {
    const auto feed = feed_.counters();
    for (std::size_t i = 0; i < std::size(feed.invalid); ++i) {
      metrics.Gauge("invalid_records", "Values that cannot be read, by what is wrong with them.",
                    static_cast<double>(feed.invalid[i]),
                    {{"reason", std::string(model::ToString(static_cast<model::Flaw>(i)))}});
    }
    const auto counter = [&](const char* name, const char* help, std::uint64_t value) {
      metrics.Counter(name, help, static_cast<double>(value));
    };
    counter("store_events_total", "Changes of the store applied to the view.", feed.events);
    counter("store_lists_total", "Times that all of the store was read.", feed.lists);
    counter("store_epochs_total", "Times that the store was another one than before.", feed.epochs);
    counter("store_contacts_total", "Times that the store was seen to be there.", feed.contacts);
  }

  void CollectDns(Metrics& metrics) const {
    const auto dns = dns_.counters();
    const auto counter = [&](const char* name, const char* help, std::uint64_t value,
                             const Metrics::Labels& labels = {}) {
      metrics.Counter(name, help, static_cast<double>(value), labels);
    };
    counter("dns_requests_total", "DNS requests.", dns.udp_queries, {{"proto", "udp"}});
    counter("dns_requests_total", "DNS requests.", dns.tcp_queries, {{"proto", "tcp"}});
    for (std::size_t rcode = 0; rcode < dns.rcodes.size(); ++rcode) {
      // The common ones always, so that a rate of them is there from the first on.
      const bool common = rcode == 0 || rcode == 2 || rcode == 3 || rcode == 5;
      if (!common && dns.rcodes[rcode] == 0) continue;
      counter("dns_responses_total", "DNS replies, by rcode.", dns.rcodes[rcode],
              {{"rcode", RcodeName(rcode)}});
    }
    counter("dns_connections_total", "TCP connections accepted.", dns.tcp_connections);
    counter("dns_dropped_total", "DNS requests without a reply.", dns.dropped);
    counter("dns_truncated_total", "DNS replies with TC.", dns.truncated);
    counter("dns_forwarded_total", "Requests handed to the upstreams.", dns.forwarded);
    counter("dns_forward_failures_total", "Of those: without a reply from them.",
            dns.forward_failed);
  }

  catalog::FeedOptions FeedOptions() {
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

  serving::dns::Options DnsOptions() {
    serving::dns::Options options = options_.dns;
    options.book = &book_;
    return options;
  }

  serving::api::Sources ApiSources() {
    return {.publisher = publisher_,
            .zones = zones_,
            .history = history_,
            .book = book_,
            .store = store_->store(),
            .prefix = options_.prefix,
            .rules = RulesOf(options_),
            .standing = [this] { return feed_.standing(); },
            .wait_for_revision =
                [this](store::Revision revision, SteadyTime deadline) {
                  return feed_.WaitForRevision(revision, deadline);
                },
            .store_facts =
                [this] {
                  serving::api::StoreFacts facts = StoreFactsOf(options_);
                  facts.stale_seconds = std::chrono::duration<double>(StaleFor()).count();
                  facts.trouble = store_->Trouble();
                  return facts;
                },
            .facts = options_.facts};
  }

  keeper::Options KeeperOptions() const {
    keeper::Options options;
    options.look.by = "serve@" + ShortHostName();
    options.look.prefix = options_.prefix;
    options.protect = options_.protect;
    options.zones = options_.zones.names;
    return options;
  }

  void LookAtStanding() {
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

  void HintAtEtcdV2() {
    log::Warn(
        "no key is under the prefix; if etcdctl's v2 commands (set, ls, rm) wrote the "
        "registrations, only v2 sees them: copy them by `etcdctl put`",
        {{"prefix", options_.prefix}});
  }

  // By which tests and people see what costs what.
  void LogCounters() {
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

  const ServeOptions& options_;
  const std::unique_ptr<WebPolicy> policy_;
  const std::unique_ptr<ServerStore> store_;
  const SteadyTime begun_ = SystemClock().Now();
  catalog::LastKnownStart last_known_;
  catalog::Publisher publisher_;
  catalog::History history_;
  serving::seen::Book book_;
  catalog::Publisher::Reader reader_;            // the main thread's
  Guarded<catalog::Publisher::Reader> scraper_;  // the web server's threads'
  catalog::Feed feed_;
  keeper::Keeper keeper_;
  answer::Zones zones_;
  serving::dns::Server dns_;
  std::optional<Flusher> flusher_;  // of orders that wait for the store
  std::optional<serving::api::Api> api_;
  serving::http::Server web_;
  Standing standing_ = Standing::kNever;
  std::string trouble_;
};

Result<ServeOptions> Load(const Invocation& invocation) {
  Settings settings = invocation.settings;
  if (const std::string file = settings.Text("config.file"); !file.empty()) {
    if (auto ok = LoadConfigFile(file, settings); !ok) return Fail(std::move(ok.error()));
    if (auto ok = ConfigureLog(settings); !ok) return Fail(std::move(ok.error()));
  }
  auto options = ReadServeOptions(settings);
  if (options) options->facts = FactsOf(settings);
  return options;
}

// Ends the program if its parts take too long to stop, as they may while a call to
// a store that hangs runs into its deadline: by then every query is answered, and
// there is nothing to lose, since all we know comes from the store.
class StopLimit {
 public:
  explicit StopLimit(milliseconds limit)
      : thread_([this, limit](const std::stop_token& stop) {
          std::unique_lock lock(mutex_);
          (void)stopped_.wait_for(lock, stop, limit, [] { return false; });
          if (stop.stop_requested()) return;
          log::Warn("the store hangs; not waiting for it any longer");
          std::_Exit(kDone);
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // last: it uses the others
};

int RunServe(const Invocation& invocation) {
  const auto options = Load(invocation);
  if (!options) return Report(options.error());
  // Before the first thread, so that none of them takes our signals; and that of a log which
  // nobody reads any more ends nothing.
  const Signals signals({SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGPIPE});
  AllowManyFiles();
  auto policy = WebPolicy::Load(options->web_files, SystemClock());
  if (!policy) return Report(policy.error());
  std::optional<StopLimit> limit;  // outlives the service: it watches over its end
  auto last_known = FindLastKnown(*options);
  auto store = ServerStore::Open(*options);
  if (!store) {
    (void)Report(store.error());
    return kFailed;
  }
  Service service(*options, *std::move(policy), *std::move(store), std::move(last_known));
  if (auto ok = service.Start(); !ok) {
    (void)Report(ok.error());
    return kFailed;
  }
  service.Run(signals);
  limit.emplace(kStopLimit);
  service.Stop();
  return kDone;
}

}  // namespace

Command ServeCommand() {
  return {
      "serve",
      "",
      0,
      0,
      "Answers DNS for the zones from memory, kept true by a watch on the store.",
      "SIGTERM and SIGINT stop it; SIGUSR1 logs its counters.\n\n"
      "Examples:\n"
      "  rollcall serve\n"
      "  rollcall serve --store=etcd --etcd.endpoint=http://127.0.0.1:2379 --zone=prom.local \\\n"
      "    --zone=10.0.0.0/8 --dns.listen-address=0.0.0.0:53",
      ServeSettings(),
      &RunServe,
      ""};
}

}  // namespace rollcall::app
