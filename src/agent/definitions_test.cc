#include "agent/definitions.h"

#include <gmock/gmock.h>

#include "model/service.h"

namespace rollcall::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const HostDefaults kHost{.name = "server01"};

Result<std::vector<Definition>> Parse(const std::string& text) {
  return ParseDefinitions(text, "a.yml", kHost);
}

std::string ProblemOf(const std::string& text) {
  const auto parsed = Parse(text);
  return parsed ? "none" : parsed.error().message;
}

TEST(Definitions, HaveAllThatIsDocumented) {
  const auto parsed = Parse(
      "# exporters of this host\n"
      "services:\n"
      "  - service: node\n"
      "    instance: server01-a\n"
      "    address: 192.0.2.7\n"
      "    port: 9100\n"
      "    labels: {rack: r12, spare: true}\n"
      "    tags: [linux, 64]\n"
      "    scheme: https\n"
      "    metrics_path: /metrics\n"
      "    interval: 15s\n"
      "    params: {module: a}\n"
      "    ttl: 1m\n"
      "    check: {type: http, url: \"http://127.0.0.1:9100/metrics\", interval: 5s, timeout: 1s,"
      " rise: 1, fall: 5}\n"
      "    on_loss: keep\n"
      "    retain: 30d\n"
      "    on_stop: deregister\n"
      "  - service: mysql\n"
      "    port: 9104\n"
      "    check: {type: command, command: [/usr/bin/true, -x]}\n"
      "  - {service: redis, port: 9121, check: {type: tcp, address: \"[::1]:9121\"}}\n"
      "  - {service: bind, port: 9119, check: {type: none}}\n");
  ASSERT_TRUE(parsed) << parsed.error().message;
  ASSERT_EQ(parsed->size(), 4U);
  const Definition& node = (*parsed)[0];
  EXPECT_EQ(node.service, "node");
  EXPECT_EQ(node.instance, "server01-a");
  EXPECT_EQ(node.address, "192.0.2.7");
  EXPECT_EQ(node.port, 9100);
  EXPECT_THAT(node.labels, ElementsAre(Pair("rack", "r12"), Pair("spare", "true")));
  EXPECT_THAT(node.tags, ElementsAre("linux", "64"));
  EXPECT_EQ(node.scheme + node.metrics_path + node.interval, "https/metrics15s");
  EXPECT_THAT(node.params, ElementsAre(Pair("module", "a")));
  EXPECT_EQ(node.ttl, 60U);
  EXPECT_EQ(node.on_loss + " " + node.retain, "keep 30d");
  EXPECT_EQ(node.on_stop, OnStop::kDeregister);
  EXPECT_EQ(node.check, (CheckSpec{.type = CheckSpec::Type::kHttp,
                                   .url = "http://127.0.0.1:9100/metrics",
                                   .interval = seconds(5),
                                   .timeout = seconds(1),
                                   .rise = 1,
                                   .fall = 5}));
  EXPECT_EQ(node.file, "a.yml");
  EXPECT_EQ(node.line, 3);
  EXPECT_THAT((*parsed)[1].check.command, ElementsAre("/usr/bin/true", "-x"));
  EXPECT_EQ((*parsed)[1].check.interval, seconds(10));
  EXPECT_EQ((*parsed)[1].line, 18);
  EXPECT_EQ((*parsed)[2].check.address, "[::1]:9121");
  EXPECT_EQ((*parsed)[3].check.type, CheckSpec::Type::kNone);
}

TEST(Definitions, AFileOfNothingDefinesNothing) {
  for (const char* text : {"", "\n", "# soon\n", "---\n", "services:\n", "services: []\n"}) {
    const auto parsed = Parse(text);
    ASSERT_TRUE(parsed) << text << parsed.error().message;
    EXPECT_TRUE(parsed->empty()) << text;
  }
}

struct Refusal {
  const char* text;
  const char* why;
};

TEST(Definitions, AreRefusedWithFileLineAndWhat) {
  const Refusal refusals[] = {
      {"services:\n- {service: node, port: 9100", "a.yml:"},
      {",", "a.yml:1: a second document begins"},
      {"service: node\n", "a.yml:1: field service not found"},
      {"services:\n- service: node\n  port: 9100\n  prot: 1\n", "a.yml:4: field prot not found"},
      {"services:\n- service: node\n  port: 9100\n  port: 9101\n",
       "a.yml:4: field port is there twice"},
      {"services: {service: node}\n", "a.yml:1: services: wants a list"},
      {"services: [node]\n", "a.yml:1: a service wants fields"},
      {"- service: node\n", "a.yml:1: wants the field `services`"},
      {"services: []\n---\nservices: []\n", "a second document begins"},
      {"services:\n- port: 9100\n", "a.yml:2: a service without a name"},
      {"services:\n- service: node\n", "a.yml:2: no port is given"},
      {"services:\n- service: node\n  port: x\n", "a.yml:3: field port wants a number"},
      {"services:\n- service: node\n  port: 70000\n", "a.yml:3: field port wants a number"},
      {"services:\n- service: [node]\n  port: 1\n", "a.yml:2: field service wants a text"},
      {"services:\n- service: no de\n  port: 1\n", "a.yml:2: service name"},
      {"services:\n- service: _healthy.node\n  port: 1\n", "a.yml:2: service name"},
      {"services:\n- {service: node, port: 1, instance: a.b}\n", "a.yml:2: instance name"},
      {"services:\n- {service: node, port: 1, address: localhost}\n", "is not an IP address"},
      {"services:\n- {service: node, port: 1, address: 127.0.0.1}\n", "loopback"},
      {"services:\n- {service: node, port: 1, labels: [a]}\n", "field labels wants names"},
      {"services:\n- {service: node, port: 1, labels: {a-b: c}}\n", "label name \"a-b\""},
      {"services:\n- {service: node, port: 1, labels: {a: [b]}}\n", "a name or value is no text"},
      {"services:\n- {service: node, port: 1, labels: {a: b, a: c}}\n", "a is there twice"},
      {"services:\n- {service: node, port: 1, tags: a}\n", "field tags wants a list"},
      {"services:\n- {service: node, port: 1, scheme: ftp}\n", "none of http, https"},
      {"services:\n- {service: node, port: 1, metrics_path: m}\n", "begin with a slash"},
      {"services:\n- {service: node, port: 1, interval: soon}\n", "field interval:"},
      {"services:\n- {service: node, port: 1, retain: 0s}\n", "field retain is no time"},
      {"services:\n- {service: node, port: 1, ttl: 500ms}\n", "field ttl wants whole seconds"},
      {"services:\n- {service: node, port: 1, on_loss: drop}\n", "none of keep, remove"},
      {"services:\n- {service: node, port: 1, on_stop: 1}\n", "none of keep, deregister"},
      {"services:\n- {service: node, port: 1, check: http}\n", "wants fields"},
      {"services:\n- {service: node, port: 1, check: {}}\n", "is none of none, http, tcp"},
      {"services:\n- {service: node, port: 1, check: {type: icmp}}\n",
       "is none of none, http, tcp"},
      {"services:\n- {service: node, port: 1, check: {type: http}}\n", "wants check.url"},
      {"services:\n- {service: node, port: 1, check: {type: http, url: localhost}}\n", "check.url"},
      {"services:\n- {service: node, port: 1, check: {type: tcp, address: \"a\"}}\n",
       "check.address"},
      {"services:\n- {service: node, port: 1, check: {type: none, url: \"http://a/\"}}\n",
       "takes no check.url"},
      {"services:\n- {service: node, port: 1, check: {type: command, command: []}}\n",
       "wants check.command"},
      {"services:\n- {service: node, port: 1, check: {type: none, interval: 1ms}}\n",
       "field check.interval is not within"},
      {"services:\n- {service: node, port: 1, check: {type: none, timeout: 11s}}\n",
       "longer than check.interval"},
      {"services:\n- {service: node, port: 1, check: {type: none, fall: 0}}\n",
       "field check.fall wants a number"},
      {"services:\n- {service: node, port: 1, check: {type: none, colour: red}}\n",
       "field check.colour not found"},
      {"services:\n- {service: node, port: 9100}\n- {service: Node, port: 9100}\n",
       "a.yml:3: node/:9100 is defined twice, also at line 2"},
      {"services:\n- {service: node, port: 1, instance: a}\n"
       "- {service: node, port: 2, instance: A}\n",
       "a.yml:3: node/a is defined twice"},
      {"services:\n- {service: node, port: 9100}\n"
       "- {service: node, port: 9100, instance: server01}\n",
       "a.yml:3: node/:9100 is defined twice"},
  };
  for (const Refusal& refusal : refusals) {
    const std::string problem = ProblemOf(refusal.text);
    EXPECT_THAT(problem, HasSubstr(refusal.why)) << refusal.text;
    EXPECT_THAT(problem, ::testing::StartsWith("a.yml:")) << refusal.text;
  }
}

TEST(Definitions, OneServiceMayHaveSeveralPortsOnAHost) {
  const auto parsed =
      Parse("services:\n- {service: mysql, port: 9104}\n- {service: mysql, port: 9105}\n");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(IdOf((*parsed)[0]), "mysql/:9104");
  EXPECT_EQ(IdOf((*parsed)[1]), "mysql/:9105");
}

TEST(Definitions, AreNotLargerThanAnybodyWouldWrite) {
  std::string text = "services:\n";
  for (int i = 0; i < 1001; ++i) text += "- {service: s" + std::to_string(i) + ", port: 1}\n";
  EXPECT_THAT(ProblemOf(text), HasSubstr("more than 1000 services"));
  EXPECT_THAT(ProblemOf(std::string(kMostOctetsOfFile + 1, ' ')), HasSubstr("is larger than"));
  EXPECT_NE(ProblemOf(std::string(100'000, '[')), "none") << "refused, not followed";
  EXPECT_THAT(ProblemOf("# \xFF\nservices: []\n"), HasSubstr("is not UTF-8"));
}

TEST(Definitions, AHashTellsAChangeOfMeaningOnly) {
  const auto hash = [](const std::string& fields) {
    const auto parsed = Parse("services:\n- {service: node, port: 9100" + fields + "}\n");
    EXPECT_TRUE(parsed) << fields;
    return parsed ? HashOf(parsed->front()) : 0;
  };
  const std::uint64_t plain = hash("");
  const auto moved = Parse("# a comment\n\n\nservices:\n  - port: 9100\n    service: node\n");
  ASSERT_TRUE(moved);
  EXPECT_EQ(HashOf(moved->front()), plain);
  EXPECT_EQ(hash(", check: {type: none}"), plain) << "said or not, it is the same";
  for (const char* change :
       {", labels: {a: b}", ", tags: [a]", ", instance: a", ", address: 192.0.2.1", ", ttl: 1s",
        ", on_loss: remove", ", retain: 1h", ", on_stop: deregister", ", scheme: https",
        ", metrics_path: /m", ", interval: 1s", ", params: {a: b}",
        ", check: {type: http, url: \"http://a/\"}", ", check: {type: none, fall: 9}"}) {
    EXPECT_NE(hash(change), plain) << change;
  }
}

TEST(Definitions, BecomeARegistrationThatNamesItsOwner) {
  const auto parsed = Parse(
      "services:\n- {service: node, port: 9100, labels: {rack: r12}, on_loss: keep, ttl: 5s}\n");
  ASSERT_TRUE(parsed);
  const auto order = OrderOf(parsed->front(), "server01", "192.0.2.1", "agent:server01");
  EXPECT_EQ(order.service + "/" + order.instance, "node/server01");
  EXPECT_EQ(model::ToJson(order.value),
            R"({"host":"192.0.2.1","port":9100,"ttl":5,"rollcall":{"owner":"agent:server01",)"
            R"("labels":{"rack":"r12"},"on_loss":"keep"}})");
}

}  // namespace
}  // namespace rollcall::agent
