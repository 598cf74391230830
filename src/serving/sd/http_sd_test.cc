// Each rule of http_sd (H1-H12) as Prometheus would see it.
#include "serving/sd/http_sd.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "model/shard.h"
#include "serving/sd/testing/fixture.h"

namespace rollcall::serving::sd {
namespace {

using catalog::Standing;
using model::Area;
using model::Health;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Labels = std::map<std::string, std::string>;

class HttpSdTest : public testing::SdTest {
 protected:
  // {target: labels}; each group has exactly the two members and one target.
  std::map<std::string, Labels> Targets(const std::string& name, std::string_view query = {}) {
    std::map<std::string, Labels> found;
    const boost::json::value groups = Json("/sd/" + name, query);
    for (const auto& group : groups.as_array()) {
      const auto& members = group.as_object();
      EXPECT_EQ(members.size(), 2U);
      EXPECT_EQ(members.at("targets").as_array().size(), 1U);
      Labels& labels = found[std::string(members.at("targets").at(0).as_string())];
      for (const auto& [key, value] : members.at("labels").as_object()) {
        labels[std::string(key)] = value.as_string();
      }
    }
    return found;
  }
  std::vector<std::string> Names(const std::string& name, std::string_view query = {}) {
    std::vector<std::string> names;
    for (const auto& [target, labels] : Targets(name, query)) names.push_back(target);
    return names;
  }
  std::string Refused(const std::string& name, std::string_view query = {}) {
    const auto exchange = Get("/sd/" + name, query);
    return std::to_string(exchange->response().status) + " " + exchange->body();
  }
};

TEST_F(HttpSdTest, ATargetCarriesAllThatIsKnownOfIt) {
  PutHost("internal/prom/a/node/server01", "192.0.2.1", 9100,
          R"("owner":"agent:server01","labels":{"rack":"r12","dc":""},"tags":["x","y z"])");
  Alive("internal/prom/a/node/server01", Health::kWarning);
  EXPECT_EQ(Targets("node.a.prom.internal")["192.0.2.1:9100"],
            (Labels{{"__meta_rollcall_service", "node.a"},
                    {"__meta_rollcall_instance", "server01"},
                    {"__meta_rollcall_zone", "prom.internal"},
                    {"__meta_rollcall_state", "warning"},
                    {"__meta_rollcall_health", "warning"},
                    {"__meta_rollcall_address", "192.0.2.1"},
                    {"__meta_rollcall_port", "9100"},
                    {"__meta_rollcall_host", "server01"},
                    {"__meta_rollcall_owner", "agent:server01"},
                    {"__meta_rollcall_label_rack", "r12"},
                    {"__meta_rollcall_tags", ",x,y z,"}}));
}

TEST_F(HttpSdTest, AddressesAreLiteralsAndPortZeroIsLeftOut) {
  PutHost("internal/prom/s/a", "10.0.0.1");
  PutHost("internal/prom/s/b", "2001:db8::1", 80);
  PutHost("internal/prom/s/c", "10.0.0.3", 0);
  PutHost("internal/prom/s/d", "2001:db8::2", 0);
  PutHost("internal/prom/s/e", "a.s.prom.internal", 7);
  PutHost("internal/prom/s/f", "www.example.org", 8);
  EXPECT_THAT(Names("s.prom.internal"),
              ElementsAre("10.0.0.1:7", "10.0.0.1:9100", "10.0.0.3", "[2001:db8::1]:80",
                          "[2001:db8::2]", "www.example.org:8"));
}

TEST_F(HttpSdTest, WhatIsReadyMadeNeedsNoRelabelling) {
  PutHost("internal/prom/probe/a", "10.0.0.1", 9115,
          R"("scheme":"https","metrics_path":"/probe","interval":"5s",)"
          R"("params":{"module":"icmp","target":"x","collect[]":"no label name"})");
  PutHost("internal/prom/probe/b", "10.0.0.2", 9115, R"("scheme":"ftp","interval":"soon")");
  PutHost("internal/prom/probe/c", "10.0.0.3", 9115, R"("interval":"1m")");
  auto targets = Targets("probe.prom.internal");
  Labels& ready = targets["10.0.0.1:9115"];
  EXPECT_EQ(ready["__scheme__"], "https");
  EXPECT_EQ(ready["__metrics_path__"], "/probe");
  EXPECT_EQ(ready["__scrape_interval__"], "5s");
  EXPECT_EQ(ready["__scrape_timeout__"], "5s") << "a longer one would cost the target";
  EXPECT_EQ(ready["__param_module"], "icmp");
  EXPECT_EQ(ready["__param_target"], "x");
  for (const auto& [name, value] : ready) EXPECT_EQ(name.find('['), name.npos);
  for (const auto& [name, value] : targets["10.0.0.2:9115"]) {
    EXPECT_THAT(name, HasSubstr("__meta_")) << "what Prometheus cannot use would cost the target";
  }
  EXPECT_EQ(targets["10.0.0.3:9115"]["__scrape_interval__"], "1m");
  EXPECT_FALSE(targets["10.0.0.3:9115"].contains("__scrape_timeout__"));
}

TEST_F(HttpSdTest, LabelNamesAreThoseOfPrometheusAndTheirClashesDecided) {
  PutHost("internal/prom/s/a", "10.0.0.1", 1,
          R"("labels":{"a-b":"1","a.b":"2","a_b":"exact","x-y":"first","x.y":"second","ü":"u"})");
  Labels labels = Targets("s.prom.internal")["10.0.0.1:1"];
  EXPECT_EQ(labels["__meta_rollcall_label_a_b"], "exact");
  EXPECT_EQ(labels["__meta_rollcall_label_x_y"], "first");
  EXPECT_EQ(labels["__meta_rollcall_label__"], "u") << "a character is one _, not two";
}

TEST_F(HttpSdTest, TextsAreEscapedAndABadTargetCostsOnlyItself) {
  PutHost("internal/prom/s/a", "10.0.0.1", 1, R"("labels":{"q":"\"\\\n<b>\u0001ü"})");
  PutHost("internal/prom/s/b", "bad host/path", 2);
  PutHost("internal/prom/s/c", "10.0.0.3", 3);
  EXPECT_EQ(Targets("s.prom.internal")["10.0.0.1:1"]["__meta_rollcall_label_q"], "\"\\\n<b>\x01ü");
  EXPECT_THAT(Names("s.prom.internal"), ElementsAre("10.0.0.1:1", "10.0.0.3:3"));
  EXPECT_EQ(discovery_->counters().left_out, 1U);
}

TEST_F(HttpSdTest, StatesAreSaidAndOnlyTheHealthyViewLeavesOut) {
  PutHost("internal/prom/s/a", "10.0.0.1");
  for (const std::string name : {"b", "c", "d", "e", "f"}) {
    PutHost("internal/prom/s/" + name, "10.0.1." + std::to_string(name[0]), 9100,
            R"("owner":"agent:h")");
  }
  Alive("internal/prom/s/b", Health::kPassing);
  Alive("internal/prom/s/c", Health::kWarning);
  Alive("internal/prom/s/d", Health::kCritical);
  Alive("internal/prom/s/f", Health::kPassing);
  Mark(Area::kMaintenance, "/skydns/internal/prom/s/f", model::Record{});
  std::string said;
  for (const auto& [target, labels] : Targets("s.prom.internal")) {
    said += labels.at("__meta_rollcall_state") + "=" + labels.at("__meta_rollcall_health") + " ";
  }
  EXPECT_EQ(said,
            "static=passing critical=critical lost=critical maintenance=maintenance "
            "passing=passing warning=warning ")
      << "in the order of their addresses as text";
  EXPECT_EQ(Names("s.prom.internal", "state=all").size(), 6U);
  EXPECT_EQ(Names("s.prom.internal", "state=healthy").size(), 3U);
  EXPECT_EQ(Names("_healthy.s.prom.internal."), Names("s.prom.internal", "state=healthy"));
}

TEST_F(HttpSdTest, ShardsAreThoseOfTheModelHoweverTheyAreNamed) {
  for (int i = 0; i < 30; ++i) {
    PutHost("internal/prom/s/i" + std::to_string(i), "10.0.0." + std::to_string(i));
  }
  std::set<std::string> all;
  for (unsigned shard = 0; shard < 3; ++shard) {
    const std::string query = "shard=" + std::to_string(shard) + "/3";
    for (const auto& [target, labels] : Targets("s.prom.internal", query)) {
      EXPECT_TRUE(all.insert(target).second);
      const std::string name = labels.at("__meta_rollcall_instance") + ".s.prom.internal";
      EXPECT_EQ(model::ShardOf(wire::Name::FromText(name).value(), 3), shard);
    }
    EXPECT_EQ(Names("_shard" + std::to_string(shard) + "of3.s.prom.internal"),
              Names("s.prom.internal", query));
  }
  EXPECT_EQ(all.size(), 30U);
}

TEST_F(HttpSdTest, InstanceIsAsDnsSdMakesIt) {
  PutHost("internal/prom/node/server01", "10.0.0.1");
  PutHost("internal/prom/node/strip", "10.0.0.2");
  Put("internal/prom/node/x/y", R"({"host":"10.0.0.3","port":1,"targetstrip":1})");
  auto targets = Targets("node.prom.internal", "instance=dns");
  EXPECT_EQ(targets["10.0.0.1:9100"]["instance"], "server01.node.prom.internal:9100");
  EXPECT_EQ(targets["10.0.0.3:1"]["instance"], "x.node.prom.internal:1");
  EXPECT_FALSE(Targets("node.prom.internal")["10.0.0.1:9100"].contains("instance"));
}

TEST_F(HttpSdTest, LabelsChooseAndOneThatNobodyHasIsRefused) {
  PutHost("internal/prom/s/a", "10.0.0.1", 1, R"("labels":{"rack":"r1","dc":"x"})");
  PutHost("internal/prom/s/b", "10.0.0.2", 1, R"("labels":{"rack":"r2","dc":"x"})");
  PutHost("internal/prom/s/c", "10.0.0.3", 1);
  EXPECT_THAT(Names("s.prom.internal", "label.rack=r1"), ElementsAre("10.0.0.1:1"));
  EXPECT_THAT(Names("s.prom.internal", "label.rack=r2&label.dc=x"), ElementsAre("10.0.0.2:1"));
  EXPECT_THAT(Names("s.prom.internal", "label.rack=r3"), IsEmpty());
  EXPECT_EQ(Refused("s.prom.internal", "label.rak=r1"),
            "400 no target of this name has the label \"rak\"\n");
  EXPECT_THAT(Names("none.prom.internal", "label.rak=r1"), IsEmpty())
      << "without targets there is no label to be wrong about";
}

TEST_F(HttpSdTest, WhatIsNotUnderstoodIsRefusedWithASentence) {
  PutHost("internal/prom/s/a", "10.0.0.1");
  const struct {
    const char* name;
    const char* query;
    unsigned status;
    const char* says;
  } cases[] = {
      {"s.prom.internal", "stat=all", 400, "unknown parameter \"stat\""},
      {"s.prom.internal", "state=", 400, "state is all or healthy"},
      {"s.prom.internal", "state=lost", 400, "state is all or healthy"},
      {"s.prom.internal", "state=all&state=all", 400, "twice"},
      {"s.prom.internal", "label.a=1&label.a=2", 400, "twice"},
      {"s.prom.internal", "label.=1", 400, "unknown parameter"},
      {"s.prom.internal", "shard=1", 400, "shard is I/N"},
      {"s.prom.internal", "shard=4/4", 400, "shard is I/N"},
      {"s.prom.internal", "shard=0/1025", 400, "shard is I/N"},
      {"s.prom.internal", "shard=01/4", 400, "shard is I/N"},
      {"s.prom.internal", "shard=0/4/4", 400, "shard is I/N"},
      {"s.prom.internal", "instance=name", 400, "instance is dns"},
      {"_healthy.s.prom.internal", "state=all", 400, "contradicts"},
      {"_shard0of2.s.prom.internal", "shard=1/2", 400, "contradicts"},
      {"_shard0of2._shard0of3.s.prom.internal", "", 400, "two shards"},
      {"s.prom.example", "", 404, "none of the zones"},
      {"internal", "", 404, "none of the zones"},
      {"", "", 400, "no name"},
      {"a..prom.internal", "", 400, "no name"},
      {"a/b.prom.internal", "", 200, ""},
  };
  for (const auto& one : cases) {
    const auto exchange = Get(std::string("/sd/") + one.name, one.query);
    EXPECT_EQ(exchange->response().status, one.status) << one.name << "?" << one.query;
    EXPECT_THAT(exchange->body(), HasSubstr(one.says)) << one.name << "?" << one.query;
  }
}

// The table of D1, in HTTP: [] only where DNS would say NXDOMAIN or NODATA.
TEST_F(HttpSdTest, AnEmptyArrayIsSaidOnlyByWhoIsSure) {
  PutHost("internal/prom/s/a", "10.0.0.1", 9100, R"("owner":"agent:h")");
  Put("internal/prom/bad/a", "{");
  const auto said = [&](const std::string& name) {
    const auto exchange = Get("/sd/" + name);
    return exchange->response().status == 200 ? exchange->body().substr(0, 2)
                                              : std::to_string(exchange->response().status);
  };
  const struct {
    Standing standing;
    const char* there;
    const char* none_chosen;
    const char* absent;
    const char* unreadable;
  } cases[] = {
      {Standing::kSynced, "[{", "[]", "[]", "503"},
      {Standing::kStale, "[{", "[]", "503", "503"},
      {Standing::kNever, "503", "503", "503", "503"},
      {Standing::kSynced, "[{", "[]", "[]", "503"},  // not what was kept of before
  };
  for (const auto& one : cases) {
    standing_ = one.standing;
    EXPECT_EQ(said("s.prom.internal"), one.there);
    EXPECT_EQ(said("_healthy.s.prom.internal"), one.none_chosen);
    EXPECT_EQ(said("nowhere.prom.internal"), one.absent);
    EXPECT_EQ(said("bad.prom.internal"), one.unreadable);
  }
}

TEST_F(HttpSdTest, AnAnswerIsMadeOnceUntilSomethingOfItChanges) {
  PutHost("internal/prom/s/a", "10.0.0.1", 9100, R"("owner":"agent:h")");
  PutHost("internal/prom/t/a", "10.0.0.2");
  const auto body = [&](const std::string& name) {
    return std::get<http::Pieces>(Get("/sd/" + name)->response().body).at(0);
  };
  const auto first = body("s.prom.internal");
  EXPECT_EQ(body("S.prom.internal."), first) << "the same name, the same octets";
  PutHost("internal/prom/t/b", "10.0.0.3");
  EXPECT_EQ(body("s.prom.internal"), first) << "nothing of it has changed";
  Alive("internal/prom/s/a", Health::kPassing);
  const auto second = body("s.prom.internal");
  EXPECT_NE(*second, *first);
  Mark(Area::kMaintenance, "@h", model::Record{.until = clock_.WallNow() + std::chrono::hours(1)});
  EXPECT_THAT(*body("s.prom.internal"), HasSubstr("maintenance"));
  clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(*body("s.prom.internal"), *second) << "it has ended by the clock";
  Erase("internal/prom/s/a");
  EXPECT_EQ(*body("s.prom.internal"), "[]");
}

TEST_F(HttpSdTest, AHostThatLiesElsewhereIsFollowed) {
  PutHost("internal/prom/h/x", "10.0.0.1");
  PutHost("internal/prom/s/a", "x.h.prom.internal");
  EXPECT_THAT(Names("s.prom.internal"), ElementsAre("10.0.0.1:9100"));
  PutHost("internal/prom/h/x", "10.0.0.2");
  EXPECT_THAT(Names("s.prom.internal"), ElementsAre("10.0.0.2:9100"));
}

TEST_F(HttpSdTest, WhatIsLargeIsMadeOnTheWorkerAndOnceForAllWhoAsk) {
  Options options;
  options.answers.most_here = 10;
  Begin(std::move(options));
  for (int i = 0; i < 3000; ++i) {
    PutHost("internal/prom/s/i" + std::to_string(i), "10.0.0.1");
  }
  std::vector<ExchangePtr> asked;
  for (int i = 0; i < 50; ++i) asked.push_back(Ask("/sd/s.prom.internal"));
  for (const ExchangePtr& exchange : asked) {
    Await(exchange);
    EXPECT_EQ(boost::json::parse(exchange->body()).as_array().size(), 3000U);
  }
  EXPECT_EQ(discovery_->counters().made, 1U);
  const std::string whole = asked.front()->body();
  EXPECT_EQ(Get("/sd/s.prom.internal")->body(), whole) << "sent again as it was sent in pieces";
  EXPECT_EQ(Get("/sd/s.prom.internal", "label.nobody=x")->response().status, 400U)
      << "refused before anything was sent";
  PutHost("internal/prom/s/new", "10.0.0.2");
  EXPECT_THAT(Get("/sd/s.prom.internal")->body(), HasSubstr("10.0.0.2:9100"))
      << "who has written sees it";
}

TEST_F(HttpSdTest, WhoHasSeenWhatIsTold) {
  std::vector<std::string> seen;
  Options options;
  options.answers.seen = [&](const http::Request& request, const std::string& name,
                             store::Revision revision) {
    seen.push_back(request.path + " " + name + " " + std::to_string(revision));
  };
  Begin(std::move(options));
  PutHost("internal/prom/s/a", "10.0.0.1");
  (void)Get("/sd/_shard0of1.S.prom.internal.", "state=healthy");
  (void)Get("/sd/s.prom.internal", "nonsense");
  (void)Get("/v1/health/service/s");
  EXPECT_THAT(seen, ElementsAre("/sd/_shard0of1.S.prom.internal. "
                                "_shard0of1._healthy.s.prom.internal 1",
                                "/v1/health/service/s s.prom.internal 1"));
}

}  // namespace
}  // namespace rollcall::serving::sd
