// The endpoints besides instances and events.
#include <gmock/gmock.h>

#include <condition_variable>
#include <thread>

#include "base/guarded.h"
#include "model/time.h"
#include "serving/api/test_fixture.h"

namespace rollcall::serving::api {
namespace {

using testing::ApiTest;
using ::testing::HasSubstr;
using testing::Reply;
using Texts = std::vector<std::string>;
namespace json = boost::json;

std::string Text(const json::value& value) {
  return std::string(value.as_string());
}

class EndpointsTest : public ApiTest {
 protected:
  explicit EndpointsTest(bool start = true) : ApiTest(start) {}

  void Fill(int count, const std::string& service = "node") {
    constexpr std::size_t kAtOnce = 100;  // of a transaction
    std::vector<std::pair<std::string, std::string>> pairs;
    for (int i = 0; i < count; ++i) {
      pairs.emplace_back("/skydns/internal/prom/" + service + "/host-" + std::to_string(1000 + i),
                         R"({"host":"10.0.)" + std::to_string(i / 250) + "." +
                             std::to_string(i % 250 + 1) + R"(","port":9100})");
      if (pairs.size() < kAtOnce && i + 1 < count) continue;
      ASSERT_TRUE(feed_.WaitForRevision(Write(std::exchange(pairs, {})), Soon()));
    }
  }
  json::object Service(const std::string& name) {
    const Reply reply = Get("/api/v1/services");
    for (const auto& one : reply.data().as_array()) {
      if (one.at("name").as_string() == name) return one.as_object();
    }
    return {};
  }
  Texts Events(const Reply& reply) {
    Texts events;
    for (const auto& one : reply.data().at("changes").as_array()) {
      events.push_back(Text(one.at("event")));
    }
    return events;
  }
};

// --- services

TEST_F(EndpointsTest, AServiceIsCountedAsDnsCountsIt) {
  Fill(3);
  Put("internal/prom/node/sub/s0", R"({"host":"10.0.9.9","port":1})");
  Put("internal/prom/node/bad", "not json");
  Put("internal/prom/node/lost", R"({"host":"10.0.9.8","port":1,"rollcall":{"owner":"agent:x"}})");
  const json::object node = Service("node.prom.internal");
  EXPECT_EQ(json::serialize(node.at("states")), R"({"static":4,"lost":1})");
  EXPECT_EQ(node.at("count").as_int64(), 6);
  EXPECT_EQ(node.at("invalid").as_int64(), 1);
  EXPECT_EQ(node.at("records").as_int64(), 5);
  EXPECT_EQ(Text(node.at("service")), "node");
  EXPECT_EQ(Text(node.at("zone")), "prom.internal");
  EXPECT_EQ(Service("sub.node.prom.internal").at("count").as_int64(), 1);
  EXPECT_TRUE(Service("prom.internal").empty()) << "nothing is right under it";
}

TEST_F(EndpointsTest, SizesAreThoseOnTheWire) {
  Fill(30);
  const json::object dns = Get("/api/v1/dns?name=node.prom.internal").data().as_object();
  const json::object node = Service("node.prom.internal");
  EXPECT_EQ(node.at("octets").at("srv_with_glue").as_int64(),
            dns.at("sizes").at("tcp").at("octets").as_int64());
  EXPECT_LT(node.at("octets").at("srv").as_int64(),
            node.at("octets").at("srv_with_glue").as_int64());
  EXPECT_EQ(json::serialize(node.at("over")), R"(["512 octets","1232 octets"])");
}

TEST_F(EndpointsTest, WhatNoMessageHoldsIsReckoned) {
  Fill(2000);
  const json::object node = Service("node.prom.internal");
  EXPECT_EQ(node.at("records").as_int64(), 2000);
  // 12 + 24 of header and question; 18 and a target of 30 octets each.
  EXPECT_EQ(node.at("octets").at("srv").as_int64(), 12 + 24 + 2000 * (18 + 30));
  EXPECT_EQ(
      json::serialize(node.at("over")),
      R"(["100 records","512 octets","1232 octets","4096 octets","52428 octets","65535 octets"])");
  EXPECT_TRUE(Get("/api/v1/dns?name=node.prom.internal")
                  .data()
                  .at("sizes")
                  .at("tcp")
                  .at("truncated")
                  .as_bool());
}

TEST_F(EndpointsTest, AServiceFollowsWhatChanges) {
  Fill(2);
  EXPECT_EQ(Service("node.prom.internal").at("records").as_int64(), 2);
  const auto revision = Put("internal/prom/node/more", R"({"host":"10.0.0.9","port":1})");
  EXPECT_EQ(Service("node.prom.internal").at("records").as_int64(), 3);
  EXPECT_EQ(Service("node.prom.internal").at("changed").as_int64(), revision);
  EXPECT_EQ(Get("/api/v1/services?q=NODE internal").data().as_array().size(), 1U);
  EXPECT_EQ(Get("/api/v1/services?q=mysql").data().as_array().size(), 0U);
}

// --- maintenance

TEST_F(EndpointsTest, MaintenanceIsSaidAndEnded) {
  Fill(1);
  const std::string path = "/api/v1/maintenance/host-1000.node.prom.internal";
  auto before = history_.last();
  const Reply put = Call("PUT", path, R"({"until":"2h","reason":"disks"})");
  ASSERT_EQ(put.status, 200U) << put.error();
  EXPECT_EQ(Text(put.data().at("subject")), "host-1000.node.prom.internal");
  EXPECT_TRUE(model::ParseTime(Text(put.data().at("until"))));
  history_.WaitForMore(before, Soon());
  const json::object got = Get(path).data().as_object();
  EXPECT_EQ(Text(got.at("reason")), "disks");
  EXPECT_EQ(Text(got.at("by")), "192.0.2.9");
  EXPECT_EQ(Get("/api/v1/maintenance").data().as_array().size(), 1U);
  before = history_.last();
  EXPECT_EQ(Call("DELETE", path).status, 200U);
  history_.WaitForMore(before, Soon());
  EXPECT_EQ(Get(path).status, 404U);
  EXPECT_EQ(Call("DELETE", path).status, 404U);
}

TEST_F(EndpointsTest, MaintenanceOfAHostAndOfANameAbove) {
  Fill(1);
  for (const char* subject : {"@host-1000", "node.prom.internal"}) {
    const auto before = history_.last();
    ASSERT_EQ(Call("PUT", std::string("/api/v1/maintenance/") + subject, "{}").status, 200U);
    history_.WaitForMore(before, Soon());
    EXPECT_EQ(Text(Get(std::string("/api/v1/maintenance/") + subject).data().at("subject")),
              subject);
    EXPECT_EQ(Text(Get("/api/v1/instances/host-1000.node.prom.internal").data().at("state")),
              "maintenance");
  }
}

TEST_F(EndpointsTest, MaintenanceRefusesWhatItCannotMean) {
  struct Case {
    const char* subject;
    const char* body;
  };
  for (const auto& [subject, body] : {Case{"@", "{}"},
                                      {"@a/b", "{}"},
                                      {"a..b", "{}"},
                                      {"node.prom.internal", R"({"until":"soon"})"},
                                      {"node.prom.internal", R"({"until":"2020-01-01T00:00:00Z"})"},
                                      {"node.prom.internal", R"({"until":7})"},
                                      {"node.prom.internal", R"({"why":"x"})"},
                                      {"node.prom.internal", R"({"until":"9999999h"})"}}) {
    const Reply reply = Call("PUT", std::string("/api/v1/maintenance/") + subject, body);
    EXPECT_EQ(reply.status, 400U) << subject << body;
    EXPECT_FALSE(reply.error().empty());
  }
}

TEST_F(EndpointsTest, AScopeBoundsMaintenanceAndRelease) {
  Fill(1);
  const auto own = [](http::Request& request) {
    request.peer = {.address = "10.0.0.1", .user = "token:t"};
    request.scope.own_address = true;
  };
  const auto named = [](http::Request& request) { request.scope.names = {"mysql.prom.internal"}; };
  const std::string path = "/api/v1/maintenance/";
  EXPECT_EQ(Call("PUT", path + "host-1000.node.prom.internal", "{}", own).status, 200U);
  EXPECT_EQ(Call("PUT", path + "node.prom.internal", "{}", own).status, 403U);
  EXPECT_EQ(Call("PUT", path + "@host-1000", "{}", own).status, 403U);
  EXPECT_EQ(Call("PUT", path + "@host-1000", "{}", named).status, 403U);
  EXPECT_EQ(Call("PUT", path + "mysql.prom.internal", "{}", named).status, 200U);
  const std::string release = R"({"name":"node.prom.internal"})";
  EXPECT_EQ(Call("POST", "/api/v1/protection/release", release, own).status, 403U);
  EXPECT_EQ(Call("POST", "/api/v1/protection/release", release, named).status, 403U);
}

// --- protection

TEST_F(EndpointsTest, WhatIsHeldIsShownAndReleased) {
  Fill(8);
  EXPECT_EQ(Get("/api/v1/protection").data().as_array().size(), 0U);
  const auto before = history_.last();
  store::TxnRequest wipe;
  wipe.then.emplace_back(store::DeleteOp{store::KeyRange::Prefix("/skydns/internal/prom/node/")});
  ASSERT_TRUE(store_->Txn(wipe, Soon()));
  history_.WaitForMore(before, Soon());
  const json::array held = Get("/api/v1/protection").data().as_array();
  ASSERT_EQ(held.size(), 8U);
  EXPECT_EQ(Text(held[0].at("name")), "node.prom.internal");
  EXPECT_EQ(Text(held[0].at("instance")), "host-1000");
  EXPECT_THAT(Text(held[0].at("why")), HasSubstr("8 vanished at once"));
  EXPECT_EQ(Service("node.prom.internal").at("held").as_int64(), 8);
  EXPECT_EQ(Get("/api/v1/instances/host-1000.node.prom.internal").status, 200U);
  EXPECT_EQ(Events(Get("/api/v1/history?limit=1")), Texts{"held"});

  // The keeper's part: the words are in the store.
  for (const auto& one : held) {
    const std::string key = Text(one.at("key"));
    Write(
        model::RecordKey(model::Area::kHeld, key),
        R"({"since":"2026-01-31T11:00:00Z","by":"s","why":"many","value":"{\"host\":\"10.0.0.1\",\"port\":1}"})");
  }
  const auto then = history_.last();
  const auto release = [&](const std::string& name) {
    return Call("POST", "/api/v1/protection/release",
                R"({"name":")" + name + R"(","why":"meant"})");
  };
  EXPECT_EQ(release("mysql.prom.internal").status, 404U);
  const Reply one = release("host-1000.node.prom.internal");
  ASSERT_EQ(one.status, 200U) << one.error();
  EXPECT_EQ(json::serialize(one.data()),
            R"({"released":["/skydns/internal/prom/node/host-1000"]})");
  history_.WaitForMore(then, Soon());
  const Reply told = Get("/api/v1/history?limit=1");
  EXPECT_EQ(Events(told), Texts{"released"});
  EXPECT_EQ(Text(told.data().at("changes").at(0).at("by")), "192.0.2.9");
  EXPECT_EQ(Text(told.data().at("changes").at(0).at("why")), "meant");
  EXPECT_EQ(Call("POST", "/api/v1/protection/release", "{}").status, 400U);
}

// --- history

TEST_F(EndpointsTest, TheHistorySaysWhoAndWhyAndWhatWas) {
  const std::string path = "/api/v1/instances/server01.node.prom.internal";
  ASSERT_EQ(Call("PUT", path, R"({"port":1})").status, 200U);
  ASSERT_EQ(Call("PUT", path, R"({"port":2})").status, 200U);
  const Reply gone = Call("DELETE", path + "?why=moved");
  ASSERT_TRUE(HistoryHas(3));
  const Reply reply = Get("/api/v1/history");
  ASSERT_EQ(Events(reply), (Texts{"deregistered", "changed", "registered"}));
  const json::array& changes = reply.data().at("changes").as_array();
  EXPECT_EQ(Text(changes[0].at("by")), "192.0.2.9");
  EXPECT_EQ(Text(changes[0].at("why")), "moved");
  EXPECT_EQ(changes[0].at("revision"), gone.data().at("revision"));
  EXPECT_EQ(Text(changes[0].at("name")), "node.prom.internal");
  EXPECT_EQ(Text(changes[0].at("instance")), "server01");
  EXPECT_EQ(changes[1].at("before").at("port").as_int64(), 1);
  EXPECT_EQ(changes[1].at("after").at("port").as_int64(), 2);
  EXPECT_FALSE(changes[0].as_object().contains("after"));
}

TEST_F(EndpointsTest, TheHistoryIsPagedAndFiltered) {
  Fill(5);
  Put("internal/prom/mysql/a", R"({"host":"10.0.0.1","port":1})");
  ASSERT_TRUE(HistoryHas(6));
  const Reply first = Get("/api/v1/history?limit=4");
  EXPECT_EQ(first.data().at("changes").as_array().size(), 4U);
  const Reply rest = Get("/api/v1/history?limit=4&before=" + Text(first.data().at("next")));
  EXPECT_EQ(rest.data().at("changes").as_array().size(), 2U);
  EXPECT_FALSE(rest.data().as_object().contains("next"));
  EXPECT_EQ(Events(Get("/api/v1/history?name=mysql.prom.internal")), Texts{"registered"});
  EXPECT_EQ(Events(Get("/api/v1/history?name=prom.internal")).size(), 6U);
  EXPECT_EQ(Events(Get("/api/v1/history?name=@host")).size(), 0U);
}

// Notes on which thread it is answered.
class Answered final : public http::Exchange {
 public:
  [[nodiscard]] const http::Request& request() const override { return request_; }
  void Reply(http::Response) override {
    *by_.Lock() = std::this_thread::get_id();
    answered_.notify_all();
  }
  void Begin(http::Response) override {}
  [[nodiscard]] bool Send(http::Octets) override { return false; }
  [[nodiscard]] bool SendShared(http::Octets) override { return false; }
  void End() override {}
  [[nodiscard]] std::size_t waiting() const override { return 0; }
  void WhenGone(std::function<void()>) override {}

  std::thread::id By() {
    auto by = by_.Lock();
    by.WaitUntil(answered_, SystemClock().Now() + std::chrono::seconds(10),
                 [&] { return *by != std::thread::id(); });
    return *by;
  }

 private:
  const http::Request request_{};
  Guarded<std::thread::id> by_;
  std::condition_variable answered_;
};

TEST_F(EndpointsTest, LongListsHoldUpNoThreadOfTheServer) {
  for (const char* path : {"/api/v1/instances", "/api/v1/history", "/api/v1/services",
                           "/api/v1/consumers", "/api/v1/maintenance", "/api/v1/protection"}) {
    const auto route = std::find_if(routes_.begin(), routes_.end(), [&](const http::Route& one) {
      return one.path == path && one.method == "GET";
    });
    ASSERT_NE(route, routes_.end()) << path;
    const auto exchange = std::make_shared<Answered>();
    route->handler(exchange);
    EXPECT_NE(exchange->By(), std::this_thread::get_id()) << path;
    EXPECT_NE(exchange->By(), std::thread::id()) << path;
  }
}

// --- consumers

TEST_F(EndpointsTest, ConsumersAreShownWithTheirLag) {
  Fill(2);
  const auto revision = Put("internal/prom/mysql/a", R"({"host":"10.0.0.1","port":1})");
  book_.Note({.client = "10.1.1.1",
              .mechanism = seen::Mechanism::kHttpSd,
              .name = "_healthy.node.prom.internal",
              .user_agent = "Prometheus/3.0",
              .transport = "http",
              .revision = revision,
              .interval = std::chrono::seconds(60)});
  book_.Note({.client = "10.1.1.2",
              .mechanism = seen::Mechanism::kDns,
              .name = "mysql.prom.internal",
              .transport = "udp",
              .revision = revision - 1});
  const json::array all = Get("/api/v1/consumers").data().as_array();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(Text(all[0].at("mechanism")), "dns");
  EXPECT_EQ(all[0].at("lag").as_int64(), 1);
  EXPECT_FALSE(all[0].as_object().contains("interval_seconds"));
  EXPECT_EQ(all[1].at("lag").as_int64(), 0);
  EXPECT_EQ(all[1].at("interval_seconds").to_number<double>(), 60);
  EXPECT_FALSE(all[1].at("silent").as_bool());
  for (const auto& [name, count] : {std::pair{"node.prom.internal", 1U},
                                    {"host-1000.node.prom.internal", 1U},
                                    {"prom.internal", 2U},
                                    {"web.prom.internal", 0U}}) {
    EXPECT_EQ(Get(std::string("/api/v1/consumers?name=") + name).data().as_array().size(), count)
        << name;
  }
  EXPECT_EQ(Service("node.prom.internal").at("consumers").as_int64(), 1);
}

// --- dns

TEST_F(EndpointsTest, TheDnsConsoleShowsTheAnswerAndItsSizes) {
  Fill(30);
  const json::object data = Get("/api/v1/dns?name=Node.prom.internal").data().as_object();
  EXPECT_EQ(Text(data.at("rcode")), "NOERROR");
  EXPECT_EQ(json::serialize(data.at("flags")), R"(["qr","aa"])");
  EXPECT_EQ(data.at("answer").as_array().size(), 30U);
  EXPECT_EQ(Text(data.at("answer").at(0)),
            "Node.prom.internal. 15 IN SRV 10 3 9100 host-1000.node.prom.internal.");
  EXPECT_EQ(Text(data.at("additional").at(0)), "host-1000.node.prom.internal. 15 IN A 10.0.0.1");
  EXPECT_EQ(Text(data.at("truncated_at")), "udp_1232");
  EXPECT_TRUE(data.at("sizes").at("udp_512").at("truncated").as_bool());
  EXPECT_LE(data.at("sizes").at("udp_512").at("octets").as_int64(), 512);
  EXPECT_FALSE(data.at("sizes").at("udp_4096").at("truncated").as_bool());
  EXPECT_EQ(data.at("sizes").at("tcp").at("records").as_int64(), 30);
}

TEST_F(EndpointsTest, TheDnsConsoleOnWhatIsNotThere) {
  Fill(1);
  struct Case {
    const char* query;
    const char* rcode;
  };
  for (const auto& [query, rcode] : {Case{"name=nowhere.prom.internal", "NXDOMAIN"},
                                     {"name=node.prom.internal&type=txt", "NOERROR"},
                                     {"name=example.com&type=A", "REFUSED"},
                                     {"name=prom.internal&type=SOA", "NOERROR"}}) {
    EXPECT_EQ(Text(Get(std::string("/api/v1/dns?") + query).data().at("rcode")), rcode) << query;
  }
}

// --- status

TEST_F(EndpointsTest, StatusPages) {
  Fill(1);
  EXPECT_EQ(Text(Get("/api/v1/status/buildinfo").data().at("version")), "1.2.3");
  EXPECT_EQ(Text(Get("/api/v1/status/flags").data().at("zone")), "prom.internal");
  EXPECT_EQ(Text(Get("/api/v1/status/config").data().at("yaml")), "zone: x\n");
  const json::object runtime = Get("/api/v1/status/runtimeinfo").data().as_object();
  EXPECT_EQ(Text(runtime.at("standing")), "synced");
  EXPECT_EQ(runtime.at("registrations").as_int64(), 1);
  EXPECT_EQ(Text(Get("/api/v1/status/store").data().at("kind")), "embedded");
}

// --- what all have in common

TEST_F(EndpointsTest, EveryParameterIsCheckedAndNoneIsIgnored) {
  for (const char* target : {"/api/v1/instances?nam=x",
                             "/api/v1/instances?name=",
                             "/api/v1/instances?name=a..b",
                             "/api/v1/instances?limit=-1",
                             "/api/v1/instances?limit=10001",
                             "/api/v1/instances?limit=",
                             "/api/v1/instances?limit=1e3",
                             "/api/v1/instances?state=well",
                             "/api/v1/instances?state=",
                             "/api/v1/instances?q=a&q=b",
                             "/api/v1/instances?label.=x",
                             "/api/v1/instances?label=x",
                             "/api/v1/instances/a.node.prom.internal?x=y",
                             "/api/v1/services?name=x",
                             "/api/v1/maintenance?x=",
                             "/api/v1/protection?x=",
                             "/api/v1/history?limit=x",
                             "/api/v1/history?before=x",
                             "/api/v1/history?name=a..b",
                             "/api/v1/events?since=x",
                             "/api/v1/events?last=1",
                             "/api/v1/consumers?name=a..b",
                             "/api/v1/consumers?client=x",
                             "/api/v1/dns",
                             "/api/v1/dns?name=",
                             "/api/v1/dns?name=a.prom.internal&type=AXFR",
                             "/api/v1/dns?name=a.prom.internal&type=",
                             "/api/v1/status/buildinfo?x",
                             "/api/v1/status/flags?x",
                             "/api/v1/status/config?x",
                             "/api/v1/status/runtimeinfo?x",
                             "/api/v1/status/store?x",
                             "/api/v1/openapi.yaml?x"}) {
    const Reply reply = Get(target);
    EXPECT_EQ(reply.status, 400U) << target;
    EXPECT_EQ(reply.type(), "bad_data") << target;
    EXPECT_GT(reply.error().size(), 10U) << target;
    EXPECT_EQ(reply.response.content_type, "application/json") << target;
  }
}

class NeverSynced : public EndpointsTest {
 protected:
  NeverSynced() : EndpointsTest(false) {}
};

TEST_F(NeverSynced, WhatIsNotKnownIsNoEmptyList) {
  for (const char* target :
       {"/api/v1/instances", "/api/v1/instances/a.node.prom.internal", "/api/v1/services",
        "/api/v1/maintenance", "/api/v1/maintenance/@h", "/api/v1/protection"}) {
    const Reply reply = Get(target);
    EXPECT_EQ(reply.status, 503U) << target;
    EXPECT_EQ(reply.type(), "unavailable") << target;
  }
  EXPECT_EQ(Text(Get("/api/v1/dns?name=node.prom.internal").data().at("rcode")), "SERVFAIL");
  EXPECT_EQ(Text(Get("/api/v1/status/store").data().at("standing")), "never");
}

}  // namespace
}  // namespace rollcall::serving::api
