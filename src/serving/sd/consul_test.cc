// The requests of Prometheus's consul_sd (discovery/consul/consul.go) and what they rely on.
#include "serving/sd/consul.h"

#include <gmock/gmock.h>

#include "serving/sd/testing/fixture.h"

namespace rollcall::serving::sd {
namespace {

using catalog::Standing;
using model::Area;
using model::Health;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConsulTest : public testing::SdTest {
 protected:
  void SetUp() override { BeginWith({}); }
  void BeginWith(WaitingOptions waiting) {
    waiting.alone = false;
    consul_.reset();
    answers_ = std::make_unique<Answers>(
        publisher_, zones_, [this] { return standing_.load(); }, clock_, Answers::Options());
    consul_ = std::make_unique<Consul>(*answers_, "server01", waiting);
    routes_.clear();
    consul_->AddRoutes(routes_);
  }
  void TearDown() override { answers_->Stop(); }

  static std::string Index(const ExchangePtr& exchange) {
    const http::Response response = exchange->response();
    for (const http::Field& field : response.headers) {
      if (field.name == "X-Consul-Index") return field.value;
    }
    return "";
  }
  std::vector<std::string> Ids(const std::string& service, std::string_view query = {}) {
    std::vector<std::string> ids;
    const boost::json::value found = Json("/v1/health/service/" + service, query);
    for (const auto& one : found.as_array()) {
      ids.emplace_back(one.at("Service").at("ID").as_string());
    }
    return ids;
  }
  // As the timer does it; what is large comes from the worker a moment later.
  bool Answered(const ExchangePtr& exchange) {
    consul_->Look();
    return exchange->over();
  }

  std::unique_ptr<Answers> answers_;
  std::unique_ptr<Consul> consul_;
};

TEST_F(ConsulTest, TheDataCentreIsTheFirstZone) {
  const auto self = Json("/v1/agent/self");
  EXPECT_EQ(self.at("Config").at("Datacenter"), "prom.internal");
  EXPECT_EQ(self.at("Config").at("NodeName"), "server01");
  for (const auto& [name, part] : self.as_object()) {
    EXPECT_TRUE(part.is_object()) << "clients decode a map of maps: " << name;
  }
  EXPECT_EQ(Json("/v1/catalog/datacenters"), (boost::json::array{"prom.internal", "dc2.internal"}));
}

TEST_F(ConsulTest, TheCatalogHasServicesAndTheirTags) {
  PutHost("internal/prom/node/a", "10.0.0.1", 1, R"("tags":["x","y"])");
  PutHost("internal/prom/node/b", "10.0.0.2", 1, R"("tags":["z","x"])");
  PutHost("internal/prom/a/node/c", "10.0.0.3");
  PutHost("internal/prom/dns/ns/ns1", "10.0.0.4", 0);
  PutHost("internal/prom/direct", "10.0.0.5");
  PutHost("internal/prom/none/a", "10.0.0.6", -1);
  Put("internal/prom/broken/a", "{");
  Put("internal/prom/text/a", R"({"text":"t"})");
  PutHost("internal/dc2/mysql/a", "10.0.0.7");
  EXPECT_EQ(boost::json::serialize(Json("/v1/catalog/services")),
            R"({"broken":[],"node":["x","y","z"],"node.a":[]})");
  EXPECT_EQ(boost::json::serialize(Json("/v1/catalog/services", "dc=dc2.internal")),
            R"({"mysql":[]})");
  const auto other = Get("/v1/catalog/services", "dc=dc3.internal");
  EXPECT_EQ(other->response().status, 500U);
  EXPECT_EQ(other->body(), "No path to datacenter\n");
}

TEST_F(ConsulTest, AnInstanceHasTheShapesOfConsulsApi) {
  PutHost("internal/prom/node/server02", "10.0.0.2", 9100,
          R"("owner":"agent:server02","labels":{"rack":"r1"},"tags":["a"],)"
          R"("metrics_path":"/m","params":{"module":"x"})");
  Alive("internal/prom/node/server02", Health::kPassing);
  const auto found = Json("/v1/health/service/node");
  const auto& node = found.at(0).at("Node");
  EXPECT_EQ(node.at("Node"), "server02");
  EXPECT_EQ(node.at("Address"), "10.0.0.2");
  EXPECT_EQ(node.at("Datacenter"), "prom.internal");
  EXPECT_EQ(node.at("TaggedAddresses").at("lan"), "10.0.0.2");
  EXPECT_TRUE(node.at("Meta").is_object());
  const auto& service = found.at(0).at("Service");
  EXPECT_EQ(service.at("ID"), "server02.node");
  EXPECT_EQ(service.at("Service"), "node");
  EXPECT_EQ(service.at("Address"), "10.0.0.2");
  EXPECT_EQ(service.at("Port"), 9100);
  EXPECT_EQ(service.at("Tags"), boost::json::array{"a"});
  EXPECT_EQ(boost::json::serialize(service.at("Meta")),
            R"({"rack":"r1","rollcall_state":"passing","rollcall_owner":"agent:server02",)"
            R"("rollcall_metrics_path":"/m","rollcall_param_module":"x"})");
  const auto& check = found.at(0).at("Checks").at(0);
  EXPECT_EQ(check.at("Status"), "passing");
  EXPECT_EQ(check.at("ServiceID"), "server02.node");
  const auto catalog = Json("/v1/catalog/service/node");
  EXPECT_EQ(catalog.at(0).at("ServiceAddress"), "10.0.0.2");
  EXPECT_EQ(catalog.at(0).at("ServicePort"), 9100);
  EXPECT_EQ(catalog.at(0).at("ServiceMeta").at("rack"), "r1");
}

// What Consul's own clients make of the checks: the worst, but maintenance by its check's name.
TEST_F(ConsulTest, EachStateIsTheCheckThatClientsUnderstand) {
  PutHost("internal/prom/s/a", "10.0.0.1");
  for (const std::string name : {"b", "c", "d", "e", "f"}) {
    PutHost("internal/prom/s/" + name, "10.0.0.1", 9100, R"("owner":"agent:h")");
  }
  Alive("internal/prom/s/b", Health::kPassing);
  Alive("internal/prom/s/c", Health::kWarning);
  Alive("internal/prom/s/d", Health::kCritical);
  Alive("internal/prom/s/f", Health::kPassing);
  Mark(Area::kMaintenance, "/skydns/internal/prom/s/f", model::Record{});
  std::string said;
  const auto found = Json("/v1/health/service/s");
  for (const auto& one : found.as_array()) {
    const auto& check = one.at("Checks").at(0);
    const std::string id(check.at("CheckID").as_string());
    said += std::string(one.at("Service").at("ID").as_string()) + ":" +
            std::string(check.at("Status").as_string()) +
            (id.starts_with("_service_maintenance:") ? "(maintenance) " : " ");
  }
  EXPECT_EQ(said,
            "a.s:passing b.s:passing c.s:warning d.s:critical e.s:critical "
            "f.s:critical(maintenance) ");
  for (const char* yes : {"passing", "passing=1", "passing=True"}) {
    EXPECT_THAT(Ids("s", yes), ElementsAre("a.s", "b.s")) << yes;
  }
  for (const char* no : {"passing=0", "passing=F", "passing=False"}) {
    EXPECT_EQ(Ids("s", no).size(), 6U) << no;
  }
  EXPECT_THAT(Ids("_healthy.s"), ElementsAre("a.s", "b.s", "c.s"));
}

TEST_F(ConsulTest, TagsAndShardsChoose) {
  PutHost("internal/prom/s/a", "10.0.0.1", 1, R"("tags":["Linux","x"])");
  PutHost("internal/prom/s/b", "10.0.0.2", 1, R"("tags":["linux"])");
  PutHost("internal/prom/s/c", "10.0.0.3", 1);
  EXPECT_THAT(Ids("s", "tag=linux"), ElementsAre("a.s", "b.s"));
  EXPECT_THAT(Ids("s", "tag=linux&tag=X&stale=&near=_agent&cached=&ns=default"),
              ElementsAre("a.s"));
  EXPECT_EQ(Ids("_shard0of2.s").size() + Ids("_shard1of2.s").size(), 3U);
}

TEST_F(ConsulTest, WhatWouldLeaveOutMoreIsRefused) {
  PutHost("internal/prom/s/a", "10.0.0.1");
  for (const char* query : {"filter=Service.Port==1", "node-meta=a:b", "ns=other", "index=-1",
                            "index=1x", "passing=maybe", "wait=soon", "wait=", "whatever=1"}) {
    EXPECT_EQ(Status("/v1/health/service/s", query), 400U) << query;
    EXPECT_EQ(Status("/v1/catalog/services", query), 400U) << query;
  }
  for (const char* service : {"", ".", "a..b", "_shard0of2._shard0of3.s"}) {
    EXPECT_EQ(Status(std::string("/v1/health/service/") + service), 400U) << service;
  }
  EXPECT_THAT(Get("/v1/health/service/s", "filter=x")->body(), HasSubstr("filter is not"));
}

TEST_F(ConsulTest, WhoIsUnsureSaysThatThereIsNoLeader) {
  PutHost("internal/prom/s/a", "10.0.0.1");
  for (const Standing standing : {Standing::kStale, Standing::kNever}) {
    standing_ = standing;
    for (const char* path : {"/v1/health/service/s", "/v1/catalog/services",
                             "/v1/catalog/service/s", "/v1/health/service/none"}) {
      EXPECT_EQ(Status(path), 500U) << path;
    }
    EXPECT_EQ(Get("/v1/status/leader")->body(), "\"\"");
  }
  standing_ = Standing::kSynced;
  EXPECT_EQ(Get("/v1/health/service/none")->body(), "[]");
  EXPECT_NE(Get("/v1/status/leader")->body(), "\"\"");
  Put("internal/prom/bad/a", "{");
  EXPECT_EQ(Status("/v1/health/service/bad"), 500U) << "unreadable is not absent";
}

TEST_F(ConsulTest, AnIndexMovesWhenItsAnswerDoesAndOnlyForward) {
  PutHost("internal/prom/s/a", "10.0.0.1", 1, R"("owner":"agent:h")");
  PutHost("internal/prom/t/a", "10.0.0.2");
  std::uint64_t last = 0;
  const auto index = [&] { return std::stoull(Index(Get("/v1/health/service/s"))); };
  const auto moves = [&](const char* what) {
    const std::uint64_t now = index();
    EXPECT_GT(now, last) << what;
    last = now;
  };
  moves("never 0");
  PutHost("internal/prom/t/b", "10.0.0.3");
  EXPECT_EQ(index(), last) << "of another name";
  Alive("internal/prom/s/a", Health::kPassing);
  moves("it is alive");
  Mark(Area::kMaintenance, "@h", model::Record{});
  moves("maintenance of its host");
  Erase("internal/prom/s/a");
  moves("it is gone");
  PutHost("internal/prom/s/a", "10.0.0.1");
  moves("it is back");
}

TEST_F(ConsulTest, TheCatalogsIndexMovesOnlyWithItsAnswer) {
  PutHost("internal/prom/s/a", "10.0.0.1", 1, R"("owner":"agent:h")");
  const std::string first = Index(Get("/v1/catalog/services"));
  Alive("internal/prom/s/a", Health::kPassing);
  PutHost("internal/prom/s/b", "10.0.0.2");
  EXPECT_EQ(Index(Get("/v1/catalog/services")), first);
  PutHost("internal/prom/t/a", "10.0.0.2");
  EXPECT_GT(std::stoull(Index(Get("/v1/catalog/services"))), std::stoull(first));
}

// Prometheus: index=LAST&wait=120000ms&stale=, again and again.
TEST_F(ConsulTest, AQueryIsHeldUntilItsAnswerIsAnotherOne) {
  PutHost("internal/prom/s/a", "10.0.0.1");
  const std::string index = Index(Get("/v1/health/service/s"));
  const auto held = Ask("/v1/health/service/s", "index=" + index + "&wait=120000ms&stale=");
  const auto other = Ask("/v1/health/service/s", "index=" + index);
  EXPECT_FALSE(Answered(held));
  PutHost("internal/prom/t/a", "10.0.0.2");
  EXPECT_FALSE(Answered(held)) << "another name has changed";
  PutHost("internal/prom/s/b", "10.0.0.2");
  EXPECT_TRUE(Answered(held));
  EXPECT_TRUE(other->over());
  EXPECT_GT(std::stoull(Index(held)), std::stoull(index));
  EXPECT_EQ(boost::json::parse(held->body()).as_array().size(), 2U);
  EXPECT_EQ(consul_->waiting(), 0U);
}

TEST_F(ConsulTest, ItIsHeldForItsTimeAndALittleMoreAtMost) {
  PutHost("internal/prom/s/a", "10.0.0.1");
  const std::string index = Index(Get("/v1/health/service/s"));
  const struct {
    const char* wait;
    std::chrono::milliseconds least;
  } cases[] = {{"&wait=10s", std::chrono::seconds(10)},
               {"", kDefaultWait},
               {"&wait=48h", kMostWait},
               {"&wait=0s", kDefaultWait},
               {"&wait=0", kDefaultWait}};
  for (const auto& one : cases) {
    const auto held = Ask("/v1/health/service/s", "index=" + index + one.wait);
    clock_.Advance(one.least - std::chrono::milliseconds(1));
    EXPECT_FALSE(Answered(held)) << one.wait;
    clock_.Advance(one.least / 16 + std::chrono::milliseconds(1));
    EXPECT_TRUE(Answered(held)) << one.wait;
    EXPECT_EQ(Index(held), index) << "by which the client sees that nothing has changed";
  }
}

TEST_F(ConsulTest, AnotherIndexIsAnsweredAtOnceLowerOrHigher) {
  PutHost("internal/prom/s/a", "10.0.0.1");
  const std::uint64_t index = std::stoull(Index(Get("/v1/health/service/s")));
  for (const std::uint64_t other : {std::uint64_t{1}, index - 1, index + 1, index * 2}) {
    const auto asked = Ask("/v1/health/service/s", "index=" + std::to_string(other));
    EXPECT_TRUE(asked->over()) << other;
    EXPECT_EQ(Index(asked), std::to_string(index));
  }
}

TEST_F(ConsulTest, AServerThatWasRestartedHasHigherIndexes) {
  for (int i = 0; i < 100; ++i) PutHost("internal/prom/s/a", "10.0.0.1");
  const std::uint64_t before = std::stoull(Index(Get("/v1/health/service/s")));
  answers_->Stop();
  clock_.Advance(std::chrono::milliseconds(1));
  BeginWith({});
  EXPECT_GT(std::stoull(Index(Get("/v1/health/service/s"))), before);
}

TEST_F(ConsulTest, TheCatalogIsWaitedForToo) {
  PutHost("internal/prom/s/a", "10.0.0.1");
  const std::string index = Index(Get("/v1/catalog/services"));
  const auto held = Ask("/v1/catalog/services", "index=" + index + "&wait=120000ms");
  PutHost("internal/prom/s/b", "10.0.0.2");
  PutHost("internal/prom/t/b", "10.0.0.2");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!Answered(held) && std::chrono::steady_clock::now() < deadline) {
    clock_.Advance(std::chrono::milliseconds(25));
  }
  EXPECT_EQ(held->body(), R"({"s":[],"t":[]})");
}

TEST_F(ConsulTest, WhoIsHeldWhileTheStoreGoesKeepsWhatHeHas) {
  PutHost("internal/prom/s/a", "10.0.0.1");
  const std::string index = Index(Get("/v1/health/service/s"));
  const auto held = Ask("/v1/health/service/s", "index=" + index + "&wait=10s");
  standing_ = Standing::kStale;
  clock_.Advance(std::chrono::seconds(11));
  EXPECT_TRUE(Answered(held));
  EXPECT_EQ(held->response().status, 500U);
}

TEST_F(ConsulTest, WhoGoesIsForgottenAndTooManyAreTurnedAway) {
  BeginWith({.most = 2});
  PutHost("internal/prom/s/a", "10.0.0.1");
  const std::string query = "index=" + Index(Get("/v1/health/service/s"));
  const auto first = Ask("/v1/health/service/s", query);
  const auto second = Ask("/v1/health/service/s", query);
  EXPECT_EQ(Status("/v1/health/service/s", query), 503U);
  first->Leave();
  EXPECT_EQ(consul_->waiting(), 1U);
  const auto third = Ask("/v1/health/service/s", query);
  EXPECT_FALSE(third->over());
  PutHost("internal/prom/s/a", "10.0.0.2");
  EXPECT_TRUE(Answered(second) && third->over());
  EXPECT_FALSE(first->over());
  second->Leave();
}

TEST_F(ConsulTest, ThousandsWhoWaitAreAnsweredTogether) {
  for (int i = 0; i < 50; ++i) PutHost("internal/prom/s" + std::to_string(i) + "/a", "10.0.0.1");
  std::vector<ExchangePtr> held;
  for (int i = 0; i < 50; ++i) {
    const std::string path = "/v1/health/service/s" + std::to_string(i);
    const std::string query = "index=" + Index(Get(path));
    for (int k = 0; k < 100; ++k) held.push_back(Ask(path, query));
  }
  EXPECT_EQ(consul_->waiting(), 5000U);
  consul_->Look();
  EXPECT_EQ(consul_->waiting(), 5000U);
  PutHost("internal/prom/s7/b", "10.0.0.2");
  consul_->Look();
  EXPECT_EQ(consul_->waiting(), 4900U);
  consul_->Stop();
  EXPECT_EQ(consul_->waiting(), 0U);
}

// The thread of its own, once, with real time.
TEST_F(ConsulTest, WhoWaitsIsAnsweredWithoutAnybodyLooking) {
  Begin({});
  PutHost("internal/prom/s/a", "10.0.0.1");
  const std::string index = Index(Get("/v1/health/service/s"));
  const auto held = Ask("/v1/health/service/s", "index=" + index);
  PutHost("internal/prom/s/a", "10.0.0.2");
  Await(held);
  EXPECT_THAT(held->body(), HasSubstr("10.0.0.2"));
}

}  // namespace
}  // namespace rollcall::serving::sd
