// A running server: its parts, put together, started and stopped.
//
// Threads: made, started, run and stopped by one, the program's first.  The web server's threads
// ask for metrics and whether it is ready, and may have it reload or quit.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/answer_sizes.h"
#include "app/flusher.h"
#include "app/metrics.h"
#include "app/serve_options.h"
#include "app/server_store.h"
#include "app/signals.h"
#include "app/web_policy.h"
#include "base/guarded.h"
#include "catalog/feed.h"
#include "catalog/last_known_start.h"
#include "catalog/publisher.h"
#include "keeper/keeper.h"
#include "serving/api/api.h"
#include "serving/dns/server.h"
#include "serving/sd/discovery.h"

namespace rollcall::app {

class Service {
 public:
  // Borrows `options` until destroyed.
  Service(const ServeOptions& options, std::unique_ptr<WebPolicy> policy,
          std::unique_ptr<ServerStore> store, catalog::LastKnownStart last_known);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Serves from here on, whatever state the store is in.  Fails if an address cannot be had.
  [[nodiscard]] Result<void> Start();
  // Until SIGTERM, SIGINT or /-/quit.
  void Run(const Signals& signals);
  void Stop();

 private:
  using Answer = serving::http::Response;

  [[nodiscard]] catalog::FeedOptions FeedOptions();
  [[nodiscard]] keeper::Options KeeperOptions() const;
  [[nodiscard]] serving::dns::Options DnsOptions();
  [[nodiscard]] SteadyTime::duration StaleFor() const;
  // Reads again what can be without a restart.  Any thread.  kInvalid: all stays as it was.
  [[nodiscard]] Result<void> Reload();
  void LookAtStanding();
  void MeasureAnswers();
  void HintAtEtcdV2();
  // By which tests and people see what costs what.
  void LogCounters();

  // service_web.cc
  [[nodiscard]] serving::sd::Options DiscoveryOptions();
  [[nodiscard]] serving::api::Sources ApiSources();
  [[nodiscard]] serving::http::Options WebOptions();
  [[nodiscard]] std::vector<serving::http::Route> Routes();
  [[nodiscard]] Result<void> StartWeb();
  // Whether the store answered anything until then.
  [[nodiscard]] bool AnswersBy(SteadyTime deadline);
  // Whether answers are sure and what is written is kept.
  [[nodiscard]] Answer Ready();
  // /-/reload and /-/quit.
  void AddLifecycle(std::vector<serving::http::Route>& routes);
  [[nodiscard]] Answer ReloadByHttp();
  [[nodiscard]] Answer Quit();

  // service_metrics.cc
  [[nodiscard]] Answer Scrape();
  void CollectView(Metrics& metrics);
  void CollectFeed(Metrics& metrics) const;
  void CollectChanges(Metrics& metrics) const;
  void CollectDns(Metrics& metrics) const;

  // In the order in which they need each other; they go in the opposite one.
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
  AnswerSizes answer_sizes_;
  serving::dns::Server dns_;
  std::optional<Flusher> flusher_;  // of orders that wait for the store
  serving::sd::Discovery discovery_;
  std::optional<serving::api::Api> api_;
  serving::http::Server web_;
  catalog::Standing standing_ = catalog::Standing::kNever;
  std::string trouble_;
  std::atomic<bool> quit_{false};
};

[[nodiscard]] std::string_view ToString(catalog::Standing standing);

}  // namespace rollcall::app
