// The Service's part that is HTTP: its routes, and what the rooms behind them are given.
#include <fmt/format.h>

#include "app/address.h"
#include "app/api_sources.h"
#include "app/http_consumers.h"
#include "app/service.h"
#include "base/log.h"
#include "serving/api/envelope.h"
#include "serving/http/access.h"
#include "serving/page/page.h"

namespace rollcall::app {

using catalog::Standing;
using serving::http::Right;

serving::http::Options Service::WebOptions() {
  serving::http::Options options = options_.web;
  options.policy = [this] { return policy_->Now(); };
  options.errors.push_back({"/api/", &serving::api::Refusal});
  return options;
}

std::vector<serving::http::Route> Service::Routes() {
  const auto get = [](const char* path, Right right, auto answer) {
    return serving::http::Route{
        .path = path,
        .handler = serving::http::Answering(
            [answer](const serving::http::Request& /*request*/) { return answer(); }),
        .right = right};
  };
  std::vector<serving::http::Route> routes = api_->Routes();
  for (auto& route : discovery_.Routes()) routes.push_back(std::move(route));
  for (auto& route : serving::page::Routes(serving::page::Files()))
    routes.push_back(std::move(route));
  routes.push_back(get("/-/healthy", Right::kNone, [] {
    return Answer{200, "rollcall is Healthy.\n"};
  }));
  routes.push_back(get("/-/ready", Right::kNone, [this] { return Ready(); }));
  AddLifecycle(routes);
  routes.push_back(get("/metrics", Right::kRead, [this] { return Scrape(); }));
  return routes;
}

Result<void> Service::StartWeb() {
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

Service::Answer Service::Ready() {
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

void Service::AddLifecycle(std::vector<serving::http::Route>& routes) {
  const auto add = [&](const char* path, auto answer) {
    for (const char* method : {"PUT", "POST"}) {
      routes.push_back({.method = method,
                        .path = path,
                        .handler = serving::http::Answering(
                            [this, answer](const serving::http::Request& request) {
                              if (!options_.lifecycle)
                                return Answer{403, "Lifecycle API is not enabled.\n"};
                              if (const auto ok = serving::http::MayWriteAll(request); !ok) {
                                return Answer{403, ok.error().message + "\n"};
                              }
                              return answer();
                            }),
                        // Whoever may not use them in any case hears why.
                        .right = options_.lifecycle ? Right::kWrite : Right::kRead,
                        .waits = true});
    }
  };
  add("/-/reload", [this] { return ReloadByHttp(); });
  add("/-/quit", [this] { return Quit(); });
}

Service::Answer Service::ReloadByHttp() {
  if (const auto ok = Reload(); !ok) {
    return {500, fmt::format("failed to reload config: {}\n", ok.error().message)};
  }
  return {200, ""};
}

Service::Answer Service::Quit() {
  log::Info("stopping, as asked for by HTTP");
  quit_ = true;
  return {200, "Requesting termination... Goodbye!\n"};
}

serving::sd::Options Service::DiscoveryOptions() {
  serving::sd::Options options;
  options.node = ShortHostName();
  options.answers.seen = [this](const serving::http::Request& request, const std::string& name,
                                store::Revision revision) {
    book_.Note(AskOf(request, name, revision));
  };
  return options;
}

serving::api::Sources Service::ApiSources() {
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

}  // namespace rollcall::app
