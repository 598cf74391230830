// doc/openapi.yaml, held against the routes and what they answer.
#include "serving/api/openapi.h"

#include <gmock/gmock.h>

#include <map>
#include <set>
#include <sstream>

#include "serving/api/test_fixture.h"

namespace rollcall::serving::api {
namespace {

using testing::ApiTest;
using testing::Reply;
using Texts = std::set<std::string>;
namespace json = boost::json;

// As much of YAML as the file needs, which is indented by two.
class Description {
 public:
  Description() {
    std::istringstream text(OpenApiYaml());
    std::vector<std::string> above;
    for (std::string line; std::getline(text, line);) {
      const std::size_t indent = line.find_first_not_of(' ');
      const std::size_t colon = line.find(':');
      if (indent == line.npos || colon == line.npos || line[indent] == '-') continue;
      above.resize(std::min(above.size(), indent / 2));
      above.push_back(line.substr(indent, colon - indent));
      if (above.size() != indent / 2 + 1) continue;
      children_[Join(above.begin(), above.end() - 1)].insert(above.back());
    }
  }
  // What stands right below "components/schemas/Instance/properties".
  [[nodiscard]] Texts Below(const std::string& path) const {
    const auto found = children_.find(path);
    return found == children_.end() ? Texts() : found->second;
  }
  [[nodiscard]] Texts Members(const std::string& schema) const {
    return Below("components/schemas/" + schema + "/properties");
  }
  [[nodiscard]] Texts DataMembers(const std::string& schema) const {
    return Below("components/schemas/" + schema + "/properties/data/properties");
  }

 private:
  template <typename Iterator>
  static std::string Join(Iterator begin, Iterator end) {
    std::string text;
    for (; begin != end; ++begin) text += (text.empty() ? "" : "/") + *begin;
    return text;
  }
  std::map<std::string, Texts> children_;
};

class OpenApiTest : public ApiTest {
 protected:
  // Every member of what is answered is described.
  void Hold(const json::value& value, const Texts& described, const std::string& what) {
    ASSERT_FALSE(described.empty()) << what;
    for (const auto& member : value.as_object()) {
      EXPECT_TRUE(described.contains(std::string(member.key()))) << what << ": " << member.key();
    }
  }

  const Description description_;
};

TEST_F(OpenApiTest, DescribesEveryRouteAndNoOther) {
  Texts described;
  for (const std::string& path : description_.Below("paths")) {
    for (const std::string& method : description_.Below("paths/" + path)) {
      if (method == "parameters") continue;
      std::string upper = method;
      std::transform(upper.begin(), upper.end(), upper.begin(),
                     [](char c) { return static_cast<char>(c - 32); });
      described.insert(upper + " " + path.substr(0, path.find('{')));
    }
  }
  Texts routed;
  for (const http::Route& route : routes_) routed.insert(route.method + " " + route.path);
  EXPECT_EQ(described, routed);
}

TEST_F(OpenApiTest, WritesWantTheRightAndMayWait) {
  for (const http::Route& route : routes_) {
    const bool writes = route.method != "GET";
    EXPECT_EQ(route.right == http::Right::kWrite, writes) << route.method << " " << route.path;
    EXPECT_EQ(route.waits, writes) << route.method << " " << route.path;
    EXPECT_EQ(route.most_body != 0, writes && route.method != "DELETE") << route.path;
  }
}

TEST_F(OpenApiTest, WhatIsAnsweredIsDescribed) {
  const std::string instance = "/api/v1/instances/server01.node.prom.internal";
  const std::string body =
      R"({"port":1,"labels":{"a":"b"},"tags":["t"],"ttl":1,"text":"t","weight":1,"priority":1,)"
      R"("scheme":"http","metrics_path":"/","params":{"a":"b"},"interval":"1s"})";
  Hold(json::parse(body), description_.Members("Registration"), "Registration");
  Hold(Call("PUT", instance, body).data(), description_.Members("Written"), "Written");
  Put("internal/prom/node/server02",
      R"({"host":"10.0.0.1","port":1,"rollcall":{"owner":"agent:h","retain":"1h"}})");
  for (const auto area : {model::Area::kAlive, model::Area::kMaintenance, model::Area::kStopping}) {
    PutRecord(area, "internal/prom/node/server02",
              R"({"since":"2026-01-31T11:00:00Z","by":"x","why":"y","health":"passing",)"
              R"("until":"2126-01-31T11:00:00Z"})");
  }
  const Reply list = Get("/api/v1/instances?limit=1");
  Hold(list.data(), description_.DataMembers("InstancesAnswer"), "InstancesAnswer");
  Hold(Get(instance).data(), description_.Members("Instance"), "Instance");
  const json::value second = Get("/api/v1/instances/server02.node.prom.internal").data();
  Hold(second, description_.Members("Instance"), "Instance");
  Hold(second.at("maintenance"), description_.Members("Said"), "Said");
  Hold(Get("/api/v1/services").data().at(0), description_.Members("Service"), "Service");
  Hold(Get("/api/v1/maintenance").data().at(0), description_.Members("Maintenance"), "Maintenance");
  Hold(Call("PUT", "/api/v1/maintenance/@h", R"({"until":"1h","reason":"r"})").data(),
       description_.DataMembers("SubjectAnswer"), "SubjectAnswer");
  const Reply history = Get("/api/v1/history?limit=2");
  Hold(history.data(), description_.DataMembers("HistoryAnswer"), "HistoryAnswer");
  const Reply all = Get("/api/v1/history");
  for (const auto& change : all.data().at("changes").as_array()) {
    Hold(change, description_.Members("Change"), "Change");
  }
  book_.Note({.client = "c",
              .name = "node.prom.internal",
              .user_agent = "u",
              .transport = "http",
              .interval = std::chrono::seconds(1)});
  Hold(Get("/api/v1/consumers").data().at(0), description_.Members("Consumer"), "Consumer");
  const Reply dns = Get("/api/v1/dns?name=node.prom.internal");
  Hold(dns.data(), description_.Members("Dns"), "Dns");
  Hold(dns.data().at("sizes").at("tcp"), description_.Members("DnsSize"), "DnsSize");
  for (const auto& [path, schema] : {std::pair{"buildinfo", "BuildinfoAnswer"},
                                     {"config", "ConfigAnswer"},
                                     {"runtimeinfo", "RuntimeinfoAnswer"},
                                     {"store", "StoreAnswer"}}) {
    Hold(Get(std::string("/api/v1/status/") + path).data(), description_.DataMembers(schema),
         schema);
  }
  Hold(Get("/api/v1/instances?x=y").body, description_.Members("Error"), "Error");
}

TEST_F(OpenApiTest, IsServedFromTheProgram) {
  const auto exchange = Begin("GET", "/api/v1/openapi.yaml");
  EXPECT_EQ(exchange->body(), OpenApiYaml());
  EXPECT_EQ(exchange->response().content_type, "application/yaml");
  EXPECT_EQ(exchange->body().rfind("openapi: 3.1.0\n", 0), 0U);
}

}  // namespace
}  // namespace rollcall::serving::api
