#include "registry/validate.h"

#include <gmock/gmock.h>

#include "registry/registry.h"

namespace rollcall::registry {
namespace {

using ::testing::HasSubstr;

Order GoodOrder() {
  Order order;
  order.service = "node";
  order.host = "server01";
  order.value.host = "192.0.2.1";
  order.value.port = 9100;
  return order;
}

struct Refusal {
  std::string name;
  void (*spoil)(Order&);
  std::string said;
};

class RefusalTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusalTest, SaysInOneSentenceWhatIsWrong) {
  Order order = GoodOrder();
  ASSERT_TRUE(Registry::Validate(order));
  GetParam().spoil(order);
  const auto refused = Registry::Validate(order);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(refused.error().message, HasSubstr(GetParam().said));
  EXPECT_EQ(refused.error().message.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, RefusalTest,
    ::testing::Values(
        Refusal{"no_service", [](Order& o) { o.service = ""; }, "no service"},
        Refusal{"empty_label", [](Order& o) { o.service = "a..b"; }, "empty label"},
        Refusal{"dot_at_the_end", [](Order& o) { o.service = "node."; }, "empty label"},
        Refusal{"blank", [](Order& o) { o.service = "no de"; }, "character"},
        Refusal{"slash", [](Order& o) { o.service = "no/de"; }, "character"},
        Refusal{"not_ascii", [](Order& o) { o.service = "n\xC3\xB6"; }, "character"},
        Refusal{"long_label", [](Order& o) { o.service = std::string(64, 'a'); }, "64 octets"},
        Refusal{"hyphen", [](Order& o) { o.service = "-node"; }, "hyphen"},
        Refusal{"healthy", [](Order& o) { o.service = "_healthy.node"; }, "_healthy"},
        Refusal{"healthy_in_capitals", [](Order& o) { o.service = "_HEALTHY.node"; }, "selects"},
        Refusal{"shard", [](Order& o) { o.service = "node._shard0of4"; }, "_shard0of4"},
        Refusal{"no_instance", [](Order& o) { o.host = ""; }, "no instance"},
        Refusal{"dotted_instance", [](Order& o) { o.instance = "a.b"; }, "\"a\""},
        Refusal{"selector_instance", [](Order& o) { o.instance = "_shard3of1024"; }, "selects"},
        Refusal{"no_address", [](Order& o) { o.value.host = ""; }, "no address"},
        Refusal{"name_for_address", [](Order& o) { o.value.host = "server01"; },
                "not an IP address"},
        Refusal{"brackets", [](Order& o) { o.value.host = "[::1]"; }, "brackets"},
        Refusal{"loopback", [](Order& o) { o.value.host = "127.0.0.2"; }, "loopback"},
        Refusal{"loopback_v6", [](Order& o) { o.value.host = "::1"; }, "loopback"},
        Refusal{"mapped_loopback", [](Order& o) { o.value.host = "::ffff:127.0.0.1"; }, "loopback"},
        Refusal{"any", [](Order& o) { o.value.host = "0.0.0.0"; }, "not the address of a host"},
        Refusal{"any_v6", [](Order& o) { o.value.host = "::"; }, "not the address of a host"},
        Refusal{"multicast", [](Order& o) { o.value.host = "224.0.0.1"; }, "multicast"},
        Refusal{"multicast_v6", [](Order& o) { o.value.host = "ff02::1"; }, "multicast"},
        Refusal{"link_local", [](Order& o) { o.value.host = "fe80::1"; }, "link-local"},
        Refusal{"no_port", [](Order& o) { o.value.port = 0; }, "no port"},
        Refusal{"high_port", [](Order& o) { o.value.port = 65536; }, "65535"},
        Refusal{"negative_port", [](Order& o) { o.value.port = -1; }, "port -1"},
        Refusal{"label_name",
                [](Order& o) {
                  o.value.extension.labels = {{"a-b", "c"}};
                },
                "a-b"},
        Refusal{"label_digit",
                [](Order& o) {
                  o.value.extension.labels = {{"1a", "c"}};
                },
                "1a"},
        Refusal{"label_empty", [](Order& o) { o.value.extension.labels = {{"", "c"}}; },
                "label name"},
        Refusal{"label_utf8", [](Order& o) { o.value.extension.labels = {{"a", "\xC0\x80"}}; },
                "UTF-8"},
        Refusal{"label_surrogate",
                [](Order& o) { o.value.extension.labels = {{"a", "\xED\xA0\x80"}}; }, "UTF-8"},
        Refusal{"label_cut", [](Order& o) { o.value.extension.labels = {{"a", "\xE2\x82"}}; },
                "UTF-8"},
        Refusal{"label_long",
                [](Order& o) { o.value.extension.labels = {{"a", std::string(1025, 'x')}}; },
                "longer"},
        Refusal{"tag_comma", [](Order& o) { o.value.extension.tags = {"a,b"}; }, "comma"},
        Refusal{"tag_empty", [](Order& o) { o.value.extension.tags = {""}; }, "empty"},
        Refusal{"tag_control", [](Order& o) { o.value.extension.tags = {"a\n"}; }, "control"},
        Refusal{"scheme", [](Order& o) { o.value.extension.scheme = "ftp"; }, "ftp"},
        Refusal{"path", [](Order& o) { o.value.extension.metrics_path = "metrics"; }, "slash"},
        Refusal{"path_lines", [](Order& o) { o.value.extension.metrics_path = "/m\r\nHost: x"; },
                "slash"},
        Refusal{"interval", [](Order& o) { o.value.extension.interval = "soon"; }, "soon"},
        // Prometheus would not take it.
        Refusal{"interval_unit", [](Order& o) { o.value.extension.interval = "30"; }, "30"},
        Refusal{"interval_zero", [](Order& o) { o.value.extension.interval = "0s"; }, "0s"},
        Refusal{"param_name", [](Order& o) { o.value.extension.params = {{"a-b", "c"}}; }, "a-b"},
        Refusal{"param_utf8", [](Order& o) { o.value.extension.params = {{"a", "\xFF"}}; },
                "UTF-8"},
        Refusal{"ttl", [](Order& o) { o.value.ttl = 0x80000000U; }, "2147483647"}),
    [](const auto& the_case) { return the_case.param.name; });

TEST(Validate, TakesWhatPeopleRegister) {
  for (const char* service : {"node", "node.a", "_etcd-client._tcp", "Node_Exporter", "1", "ns.dns",
                              "_shard4of4", "_shard00of4", "_shard0of1025", "_shardof", "_http"}) {
    Order order = GoodOrder();
    order.service = service;
    EXPECT_TRUE(Registry::Validate(order)) << service;
  }
  Order order = GoodOrder();
  order.value.extension.labels = {{"rack", "r12"}, {"_x", "\xE2\x82\xAC \xF0\x9F\x98\x80"}};
  order.value.extension.tags = {"linux", "\xC3\xA4"};
  order.value.extension.scheme = "https";
  order.value.extension.metrics_path = "/probe";
  order.value.extension.interval = "1m30s";
  order.value.extension.params = {{"module", "icmp"}, {"0", "x"}};
  order.value.host = "169.254.1.1";
  EXPECT_TRUE(Registry::Validate(order));
}

TEST(Validate, OnlyNameServersAndTheApexDoWithoutAPort) {
  for (const char* service : {"ns.dns", "apex.dns", "x.ns.dns", "NS.DNS"}) {
    EXPECT_TRUE(CheckPort(0, service)) << service;
  }
  for (const char* service : {"dns", "node", "xns.dns", "ns.dns.x"}) {
    EXPECT_FALSE(CheckPort(0, service)) << service;
  }
}

}  // namespace
}  // namespace rollcall::registry
