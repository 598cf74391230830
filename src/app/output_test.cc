#include "app/output.h"

#include <gmock/gmock.h>

namespace rollcall::app {
namespace {

using ::testing::HasSubstr;

registry::Listed Server(const std::string& name, const std::string& address) {
  registry::Listed item;
  item.key = "/skydns/x/" + name;
  item.name = *wire::Name::FromText(name);
  item.service = model::Service{};
  item.service->host = address;
  item.service->port = 9100;
  item.service->extension.labels = {{"rack", "r12"}};
  item.mod_revision = 7;
  return item;
}

TEST(Output, TheTableIsAlignedAndLeavesNoCellEmpty) {
  registry::Listed bad;
  bad.key = "/skydns/x//y";
  bad.problem = "line\nbreak";
  EXPECT_EQ(TableOf({Server("server01.node.prom.internal", "192.0.2.1"), bad}),
            "NAME                INSTANCE  ADDRESS    PORT  STATE   TTL  LABELS    PROBLEM\n"
            "node.prom.internal  server01  192.0.2.1  9100  static  -    rack=r12  -\n"
            "/skydns/x//y        -         -          -     -       -    -         line?break\n");
}

TEST(Output, JsonIsOneObjectALine) {
  EXPECT_EQ(JsonOf({}), "[]\n");
  const std::string json = JsonOf({Server("server01.node.test", "192.0.2.1")});
  EXPECT_THAT(json, HasSubstr(R"("name":"node.test","instance":"server01")"));
  EXPECT_THAT(json, HasSubstr(R"("labels":{"rack":"r12"})"));
  EXPECT_THAT(json, HasSubstr(R"("state":"static")"));
}

TEST(Output, AChangeSaysWhatAndWhen) {
  const auto item = Server("server01.node.test", "192.0.2.1");
  EXPECT_EQ(ChangeLine(Output::kTable, item, false, 7),
            "7 + server01.node.test 192.0.2.1 9100 static ttl=- labels=rack=r12 problem=-");
  EXPECT_EQ(ChangeLine(Output::kTable, item, true, 8), "8 - server01.node.test");
  EXPECT_THAT(ChangeLine(Output::kJson, item, true, 8), HasSubstr(R"("event":"delete")"));
  EXPECT_THAT(ChangeLine(Output::kJson, item, true, 8), HasSubstr(R"("revision":8)"));
}

struct Case {
  const char* name;
  bool zone_given;
  const char* zone;
  const char* service;
};

TEST(Output, ANameIsAServiceOrAWholeName) {
  const registry::Layout layout{"/skydns", "prom.local", ""};
  for (const Case& c : {Case{"", false, "", ""}, Case{"", true, "prom.local", ""},
                        Case{"node", false, "prom.local", "node"},
                        Case{"node.a.prom.local", false, "prom.local", "node.a"},
                        Case{"prom.local", false, "prom.local", ""},
                        Case{"node.other.test.", false, "", "node.other.test"}}) {
    const Scope scope = ScopeOf(c.name, layout, c.zone_given);
    EXPECT_EQ(scope.layout.zone, c.zone) << c.name;
    EXPECT_EQ(scope.service, c.service) << c.name;
  }
}

}  // namespace
}  // namespace rollcall::app
