#include "serving/sd/consul.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "serving/sd/consul_json.h"

namespace rollcall::serving::sd {
namespace {

using catalog::Standing;

constexpr std::string_view kHealthService = "/v1/health/service/";
constexpr std::string_view kCatalogService = "/v1/catalog/service/";
constexpr std::string_view kCatalogServices = "/v1/catalog/services";
// The list of services is looked through no more often than this for those who wait, and for at
// most a twentieth of the time.
constexpr std::chrono::milliseconds kLeastBetweenLists{250};
constexpr int kRestForEachList = 20;

http::Response Json(std::string body) {
  return {200, std::move(body), "application/json", {}};
}

// Spreads over a sixteenth of the time when those who began to wait together are done, as
// Consul does.
std::chrono::milliseconds WithJitter(std::chrono::milliseconds wait, std::uint64_t number) {
  constexpr std::uint64_t kSteps = 1009;
  return wait + wait / 16 * static_cast<std::int64_t>(number % kSteps) / kSteps;
}

}  // namespace

struct Consul::Query {
  http::ExchangePtr exchange;
  ConsulAsk ask;
  Renderer renderer = nullptr;  // null: the list of services
  answer::Choice choice;

  [[nodiscard]] std::string Key() const {
    std::string key = renderer == nullptr        ? "services"
                      : renderer == RenderHealth ? "health"
                                                 : "catalog";
    AppendKey(ask.zone->name.view().wire(), key);
    if (renderer == nullptr) return key;
    AppendKey(choice, key);
    key += ask.passing ? " passing" : "";
    for (const std::string& tag : ask.tags) AppendKey(tag, key);
    return key;
  }
};

Consul::Consul(Answers& answers, std::string node, WaitingOptions waiting)
    : answers_(answers),
      node_(std::move(node)),
      base_(static_cast<std::uint64_t>(
          std::max<std::int64_t>(1, std::chrono::duration_cast<std::chrono::microseconds>(
                                        answers.clock().WallNow().time_since_epoch())
                                        .count()))),
      services_(answers.readers(), answers.zones()),
      waiting_(answers.readers(), answers.clock(), waiting) {
}

void Consul::AddRoutes(std::vector<http::Route>& routes) {
  const auto add = [&](std::string_view path, http::Handler handler) {
    http::Route route;
    route.path = path;
    route.handler = std::move(handler);
    routes.push_back(std::move(route));
  };
  add("/v1/agent/self", http::Answering([this](const http::Request&) {
        return Json(
            RenderSelf(*answers_.zones().Match(answers_.zones().options().names.front()), node_));
      }));
  add("/v1/status/leader", http::Answering([this](const http::Request&) {
        // That there is one is what clients ask; where is of no use to them.
        const bool sure = answers_.standing() == Standing::kSynced;
        return Json(sure ? "\"127.0.0.1:8300\"" : "\"\"");
      }));
  add("/v1/catalog/datacenters", http::Answering([this](const http::Request&) {
        return Json(RenderDatacenters(answers_.zones()));
      }));
  add(kCatalogServices, [this](const http::ExchangePtr& exchange) { OfCatalog(exchange); });
  add(kHealthService, [this](const http::ExchangePtr& exchange) {
    OfService(exchange, kHealthService, RenderHealth);
  });
  add(kCatalogService, [this](const http::ExchangePtr& exchange) {
    OfService(exchange, kCatalogService, RenderCatalogService);
  });
}

void Consul::OfService(const http::ExchangePtr& exchange, std::string_view prefix,
                       Renderer renderer) {
  const http::Request& request = exchange->request();
  auto ask = ParseConsulAsk(answers_.zones(), request.parameters);
  if (!ask) return exchange->Reply(ToResponse(ask.error()));
  auto choice = ParseServiceName(*ask->zone, std::string_view(request.path).substr(prefix.size()));
  if (!choice) return exchange->Reply(ToResponse(choice.error()));
  Begin(std::make_shared<Query>(Query{exchange, *std::move(ask), renderer, *choice}));
}

void Consul::OfCatalog(const http::ExchangePtr& exchange) {
  auto ask = ParseConsulAsk(answers_.zones(), exchange->request().parameters);
  if (!ask) return exchange->Reply(ToResponse(ask.error()));
  answer::Choice zone{ask->zone->name};
  Begin(std::make_shared<Query>(Query{exchange, *std::move(ask), nullptr, zone}));
}

void Consul::Begin(const QueryPtr& query) {
  const std::uint64_t asked = query->ask.index;
  if (asked != 0 && answers_.standing() == Standing::kSynced) {
    const std::uint64_t index = IndexNow(*query);
    if (asked == base_ + index) return Wait(query, index);
  }
  Answer(query);
}

std::uint64_t Consul::IndexNow(const Query& query) {
  if (query.renderer == nullptr) return services_.IndexOf(*query.ask.zone);
  return answers_.Touched(*query.ask.zone, query.choice);
}

Waiting::Subject Consul::SubjectOf(const Query& query) {
  const answer::Zone* const zone = query.ask.zone;
  std::string key(zone->name.view().wire());
  if (query.renderer == nullptr) {
    return {"services " + key,
            [this, zone](const catalog::View& view) {
              RefreshCatalog(view, *zone);
              return services_.IndexOf(*zone);
            },
            false};
  }
  AppendKey(query.choice.name.view().wire(), key);
  return {std::move(key),
          [zone, name = query.choice.name](const catalog::View& view) {
            return answer::TouchedAt(view, *zone, name);
          },
          true};
}

void Consul::Wait(const QueryPtr& query, std::uint64_t seen) {
  const SteadyTime deadline = answers_.clock().Now() + WithJitter(query->ask.wait, ++waits_);
  const auto id = waiting_.Add(SubjectOf(*query), seen, deadline, [this, query] { Answer(query); });
  if (!id) return query->exchange->Reply(ToResponse({503, "too many blocking queries"}));
  query->exchange->WhenGone([this, id = *id] { waiting_.Remove(id); });
}

void Consul::Answer(const QueryPtr& query) {
  // Before the view is looked at: what is not there then is surely not there.
  if (answers_.standing() != Standing::kSynced) {
    return query->exchange->Reply(ToResponse({500, "No cluster leader"}));
  }
  if (query->renderer == nullptr) return AnswerCatalog(query);
  AnswerService(query);
}

void Consul::AnswerService(const QueryPtr& query) {
  Answers::Wanted wanted{query->ask.zone, query->choice, answer::Hosts::kAsWritten, query->Key(),
                         [ask = query->ask, renderer = query->renderer](
                             const Gathered& gathered, const Emit& emit) -> Asked<Rendered> {
                           return renderer(ask, gathered, emit);
                         }};
  answers_.Give(std::move(wanted), [this, query](const BodyPtr& body) { Reply(*query, body); });
}

BodyPtr Consul::BuildCatalog(const answer::Zone& zone) {
  const SteadyTime begun = answers_.clock().Now();
  Services::Listed listed = services_.List(zone);
  const SteadyTime done = answers_.clock().Now();
  const auto rest =
      std::max<SteadyTime::duration>((done - begun) * kRestForEachList, kLeastBetweenLists);
  next_refresh_ = (done + rest).time_since_epoch().count();
  const Body::Facts facts{
      .revision = listed.revision, .moment = {listed.touched, 0}, .index = listed.index};
  return std::make_shared<Body>(facts, std::move(listed.json));
}

void Consul::RefreshCatalog(const catalog::View& view, const answer::Zone& zone) {
  if (answers_.clock().Now().time_since_epoch().count() < next_refresh_) return;
  Query query{nullptr, {}, nullptr, {}};
  query.ask.zone = &zone;
  const std::string key = query.Key();
  const Moment moment{Services::TouchedAt(view), 0};
  answers_.bodies().Make(
      key, moment, answers_.clock().WallNow(),
      [this, &zone](const Bodies::Begun&) { return BuildCatalog(zone); }, [](const BodyPtr&) {});
}

void Consul::AnswerCatalog(const QueryPtr& query) {
  Moment moment;
  {
    auto reader = answers_.readers().Borrow();
    moment.touched = Services::TouchedAt(*reader.Enter());
  }
  answers_.bodies().Make(
      query->Key(), moment, answers_.clock().WallNow(),
      [this, zone = query->ask.zone](const Bodies::Begun&) { return BuildCatalog(*zone); },
      [this, query](const BodyPtr& body) { Reply(*query, body); });
}

void Consul::Reply(const Query& query, const BodyPtr& body) const {
  if (!body) return query.exchange->Reply(ToResponse({503, "too much is under way; try again"}));
  if (body->facts.presence == answer::Presence::kUnreadable) {
    return query.exchange->Reply(
        ToResponse({500, "what is registered under this name cannot be read"}));
  }
  answers_.TellSeen(query.exchange->request(), query.choice, body->facts.revision);
  body->SendTo(query.exchange, {200,
                                {},
                                "application/json",
                                {{"X-Consul-Index", std::to_string(base_ + body->facts.index)},
                                 {"X-Consul-KnownLeader", "true"},
                                 {"X-Consul-LastContact", "0"},
                                 {"X-Consul-Effective-Consistency", "leader"}}});
}

}  // namespace rollcall::serving::sd
