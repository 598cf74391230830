#include "app/output.h"

#include <gmock/gmock.h>

namespace rollcall::app {
namespace {

using ::testing::HasSubstr;

Entry Server(const std::string& name, const std::string& address) {
  Entry entry;
  registry::Listed& item = entry.item;
  item.key = "/skydns/x/" + name;
  item.name = *wire::Name::FromText(name);
  item.service = model::Service{};
  item.service->host = address;
  item.service->port = 9100;
  item.service->extension.labels = {{"rack", "r12"}};
  item.mod_revision = 7;
  entry.condition.state = model::State::kStatic;
  return entry;
}

Entry Lost(const std::string& name, const std::string& address) {
  Entry entry = Server(name, address);
  entry.condition.state = model::State::kLost;
  entry.condition.since = WallTime(std::chrono::seconds(1'700'000'000));
  entry.condition.why = "no sign of life";
  return entry;
}

TEST(Output, TheTableIsAlignedAndLeavesNoCellEmpty) {
  Entry bad;
  bad.item.key = "/skydns/x//y";
  bad.item.problem = "line\nbreak";
  EXPECT_EQ(
      TableOf({Server("server01.node.prom.internal", "192.0.2.1"),
               Lost("server02.node.prom.internal", "192.0.2.2"), bad}),
      "NAME                INSTANCE  ADDRESS    PORT  STATE   SINCE                 TTL  LABELS    "
      "PROBLEM\n"
      "node.prom.internal  server01  192.0.2.1  9100  static  -                     -    rack=r12  "
      "-\n"
      "node.prom.internal  server02  192.0.2.2  9100  lost    2023-11-14T22:13:20Z  -    rack=r12  "
      "no sign of life\n"
      "/skydns/x//y        -         -          -     -       -                     -    -         "
      "line?break\n");
}

TEST(Output, WhyIsShownOfWhatIsNotAsItShouldBe) {
  Entry entry = Lost("server01.node.test", "192.0.2.1");
  const auto shows = [&](const char* text) { EXPECT_THAT(TableOf({entry}), HasSubstr(text)); };
  entry.condition.state = model::State::kPassing;
  EXPECT_THAT(TableOf({entry}), ::testing::Not(HasSubstr("no sign of life")));
  entry.condition.stopping = model::Record{.why = "service stopped"};
  shows("stopping: service stopped");
  entry.condition.held = model::Record{.why = "7 vanished at once"};
  shows("held: 7 vanished at once");
  entry.item.problem = "not JSON";
  shows("not JSON");
}

TEST(Output, JsonIsOneObjectALine) {
  EXPECT_EQ(JsonOf({}), "[]\n");
  const std::string json = JsonOf({Server("server01.node.test", "192.0.2.1")});
  EXPECT_THAT(json, HasSubstr(R"("name":"node.test","instance":"server01")"));
  EXPECT_THAT(json, HasSubstr(R"("labels":{"rack":"r12"})"));
  EXPECT_THAT(json, HasSubstr(R"("state":"static")"));
}

TEST(Output, JsonTellsAllThatIsSaid) {
  Entry entry = Lost("server01.node.test", "192.0.2.1");
  const WallTime time(std::chrono::seconds(1'700'000'000));
  entry.condition.maintenance = model::Record{
      .since = time, .by = "root@ns1", .why = "disks", .until = time + std::chrono::hours(1)};
  entry.condition.held = model::Record{.since = time, .by = "serve@ns1", .why = "7 vanished"};
  const std::string json = JsonOf({entry});
  EXPECT_THAT(json, HasSubstr(R"("state":"lost","since":"2023-11-14T22:13:20Z",)"
                              R"("why":"no sign of life")"));
  EXPECT_THAT(json, HasSubstr(R"("maintenance":{"since":"2023-11-14T22:13:20Z","by":"root@ns1",)"
                              R"("why":"disks","until":"2023-11-14T23:13:20Z"})"));
  EXPECT_THAT(json, HasSubstr(R"("held":{"since":"2023-11-14T22:13:20Z","by":"serve@ns1",)"
                              R"("why":"7 vanished"})"));
}

TEST(Output, AChangeSaysWhatAndWhen) {
  const Entry entry = Server("server01.node.test", "192.0.2.1");
  EXPECT_EQ(ChangeLine(Output::kTable, entry, Change::kPut, 7),
            "7 + server01.node.test 192.0.2.1 9100 static since=- ttl=- labels=rack=r12 problem=-");
  EXPECT_EQ(ChangeLine(Output::kTable, entry, Change::kDelete, 8), "8 - server01.node.test");
  EXPECT_EQ(ChangeLine(Output::kTable, Lost("server01.node.test", "192.0.2.1"), Change::kState, 9),
            "9 ~ server01.node.test 192.0.2.1 9100 lost since=2023-11-14T22:13:20Z ttl=- "
            "labels=rack=r12 problem=no sign of life");
  EXPECT_THAT(ChangeLine(Output::kJson, entry, Change::kDelete, 8),
              HasSubstr(R"("event":"delete")"));
  EXPECT_THAT(ChangeLine(Output::kJson, entry, Change::kState, 8), HasSubstr(R"("event":"state")"));
  EXPECT_THAT(ChangeLine(Output::kJson, entry, Change::kDelete, 8), HasSubstr(R"("revision":8)"));
}

TEST(Output, AChangeSaysWhoAndWhyAsFarAsThatIsKnown) {
  const Entry entry = Server("server01.node.test", "192.0.2.1");
  const Writer ann{"ann@h", "new\nrack"};
  EXPECT_EQ(ChangeLine(Output::kTable, entry, Change::kDelete, 8, ann),
            "8 - server01.node.test by=ann@h why=new?rack");
  EXPECT_THAT(ChangeLine(Output::kTable, entry, Change::kPut, 8, {"ann@h", ""}),
              ::testing::EndsWith("problem=- by=ann@h"));
  EXPECT_THAT(ChangeLine(Output::kJson, entry, Change::kPut, 8, ann),
              HasSubstr(R"("change":{"by":"ann@h","why":"new\nrack"})"));
  EXPECT_THAT(ChangeLine(Output::kJson, entry, Change::kPut, 8),
              ::testing::Not(HasSubstr(R"("change")")));
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
