#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "serving/api/test_fixture.h"

namespace rollcall::serving::api {
namespace {

using testing::ApiTest;
using ::testing::HasSubstr;
using testing::Reply;
using Texts = std::vector<std::string>;
namespace json = boost::json;

const std::string kServer01 = "/api/v1/instances/server01.node.prom.internal";
const std::string kKey = "/skydns/internal/prom/node/server01";
const std::string kBody = R"({"address":"192.0.2.1","port":9100})";

class InstancesTest : public ApiTest {
 protected:
  std::string InStore(const std::string& key) {
    const auto page = store_->Range({.keys = store::KeyRange::Single(key)}, Soon());
    return page && !page->kvs.empty() ? page->kvs[0].value : "";
  }
  static Texts Shown(const Reply& reply) {
    Texts instances;
    for (const auto& one : reply.data().at("instances").as_array()) {
      instances.emplace_back(one.at("instance").as_string());
    }
    return instances;
  }
  // Lists page by page.
  Texts Paged(const std::string& target) {
    Texts all;
    std::string after;
    for (int i = 0; i < 20; ++i) {
      const Reply reply = Get(target + after);
      for (const std::string& one : Shown(reply)) all.push_back(one);
      if (!reply.data().as_object().contains("next")) break;
      after = "&after=" + std::string(reply.data().at("next").as_string());
      all.emplace_back("|");
    }
    return all;
  }
};

// --- writing

TEST_F(InstancesTest, APutRegistersAndIsSeen) {
  const Reply put = Call("PUT", kServer01, kBody);
  ASSERT_EQ(put.status, 200U) << put.error();
  EXPECT_EQ(put.data().at("key").as_string(), kKey);
  EXPECT_TRUE(put.data().at("changed").as_bool());
  EXPECT_TRUE(put.data().at("visible").as_bool());
  EXPECT_EQ(InStore(kKey), R"({"host":"192.0.2.1","port":9100})");

  const Reply got = Get(kServer01);
  ASSERT_EQ(got.status, 200U);
  EXPECT_EQ(got.data().at("address").as_string(), "192.0.2.1");
  EXPECT_EQ(got.data().at("state").as_string(), "static");
  EXPECT_EQ(got.data().at("service").as_string(), "node");
  EXPECT_EQ(got.data().at("zone").as_string(), "prom.internal");
  EXPECT_EQ(got.data().at("host").as_string(), "server01");
  EXPECT_EQ(got.data().at("revision"), put.data().at("revision"));

  const Reply again = Call("PUT", kServer01, kBody);
  EXPECT_FALSE(again.data().at("changed").as_bool());
  EXPECT_TRUE(again.data().at("visible").as_bool());
}

TEST_F(InstancesTest, WritesAreCountedByWhatBecameOfThem) {
  (void)Call("PUT", kServer01, kBody);
  (void)Call("PUT", kServer01, "{");
  (void)Call("PUT", kServer01 + "?revision=0", R"({"port":1})");
  (void)Call("DELETE", kServer01, "");
  const Counters counters = api_.counters();
  const auto of = [](const auto& counts, WriteResult result) {
    return counts[static_cast<std::size_t>(result)];
  };
  EXPECT_EQ(of(counters.registrations, WriteResult::kDone), 1U);
  EXPECT_EQ(of(counters.registrations, WriteResult::kInvalid), 1U);
  EXPECT_EQ(of(counters.registrations, WriteResult::kConflict), 1U);
  EXPECT_EQ(of(counters.registrations, WriteResult::kFailed), 0U);
  EXPECT_EQ(of(counters.deregistrations, WriteResult::kDone), 1U);
}

TEST_F(InstancesTest, EveryMemberOfAPutIsKept) {
  const Reply put =
      Call("PUT", kServer01, R"({"address":"fd00::1","port":9100,"labels":{"rack":"r1"},
      "tags":["a","b"],"ttl":7,"text":"t","weight":5,"priority":6,"scheme":"https",
      "metrics_path":"/m","params":{"module":"icmp"},"interval":"30s","why":"new"})");
  ASSERT_EQ(put.status, 200U) << put.error();
  const json::object got = Get(kServer01).data().as_object();
  EXPECT_EQ(json::serialize(got.at("labels")), R"({"rack":"r1"})");
  EXPECT_EQ(json::serialize(got.at("tags")), R"(["a","b"])");
  EXPECT_EQ(json::serialize(got.at("params")), R"({"module":"icmp"})");
  EXPECT_EQ(got.at("ttl").as_int64(), 7);
  EXPECT_EQ(got.at("weight").as_int64(), 5);
  EXPECT_EQ(got.at("priority").as_int64(), 6);
  for (const auto& [member, value] : {std::pair{"address", "fd00::1"},
                                      {"text", "t"},
                                      {"scheme", "https"},
                                      {"metrics_path", "/m"},
                                      {"interval", "30s"}}) {
    EXPECT_EQ(got.at(member).as_string(), value) << member;
  }
}

TEST_F(InstancesTest, TheAddressIsTheCallersOwnUnlessNamed) {
  ASSERT_EQ(Call("PUT", kServer01, R"({"port":9100})").status, 200U);
  EXPECT_EQ(Get(kServer01).data().at("address").as_string(), "192.0.2.9");
}

struct BadBody {
  const char* body;
  const char* why;
};

TEST_F(InstancesTest, WhatCannotBeRegisteredIsRefusedInASentence) {
  const std::vector<BadBody> all = {
      {"", "not JSON"},
      {"[]", "not a JSON object"},
      {"{", "not JSON"},
      {R"({"port":9100} x)", "not JSON"},
      {R"({"a":{"a":{"a":{"a":{"a":1}}}}})", "not JSON"},
      {R"({"port":9100,"owner":"agent:x"})", "no member \"owner\""},
      {R"({})", "no port"},
      {R"({"port":"9100"})", "port is not an integer"},
      {R"({"port":70000})", "port is not an integer"},
      {R"({"port":9.5})", "port is not an integer"},
      {R"({"port":-1})", "port is not an integer"},
      {R"({"port":null})", "port is not an integer"},
      {R"({"port":1,"address":"127.0.0.1"})", "loopback"},
      {R"({"port":1,"address":"web1"})", "not an IP address"},
      {R"({"port":1,"labels":{"a-b":"c"}})", "a-b"},
      {R"({"port":1,"labels":{"a":1}})", "labels.\"a\" is not a string"},
      {R"({"port":1,"labels":[]})", "labels is not an object"},
      {R"({"port":1,"tags":"a"})", "tags is not an array"},
      {R"({"port":1,"tags":["a,b"]})", "comma"},
      {R"({"port":1,"scheme":"ftp"})", "ftp"},
      {R"({"port":1,"interval":"soon"})", "soon"},
      {R"({"port":1,"ttl":4294967296})", "ttl"},
      {R"({"port":1,"why":"a\nb"})", "control"},
  };
  for (const auto& [body, why] : all) {
    const Reply reply = Call("PUT", kServer01, body);
    EXPECT_EQ(reply.status, 400U) << body;
    EXPECT_EQ(reply.type(), "bad_data") << body;
    EXPECT_THAT(reply.error(), HasSubstr(why)) << body;
  }
  EXPECT_EQ(InStore(kKey), "");
}

TEST_F(InstancesTest, OnlyAnInstanceInAZoneCanBeWritten) {
  for (const char* name : {"prom.internal", "server01.prom.internal", "a.b.example.com", ".",
                           "a..b", "_healthy.node.prom.internal", "s%.node.prom.internal",
                           "a.node._shard0of2.prom.internal"}) {
    EXPECT_EQ(Call("PUT", std::string("/api/v1/instances/") + name, kBody).status, 400U) << name;
  }
}

TEST_F(InstancesTest, AWriteMayNameTheRevisionItIsOf) {
  const auto header = [](std::string value) {
    return [value](http::Request& request) { request.headers = {{"if-match", value}}; };
  };
  EXPECT_EQ(Call("PUT", kServer01, kBody, header("*")).status, 412U);
  EXPECT_EQ(Call("PUT", kServer01 + "?revision=7", kBody).status, 412U);
  const Reply first = Call("PUT", kServer01 + "?revision=0", kBody);
  ASSERT_EQ(first.status, 200U) << first.error();
  EXPECT_EQ(Call("PUT", kServer01 + "?revision=0", R"({"port":1})").type(), "precondition_failed");
  const Reply got = Get(kServer01);
  ASSERT_EQ(got.response.headers.size(), 1U);
  EXPECT_EQ(got.response.headers[0].name, "ETag");
  const std::string etag = got.response.headers[0].value;
  EXPECT_EQ(Call("PUT", kServer01, R"({"port":2})", header(etag)).status, 200U);
  EXPECT_EQ(Call("PUT", kServer01, R"({"port":3})", header(etag)).status, 412U);
  EXPECT_EQ(Call("DELETE", kServer01, "", header(etag)).status, 412U);
  EXPECT_EQ(Call("DELETE", kServer01, "", header("*")).status, 200U);
  for (const char* bad : {"W/\"1\"", "\"x\"", "\"1\", \"2\"", ""}) {
    EXPECT_EQ(Call("PUT", kServer01, kBody, header(bad)).status, 400U) << bad;
  }
}

TEST_F(InstancesTest, ALivingOwnerIsNotReplaced) {
  Put("internal/prom/node/server01",
      R"({"host":"192.0.2.7","port":9100,"rollcall":{"owner":"agent:server01"}})");
  Write(model::RecordKey(model::Area::kAlive, kKey),
        R"({"since":"2026-01-31T11:00:00Z","health":"passing"})");
  const Reply put = Call("PUT", kServer01, kBody);
  EXPECT_EQ(put.status, 409U);
  EXPECT_EQ(put.type(), "conflict");
  EXPECT_THAT(put.error(), HasSubstr("agent:server01"));
}

TEST_F(InstancesTest, AWriteIsInTheHistoryWithWhoAndWhy) {
  const auto as_ann = [](http::Request& request) { request.peer.user = "ann"; };
  const auto latest = [this] { return Get("/api/v1/history?limit=1").data().at("changes").at(0); };
  ASSERT_EQ(
      Call("PUT", kServer01, R"({"address":"192.0.2.1","port":9100,"why":"new"})", as_ann).status,
      200U);
  EXPECT_EQ(latest().at("event"), "registered");
  EXPECT_EQ(latest().at("by"), "ann");
  EXPECT_EQ(latest().at("why"), "new");
  ASSERT_EQ(Call("PUT", kServer01, R"({"address":"192.0.2.1","port":9200})").status, 200U);
  EXPECT_EQ(latest().at("event"), "changed");
  EXPECT_EQ(latest().at("by"), "192.0.2.9") << "who has not logged in is his address";
  EXPECT_EQ(latest().at("why"), "by the API");
  const auto before = history_.size();
  ASSERT_EQ(Call("PUT", kServer01, R"({"address":"192.0.2.1","port":9200})", as_ann).status, 200U);
  EXPECT_EQ(history_.size(), before) << "it stood there so already";
  Put("internal/prom/node/server01", R"({"host":"192.0.2.1","port":9300})");
  EXPECT_EQ(latest().at("event"), "changed");
  EXPECT_FALSE(latest().as_object().contains("by")) << "whoever it was has not said so";
  EXPECT_FALSE(latest().as_object().contains("why"));
}

TEST_F(InstancesTest, ADeleteLeavesTheMarkOfWhoAndWhy) {
  ASSERT_EQ(Call("PUT", kServer01, kBody).status, 200U);
  const auto as_ann = [](http::Request& request) { request.peer.user = "ann"; };
  const Reply gone = Call("DELETE", kServer01 + "?why=moved", "", as_ann);
  ASSERT_EQ(gone.status, 200U) << gone.error();
  EXPECT_TRUE(gone.data().at("visible").as_bool());
  EXPECT_EQ(Get(kServer01).status, 404U);
  const auto mark = model::ParseRecord(InStore(model::RecordKey(model::Area::kGone, kKey)));
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->by, "ann");
  EXPECT_EQ(mark->why, "moved");

  const Reply again = Call("DELETE", kServer01);
  EXPECT_EQ(again.status, 404U);
  EXPECT_EQ(again.type(), "not_found");
  ASSERT_EQ(Call("PUT", kServer01, kBody).status, 200U);
  ASSERT_EQ(Call("DELETE", kServer01).status, 200U);
  EXPECT_EQ(model::ParseRecord(InStore(model::RecordKey(model::Area::kGone, kKey)))->by,
            "192.0.2.9");
}

TEST_F(InstancesTest, ADeleteWithAnAddressLeavesWhatAnotherPut) {
  ASSERT_EQ(Call("PUT", kServer01, kBody).status, 200U);
  EXPECT_EQ(Call("DELETE", kServer01 + "?address=192.0.2.2").status, 409U);
  EXPECT_EQ(Call("DELETE", kServer01 + "?address=192.0.2.1").status, 200U);
}

TEST_F(InstancesTest, ADeleteOfWhatIsLostLeavesWhatIsNotLostSinceThen) {
  Put("internal/prom/node/server01",
      R"({"host":"10.0.0.1","port":9100,"rollcall":{"owner":"agent:server01"}})");
  const std::string since = "2026-01-31T11:00:00Z";
  const std::string path = kServer01 + "?lost_since=" + since;
  EXPECT_EQ(Call("DELETE", path).status, 412U) << "nobody has dated it";
  Write(model::RecordKey(model::Area::kLost, kKey), R"({"since":")" + since + R"("})");
  const auto dated = [&] { return Get(kServer01).data().as_object().contains("since"); };
  ASSERT_TRUE(Eventually(dated));
  EXPECT_EQ(Call("DELETE", kServer01 + "?lost_since=2026-01-31T11:00:01Z").status, 412U);
  for (const char* no_time : {"long", ""}) {
    EXPECT_EQ(Call("DELETE", kServer01 + "?lost_since=" + no_time).status, 400U) << no_time;
  }
  Write(model::RecordKey(model::Area::kAlive, kKey), "{}");
  EXPECT_EQ(Call("DELETE", path).status, 412U) << "it is alive";
  Write(model::RecordKey(model::Area::kAlive, kKey), "");
  EXPECT_EQ(Call("DELETE", path).status, 200U);
  EXPECT_EQ(InStore(kKey), "");
}

TEST_F(InstancesTest, AScopeBoundsWhatIsWritten) {
  const auto scoped = [](const std::vector<std::string>& names, bool own) {
    return [=](http::Request& request) {
      request.peer.user = "token:t";
      request.scope = {names, own};
    };
  };
  const auto others = scoped({"mysql.prom.internal"}, false);
  EXPECT_EQ(Call("PUT", kServer01, kBody, others).status, 403U);
  EXPECT_EQ(Call("PUT", kServer01, kBody, others).type(), "forbidden");
  EXPECT_EQ(Call("PUT", kServer01, kBody, scoped({"Node.prom.internal"}, false)).status, 200U);
  EXPECT_EQ(Call("DELETE", kServer01, "", others).status, 403U);

  const auto own = scoped({}, true);
  EXPECT_EQ(Call("PUT", kServer01, R"({"port":1})", own).status, 403U) << "it is another's";
  EXPECT_NE(Call("DELETE", kServer01, "", own).status, 200U);
  const std::string mine = "/api/v1/instances/server02.node.prom.internal";
  EXPECT_EQ(Call("PUT", mine, kBody, own).status, 403U);
  EXPECT_EQ(Call("PUT", mine, R"({"port":1})", own).status, 200U);
  EXPECT_EQ(Call("PUT", mine, R"({"port":2})", own).status, 200U);
  EXPECT_EQ(Call("DELETE", mine, "", own).status, 200U);
}

TEST_F(InstancesTest, WhatIsHeldCanBeRegisteredAgainByWhoMayWriteItsAddressOnly) {
  const auto own = [](http::Request& request) {
    request.peer.user = "token:t";
    request.scope.own_address = true;
  };
  std::vector<std::pair<std::string, std::string>> pairs;
  for (int i = 0; i < 8; ++i) {
    pairs.emplace_back("/skydns/internal/prom/node/server0" + std::to_string(i),
                       R"({"host":"192.0.2.9","port":9100})");
  }
  ASSERT_TRUE(feed_.WaitForRevision(Write(pairs), Soon()));
  for (auto& [key, value] : pairs) value.clear();
  const auto before = history_.last();
  Write(pairs);
  history_.WaitForMore(before, Soon());
  ASSERT_EQ(Get("/api/v1/protection").data().as_array().size(), 8U);
  const Reply put = Call("PUT", kServer01, R"({"port":9100})", own);
  EXPECT_EQ(put.status, 200U) << put.error();
  EXPECT_EQ(Get("/api/v1/protection").data().as_array().size(), 7U);
}

// --- reading

TEST_F(InstancesTest, AListFiltersAndPages) {
  for (int i = 0; i < 7; ++i) {
    const std::string n = std::to_string(i);
    Put("internal/prom/node/n" + n, R"({"host":"10.0.0.)" + n + R"(","port":9100,"rollcall":)" +
                                        R"({"labels":{"rack":"r)" + std::to_string(i % 2) +
                                        R"("},"tags":["even"]}})");
  }
  Put("internal/prom/node/sub/s0", R"({"host":"10.0.1.0","port":1})");
  Put("internal/prom/node-x/x0", R"({"host":"10.0.2.0","port":1})");
  Put("internal/prom/Node/Odd", R"({"host":"10.0.3.0","port":1})");  // another spelling
  const std::string list = "/api/v1/instances?";
  struct Case {
    const char* query;
    Texts shown;
  };
  const std::vector<Case> all = {
      {"limit=3", {"Odd", "x0", "n0", "|", "n1", "n2", "n3", "|", "n4", "n5", "n6", "|", "s0"}},
      {"name=node.prom.internal&limit=5",
       {"Odd", "n0", "n1", "n2", "n3", "|", "n4", "n5", "n6", "s0"}},
      {"name=NODE.prom.internal.&q=Odd", {"Odd"}},
      {"name=sub.node.prom.internal", {"s0"}},
      {"name=n3.node.prom.internal", {"n3"}},
      {"label.rack=r1", {"n1", "n3", "n5"}},
      {"label.rack=r1&label.zone=a", {}},
      {"q=10.0.0.3", {"n3"}},
      {"q=RACK=r1 node.prom 9100 static n5", {"n5"}},
      {"q=nothing like it", {}},
      {"state=static&q=x0", {"x0"}},
      {"state=lost&state=critical", {}},
  };
  for (const auto& [query, shown] : all) EXPECT_EQ(Paged(list + query), shown) << query;
  const Reply page = Get(list + "label.rack=r1&limit=1");
  EXPECT_EQ(page.data().at("total").as_int64(), 3);
  EXPECT_EQ(page.data().at("standing").as_string(), "synced");
  const Reply none = Get(list + "limit=0");
  EXPECT_EQ(none.data().at("total").as_int64(), 10);
  EXPECT_TRUE(none.data().at("instances").as_array().empty());
}

TEST_F(InstancesTest, ALongListIsReadInPieces) {
  std::vector<std::pair<std::string, std::string>> pairs;
  store::Revision last = 0;
  for (int i = 0; i < 1203; ++i) {
    pairs.emplace_back("/skydns/internal/prom/node/n" + std::to_string(10'000 + i),
                       R"({"host":"10.0.0.1","port":9100})");
    if (pairs.size() == 100 || i == 1202) last = Write(std::exchange(pairs, {}));
  }
  ASSERT_TRUE(feed_.WaitForRevision(last, Soon()));
  for (const char* name : {"", "&name=prom.internal"}) {
    const Reply reply = Get(std::string("/api/v1/instances?limit=1100") + name);
    EXPECT_EQ(reply.data().at("total").as_int64(), 1203) << name;
    EXPECT_EQ(reply.data().at("instances").as_array().size(), 1100U) << name;
    EXPECT_EQ(Get("/api/v1/instances?q=n11202").data().at("total").as_int64(), 1);
  }
}

TEST_F(InstancesTest, APageOfLargeValuesEndsBeforeItsLimit) {
  store::Revision last = 0;
  const std::string text(200'000, 'x');
  for (int i = 100; i < 130; ++i) {
    last = Write("/skydns/internal/prom/node/n" + std::to_string(i),
                 R"({"host":"10.0.0.1","port":9100,"text":")" + text + "\"}");
  }
  ASSERT_TRUE(feed_.WaitForRevision(last, Soon()));
  ASSERT_TRUE(HistoryHas(30));
  const Texts pages = Paged("/api/v1/instances?limit=10000");
  EXPECT_EQ(std::count(pages.begin(), pages.end(), "|"), 1);
  EXPECT_EQ(std::set(pages.begin(), pages.end()).size(), 31U) << "each is there";
  EXPECT_EQ(pages.size(), 31U) << "and once";

  const Reply first = Get("/api/v1/history?limit=10000");
  const std::string next(first.data().at("next").as_string());
  const Reply rest = Get("/api/v1/history?limit=10000&before=" + next);
  EXPECT_EQ(
      first.data().at("changes").as_array().size() + rest.data().at("changes").as_array().size(),
      30U);
}

TEST_F(InstancesTest, StatesAndWhatIsSaidOfAnInstanceShow) {
  const std::string owned =
      R"({"host":"10.0.0.1","port":9100,"rollcall":{"owner":"agent:server01",)"
      R"("retain":"24h"}})";
  Put("internal/prom/node/server01", owned);
  PutRecord(model::Area::kAlive, "internal/prom/node/server01",
            R"({"since":"2026-01-31T11:00:00Z","health":"warning","why":"slow"})");
  auto got = Get(kServer01).data().as_object();
  EXPECT_EQ(got.at("state").as_string(), "warning");
  EXPECT_EQ(got.at("health").as_string(), "warning");
  EXPECT_EQ(got.at("why").as_string(), "slow");
  EXPECT_EQ(got.at("since").as_string(), "2026-01-31T11:00:00Z");
  EXPECT_EQ(got.at("owner").as_string(), "agent:server01");
  EXPECT_EQ(got.at("retain").as_string(), "24h");
  PutRecord(model::Area::kMaintenance, "internal/prom/node",
            R"({"since":"2026-01-31T12:00:00Z","by":"ann","why":"disks"})");
  got = Get(kServer01).data().as_object();
  EXPECT_EQ(got.at("state").as_string(), "maintenance");
  EXPECT_EQ(got.at("health").as_string(), "warning");
  EXPECT_EQ(got.at("maintenance").at("by").as_string(), "ann");
  EXPECT_EQ(Shown(Get("/api/v1/instances?state=maintenance")), Texts{"server01"});
}

TEST_F(InstancesTest, AValueThatCannotBeReadIsShownWithItsProblem) {
  Put("internal/prom/node/bad", "not json");
  const auto got = Get("/api/v1/instances/bad.node.prom.internal").data().as_object();
  EXPECT_THAT(std::string(got.at("problem").as_string()), HasSubstr("JSON"));
  EXPECT_FALSE(got.contains("state"));
  EXPECT_FALSE(got.contains("address"));
}

TEST_F(InstancesTest, AListIsOfThoseWithAProblemOrOfTheOthers) {
  Put("internal/prom/node/bad", "not json");
  Put("internal/prom/node/good", R"({"host":"10.0.0.1","port":1})");
  Put("internal/prom/node/half", R"({"host":"10.0.0.2","port":1,"rollcall":[]})");
  EXPECT_EQ(Paged("/api/v1/instances?problem=true"), (Texts{"bad", "half"}));
  EXPECT_EQ(Paged("/api/v1/instances?problem=false"), (Texts{"good"}));
  EXPECT_EQ(Paged("/api/v1/instances?problem=true&state=static"), (Texts{"bad", "half"}));
  EXPECT_EQ(Get("/api/v1/instances?problem=yes").status, 400U);
}

TEST_F(InstancesTest, TextsThatAreNoUtf8AreStillJson) {
  Put("internal/prom/node/odd", "{\"host\":\"10.0.0.1\",\"port\":1,\"text\":\"\xff<script>\"}");
  EXPECT_EQ(Get("/api/v1/instances/odd.node.prom.internal").status, 200U);
}

TEST_F(InstancesTest, WhatIsNotThereIsSaidSo) {
  Put("internal/prom/node/server01", R"({"host":"10.0.0.1","port":9100})");
  EXPECT_EQ(Get("/api/v1/instances/server02.node.prom.internal").status, 404U);
  EXPECT_EQ(Get("/api/v1/instances?name=web.prom.internal").status, 404U);
  const Reply above = Get("/api/v1/instances/node.prom.internal");
  EXPECT_EQ(above.status, 404U);
  EXPECT_THAT(above.error(), HasSubstr("?name=node.prom.internal"));
}

}  // namespace
}  // namespace rollcall::serving::api
