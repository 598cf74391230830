#include "app/explanation.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <map>

namespace rollcall::app {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kInstance =
    R"({"key":"/skydns/internal/prom/node/a","name":"node.prom.internal",
  "instance":"a","service":"node","zone":"prom.internal","address":"192.0.2.1","port":9100,
  "state":"passing","owner":"agent:a","labels":{},"revision":7})";

// A server's API as texts: by the path before its query, or the whole of it.
class Api {
 public:
  Api() {
    Put("/api/v1/status/runtimeinfo", R"({"zones":["prom.internal."],"standing":"synced"})");
    Put("/api/v1/instances/a.node.prom.internal", kInstance);
    Put("/api/v1/instances", std::string(R"({"total":1,"instances":[)") + kInstance + "]}");
    Put("/api/v1/dns", R"({"rcode":"NOERROR","records":1,
      "answer":["node.prom.internal. 15 IN SRV 10 100 9100 A.node.prom.internal."]})");
    Consumers("dns", "node.prom.internal", 7);
    Put("/api/v1/history", R"({"changes":[]})");
  }

  void Put(const std::string& path, const std::string& text) { answers_[path] = json::parse(text); }
  void Consumers(const char* mechanism, const std::string& name, int revision, bool silent = false,
                 const char* agent = "") {
    json::object consumer{{"client", "192.0.2.9"}, {"mechanism", mechanism}, {"name", name},
                          {"last_seen", "now"},    {"revision", revision},   {"silent", silent},
                          {"user_agent", agent}};
    answers_["/api/v1/consumers"] = json::array{std::move(consumer)};
  }

  Explanation Ask(const char* text) {
    const AskApi ask = [this](const std::string& path) -> Result<json::value> {
      auto it = answers_.find(path);
      if (it == answers_.end()) it = answers_.find(path.substr(0, path.find('?')));
      if (it == answers_.end()) return Fail(ErrorCode::kNotFound, path);
      return it->second;
    };
    const auto target = ParseTarget(text);
    auto explanation = Explain(ask, *target);
    EXPECT_TRUE(explanation) << explanation.error().message;
    return explanation ? *explanation : Explanation{};
  }

 private:
  std::map<std::string, json::value> answers_;
};

TEST(Explanation, WhatIsRegisteredAndToldIsFine) {
  for (const char* text :
       {"a.node", "a.node.prom.internal:9100", "192.0.2.1:9100", "192.0.2.1", "a"}) {
    const Explanation explanation = Api().Ask(text);
    EXPECT_TRUE(explanation.fine) << text << ": " << explanation.verdict;
    EXPECT_THAT(explanation.verdict,
                StartsWith("OK: a.node.prom.internal (192.0.2.1:9100) is registered"));
    EXPECT_EQ(explanation.found.size(), 1u) << text;
  }
}

TEST(Explanation, WhoAsksCountsIfHeIsToldOfIt) {
  struct Case {
    const char* mechanism;
    std::string name;
    int revision;
    bool silent;
    const char* agent;
    bool fine;
  };
  const unsigned shard = [] {
    for (unsigned i = 0; i < 2; ++i) {
      Api api;
      api.Consumers("dns", "_shard" + std::to_string(i) + "of2.node.prom.internal", 7);
      if (api.Ask("a.node").fine) return i;
    }
    return 9u;
  }();
  ASSERT_LT(shard, 2u) << "in one of two";
  for (const Case& test : {
           Case{"http_sd", "NODE.prom.internal", 9, false, "Prometheus/2.42.0", true},
           Case{"dns", "prom.internal", 7, false, "", true},
           Case{"dns", "_healthy.node.prom.internal", 7, false, "", true},
           Case{"dns", "_shard" + std::to_string(1 - shard) + "of2.node.prom.internal", 7, false,
                "", false},
           Case{"dns", "node.prom.internal", 6, false, "", false},
           Case{"dns", "node.prom.internal", 7, true, "", false},
           Case{"dns", "ode.prom.internal", 7, false, "", false},
           Case{"dns", "b.node.prom.internal", 7, false, "", false},
           Case{"api", "node.prom.internal", 7, false, "", false},
           Case{"consul_sd", "prom.internal", 7, false, "", false},  // the list of services
           Case{"http_sd", "node.prom.internal", 7, false, "Prometheus/2 (rollcall doctor)", false},
       }) {
    Api api;
    api.Consumers(test.mechanism, test.name, test.revision, test.silent, test.agent);
    EXPECT_EQ(api.Ask("a.node").fine, test.fine) << test.mechanism << " " << test.name;
  }
}

TEST(Explanation, AProblemIsTheVerdict) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"state", "\"lost\"", "state: lost"},
      {"problem", "\"no JSON\"", "value: cannot be read: no JSON"},
      {"held", R"({"since":"t","by":"x","why":"y"})", "held: since t by x: y"},
      {"port", "0", "port: none"},
      {"zone", "\"\"", "zone: none of this server's"},
  };
  for (const auto& [member, value, verdict] : cases) {
    json::object instance = json::parse(kInstance).as_object();
    instance[member] = json::parse(value);
    Api api;
    api.Put("/api/v1/instances/a.node.prom.internal",
            std::string(std::string_view(json::serialize(instance))));
    const Explanation explanation = api.Ask("a.node");
    EXPECT_FALSE(explanation.fine);
    EXPECT_THAT(explanation.verdict, StartsWith("PROBLEM: "));
    EXPECT_THAT(explanation.verdict, HasSubstr(verdict));
  }
  Api api;
  api.Put("/api/v1/dns", R"({"rcode":"NOERROR","records":2000,"answer":[],"truncated_at":"tcp"})");
  EXPECT_THAT(api.Ask("a.node").verdict, HasSubstr("more than one message holds"));
  api = Api();
  api.Put("/api/v1/status/runtimeinfo", R"({"zones":["prom.internal"],"standing":"stale"})");
  EXPECT_THAT(api.Ask("a.node").verdict, HasSubstr("this server is not sure"));
}

TEST(Explanation, WhoRegisteredItIsTold) {
  json::object instance = json::parse(kInstance).as_object();
  instance.erase("owner");
  const std::string revision = std::to_string(NumberIn(instance, "revision"));
  const auto registered = [&](const std::string& history) {
    Api api;
    api.Put("/api/v1/instances/a.node.prom.internal",
            std::string(std::string_view(json::serialize(instance))));
    api.Put("/api/v1/history", R"({"changes":[)" + history + "]}");
    const Explanation explanation = api.Ask("a.node");
    for (const Link& link : explanation.found.at(0).links) {
      if (link.what == "registered") return link.text;
    }
    return std::string();
  };
  EXPECT_THAT(registered(R"({"event":"maintenance","revision":)" + revision +
                         R"(,"by":"bob"},{"event":"changed","revision":)" + revision +
                         R"(,"by":"alice@h","why":"moved"})"),
              ::testing::EndsWith("by hand by alice@h: moved (it names no owner)"));
  EXPECT_THAT(registered(R"({"event":"registered","revision":1,"by":"alice@h"})"),
              ::testing::EndsWith("by hand: it names no owner"))
      << "another has written it since";
}

TEST(Explanation, AChangeWhoseAuthorHasNotSaidSoSaysThat) {
  EXPECT_EQ(ChangeText({{"time", "t"}, {"event", "registered"}}),
            "t registered by etcdctl or another client, which does not say who");
  EXPECT_EQ(ChangeText({{"time", "t"}, {"event", "changed"}, {"by", "ann"}, {"why", "moved"}}),
            "t changed by ann: moved");
  EXPECT_EQ(ChangeText({{"time", "t"}, {"event", "lost"}}), "t lost");
}

TEST(Explanation, WhatIsGoneIsToldByWhomAndWhy) {
  Api api;
  api.Put("/api/v1/instances", R"({"instances":[]})");
  api.Put("/api/v1/history", R"({"changes":[
    {"time":"t2","event":"registered","name":"node.prom.internal","instance":"c"},
    {"time":"t1","event":"deregistered","name":"node.prom.internal","instance":"b","by":"alice",
     "why":"moved","before":{"address":"192.0.2.2","port":9100}}]})");
  for (const char* text : {"b.node", "192.0.2.2:9100", "b"}) {
    const Explanation explanation = api.Ask(text);
    EXPECT_FALSE(explanation.fine);
    EXPECT_THAT(explanation.verdict, HasSubstr("t1 deregistered by alice: moved")) << text;
  }
  EXPECT_THAT(api.Ask("192.0.2.2:9101").verdict, ::testing::Not(HasSubstr("alice")));
}

TEST(Explanation, WhatThereIsInsteadIsNamed) {
  Api api;
  const std::pair<const char*, const char*> cases[] = {
      {"192.0.2.1:9101", "other port"}, {"aa.node", "similar"}, {"node", "below it"}};
  for (const auto& [text, what] : cases) {
    const Explanation explanation = api.Ask(text);
    EXPECT_THAT(explanation.found, IsEmpty()) << text;
    const bool named = std::ranges::any_of(
        explanation.elsewhere, [wanted = what](const Link& link) { return link.what == wanted; });
    EXPECT_TRUE(named) << text;
  }
}

TEST(Explanation, AServerThatCannotAnswerIsAnError) {
  const AskApi ask = [](const std::string&) -> Result<json::value> {
    return Fail(ErrorCode::kRefused, "401");
  };
  const auto explanation = Explain(ask, *ParseTarget("a"));
  ASSERT_FALSE(explanation);
  EXPECT_EQ(explanation.error().code, ErrorCode::kRefused);
  // That is no proof that something is not registered.
  for (const char* answer : {"null", "[]", "{}", R"({"instances":5})"}) {
    const AskApi other = [&](const std::string&) {
      return Result<json::value>(json::parse(answer));
    };
    EXPECT_FALSE(Explain(other, *ParseTarget("192.0.2.1:9100"))) << answer;
  }
}

}  // namespace
}  // namespace rollcall::app
