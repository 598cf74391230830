#include "app/server_watch.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "app/explain_target.h"
#include "app/server_instances.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;
using http_client::ServerEvent;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// A server that shows what a test puts into it, and answers as many requests as it is told.
class ServerWatchTest : public ::testing::Test {
 protected:
  static std::string KeyOf(const std::string& name) { return "/skydns/internal/prom/node/" + name; }

  // What is registered by now.
  void Stands(const std::string& name, std::int64_t revision, const std::string& address,
              const std::string& state = R"("state":"static")") {
    json::object instance{
        {"key", KeyOf(name)},  {"name", "node.prom.internal"}, {"instance", name},
        {"service", "node"},   {"zone", "prom.internal"},      {"address", address},
        {"port", 9100},        {"labels", json::object{}},     {"host", name},
        {"revision", revision}};
    const json::value parsed = json::parse("{" + state + "}");
    for (const auto& member : parsed.get_object()) {
      instance[member.key()] = member.value();
    }
    there_[KeyOf(name)] = std::move(instance);
  }
  void Gone(const std::string& name) { there_.erase(KeyOf(name)); }

  static ServerEvent Event(const std::string& type, const std::string& id, std::int64_t revision,
                           const std::string& name, const std::string& address = "") {
    json::object change{{"id", id},           {"revision", revision},         {"event", type},
                        {"key", KeyOf(name)}, {"name", "node.prom.internal"}, {"instance", name}};
    if (!address.empty()) {
      change["after"] = {{"address", address}, {"port", 9100}, {"labels", json::object{}}};
    }
    return {type, std::string(std::string_view(json::serialize(change))), id};
  }

  Result<json::value> Answer(const std::string& path) {
    ++asked_;
    if (answers_left_-- <= 0) return Fail(ErrorCode::kUnavailable, "no connection");
    if (path.starts_with("/api/v1/history")) {
      return json::value{{"revision", revision_}, {"last", last_}, {"changes", json::array{}}};
    }
    const std::size_t at = path.find("&name=");
    const std::string name = at == path.npos ? "" : path.substr(at + 6);
    json::array found;
    for (const auto& [key, one] : there_) {
      if (IsWithin(NameOf(one), name)) found.push_back(one);
    }
    return json::value{{"instances", std::move(found)}};
  }

  std::vector<std::string> Lines() { return std::exchange(lines_, {}); }

  std::map<std::string, json::object> there_;
  std::int64_t revision_ = 4;
  std::string last_ = "4";
  int answers_left_ = 1000;
  int asked_ = 0;
  std::vector<std::string> lines_;

  ServerWatch Watch(Output output = Output::kTable, const std::string& name = "") {
    return {[this](const std::string& path) { return Answer(path); }, name, output,
            [this](const std::string& line) { lines_.push_back(line); }};
  }
};

constexpr const char* kBehind = " static since=- ttl=- labels=- problem=-";

TEST_F(ServerWatchTest, PrintsWhatIsThereAndThenEachChange) {
  Stands("a", 3, "192.0.2.1");
  ServerWatch watch = Watch(Output::kTable, "node.prom.internal");
  EXPECT_FALSE(watch.after());
  ASSERT_TRUE(watch.List());
  EXPECT_THAT(Lines(),
              ElementsAre(std::string("3 + a.node.prom.internal 192.0.2.1 9100") + kBehind));
  Stands("b", 5, "192.0.2.2");
  Gone("a");
  ASSERT_TRUE(watch.Take(
      {Event("registered", "5", 5, "b", "192.0.2.2"), Event("deregistered", "6", 6, "a")}));
  EXPECT_THAT(Lines(), ElementsAre(std::string("5 + b.node.prom.internal 192.0.2.2 9100") + kBehind,
                                   "6 - a.node.prom.internal"));
  EXPECT_EQ(ToText(*watch.after()), "6");
}

TEST_F(ServerWatchTest, SaysWhoHasMadeAChangeAndWhy) {
  const auto by_ann = [](ServerEvent event) {
    event.data.pop_back();
    event.data += R"(,"by":"ann","why":"new"})";
    return event;
  };
  ServerWatch watch = Watch(Output::kTable, "node.prom.internal");
  ASSERT_TRUE(watch.List());
  Stands("b", 5, "192.0.2.2");
  ASSERT_TRUE(watch.Take({by_ann(Event("registered", "5", 5, "b", "192.0.2.2"))}));
  Gone("b");
  ASSERT_TRUE(watch.Take({by_ann(Event("deregistered", "6", 6, "b"))}));
  EXPECT_THAT(Lines(), ElementsAre(EndsWith("problem=- by=ann why=new"),
                                   "6 - b.node.prom.internal by=ann why=new"));
}

TEST_F(ServerWatchTest, AServerThatGoesInTheMidstOfItLosesNothing) {
  Stands("a", 3, "192.0.2.1");
  ServerWatch watch = Watch();
  answers_left_ = 1;
  EXPECT_FALSE(watch.List());
  EXPECT_FALSE(watch.after());
  EXPECT_THAT(Lines(), IsEmpty());
  answers_left_ = 2;
  ASSERT_TRUE(watch.List());
  Lines();
  Stands("a", 5, "192.0.2.5");
  Stands("b", 6, "192.0.2.6");
  const std::vector<ServerEvent> events = {Event("changed", "5", 5, "a", "192.0.2.5"),
                                           Event("registered", "6", 6, "b", "192.0.2.6")};
  for (const int answers : {0, 1}) {
    answers_left_ = answers;
    EXPECT_EQ(watch.Take(events).error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(ToText(*watch.after()), "4");
    EXPECT_THAT(Lines(), IsEmpty());
  }
  answers_left_ = 2;
  ASSERT_TRUE(watch.Take(events));
  EXPECT_THAT(Lines(), ElementsAre(StartsWith("5 + a.node"), StartsWith("6 + b.node")));
}

TEST_F(ServerWatchTest, WhatTheServerHasForgottenIsPrintedAsTheDifference) {
  for (const char* name : {"a", "b", "c"}) Stands(name, 3, "192.0.2.1");
  ServerWatch watch = Watch();
  ASSERT_TRUE(watch.List());
  Lines();
  Gone("a");
  Stands("b", 8, "192.0.2.8");
  Stands("d", 9, "192.0.2.9");
  revision_ = 9;
  last_ = "3.1";  // the ids begin anew with another store
  const std::vector<ServerEvent> reset = {{"reset", R"({"last":"3"})", "3"},
                                          Event("health", "3.1", 0, "c")};
  answers_left_ = 0;
  EXPECT_FALSE(watch.Take(reset));
  EXPECT_TRUE(watch.after());
  answers_left_ = 2;  // the list's last one is missing
  EXPECT_FALSE(watch.Take(reset));
  EXPECT_THAT(Lines(), IsEmpty());
  answers_left_ = 2;
  ASSERT_FALSE(watch.after()) << "it lists first";
  ASSERT_TRUE(watch.List());
  EXPECT_THAT(Lines(), ElementsAre(StartsWith("8 + b.node"), StartsWith("9 + d.node"),
                                   "9 - a.node.prom.internal"));
  EXPECT_EQ(ToText(*watch.after()), "3.1");
}

TEST_F(ServerWatchTest, WhatAListHasShownIsNotSaidAgain) {
  Stands("a", 7, "192.0.2.7");  // later than the history that was read before it
  ServerWatch watch = Watch();
  ASSERT_TRUE(watch.List());
  Lines();
  ASSERT_TRUE(watch.Take(
      {Event("registered", "4", 4, "a", "192.0.2.4"), Event("changed", "5", 5, "a", "192.0.2.5"),
       Event("deregistered", "6", 6, "a"), Event("registered", "7", 7, "a", "192.0.2.7")}));
  EXPECT_THAT(Lines(), IsEmpty());
  Gone("a");
  ASSERT_TRUE(watch.Take({Event("removed", "8", 0, "a")}));
  EXPECT_THAT(Lines(), ElementsAre("7 - a.node.prom.internal")) << "of no revision, but gone";
}

TEST_F(ServerWatchTest, AStoreThatWasRestoredIsPrintedAsTheDifference) {
  for (const char* name : {"a", "b", "c"}) Stands(name, 8, "192.0.2.8");
  ServerWatch watch = Watch();
  ASSERT_TRUE(watch.List());
  Lines();
  Gone("a");
  Stands("b", 5, "192.0.2.5");
  last_ = "9.1";
  ASSERT_TRUE(
      watch.Take({Event("removed", "9", 5, "a"), Event("changed", "9.1", 5, "b", "192.0.2.5")}));
  EXPECT_THAT(Lines(), ElementsAre(StartsWith("5 + b.node"), EndsWith(" - a.node.prom.internal")));
  Stands("c", 8, "192.0.2.9");  // the same revision of another history
  last_ = "9.2";
  ASSERT_TRUE(watch.Take({Event("changed", "9.2", 8, "c", "192.0.2.9")}));
  EXPECT_THAT(Lines(), ElementsAre(StartsWith("8 + c.node.prom.internal 192.0.2.9")));
}

TEST_F(ServerWatchTest, EachOfSeveralChangesIsSaidWhateverCameOfIt) {
  ServerWatch watch = Watch();
  ASSERT_TRUE(watch.List());
  // The server is ahead of its events: by then it is gone and back with what it had.
  Stands("a", 8, "192.0.2.5", R"("state":"passing")");
  ASSERT_TRUE(watch.Take(
      {Event("registered", "5", 5, "a", "192.0.2.5"), Event("changed", "6", 6, "a", "192.0.2.6")}));
  ASSERT_TRUE(watch.Take({Event("deregistered", "7", 7, "a")}));
  ASSERT_TRUE(watch.Take({Event("registered", "8", 8, "a", "192.0.2.5")}));
  EXPECT_THAT(Lines(), ElementsAre(StartsWith("5 + a.node.prom.internal 192.0.2.5 9100 passing"),
                                   StartsWith("6 + a.node.prom.internal 192.0.2.6 9100 passing"),
                                   "7 - a.node.prom.internal",
                                   StartsWith("8 + a.node.prom.internal 192.0.2.5 9100 passing")));
  Gone("a");
  ASSERT_TRUE(watch.Take({Event("changed", "9", 9, "a", "192.0.2.9")}));
  EXPECT_THAT(Lines(),
              ElementsAre(StartsWith("9 + a.node.prom.internal 192.0.2.9 9100 - since=-")));
}

TEST_F(ServerWatchTest, AStateIsSaidWhenItIsAnother) {
  Stands("a", 3, "192.0.2.1", R"("state":"passing")");
  ServerWatch watch = Watch();
  ASSERT_TRUE(watch.List());
  Lines();
  Stands("a", 3, "192.0.2.1", R"("state":"lost","why":"no sign of life")");
  ASSERT_TRUE(watch.Take({Event("lost", "5", 5, "a")}));
  ASSERT_TRUE(watch.Take({Event("health", "5.1", 5, "a")}));
  EXPECT_THAT(Lines(), ElementsAre("5 ~ a.node.prom.internal 192.0.2.1 9100 lost since=- ttl=- "
                                   "labels=- problem=no sign of life"));
  ASSERT_TRUE(watch.AskForDates());
  EXPECT_THAT(Lines(), IsEmpty());
  Stands("a", 3, "192.0.2.1",
         R"("state":"lost","why":"no sign of life","since":"2026-01-31T12:00:00Z")");
  ASSERT_TRUE(watch.AskForDates());
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr(" lost since=2026-01-31T12:00:00Z ")));
  asked_ = 0;
  ASSERT_TRUE(watch.AskForDates());
  EXPECT_EQ(asked_, 0);
}

TEST_F(ServerWatchTest, WhatIsHeldStaysUntilItIsReleased) {
  Stands("a", 3, "192.0.2.1");
  ServerWatch watch = Watch();
  ASSERT_TRUE(watch.List());
  Lines();
  Stands("a", 3, "192.0.2.1", R"("state":"static","held":{"why":"one of many"})");
  ASSERT_TRUE(watch.Take({Event("held", "5", 5, "a")}));
  EXPECT_THAT(Lines(), ElementsAre(EndsWith("problem=held: one of many")));
  Stands("a", 8, "192.0.2.8");
  ASSERT_TRUE(watch.Take({Event("returned", "9", 9, "a", "192.0.2.8")}));
  EXPECT_THAT(Lines(), ElementsAre(StartsWith("8 + a.node.prom.internal 192.0.2.8")));
  Gone("a");
  ASSERT_TRUE(watch.Take({Event("held", "10", 10, "a"), Event("released", "11", 11, "a")}));
  EXPECT_THAT(Lines(), ElementsAre("11 - a.node.prom.internal"));
}

TEST_F(ServerWatchTest, AWordAboutManyReadsThemAll) {
  Stands("a", 3, "192.0.2.1");
  ServerWatch watch = Watch(Output::kTable, "node.prom.internal");
  ASSERT_TRUE(watch.List());
  Lines();
  last_ = "6";
  Stands("a", 3, "192.0.2.1", R"("state":"maintenance")");
  ASSERT_TRUE(watch.Take({{"maintenance", R"({"revision":5,"key":"@a"})", "5"}}));
  EXPECT_THAT(Lines(),
              ElementsAre(HasSubstr(" ~ a.node.prom.internal 192.0.2.1 9100 maintenance")));
  asked_ = 0;
  ASSERT_TRUE(watch.Take(
      {{"registered", R"({"revision":7,"name":"other.prom.internal","instance":"a"})", "7"}}));
  EXPECT_THAT(Lines(), IsEmpty());
  EXPECT_EQ(asked_, 0) << "of another name";
  EXPECT_EQ(ToText(*watch.after()), "7");
}

TEST_F(ServerWatchTest, ManyChangesAreOneQuestion) {
  ServerWatch watch = Watch();
  ASSERT_TRUE(watch.List());
  std::vector<ServerEvent> events;
  for (int i = 5; i < 505; ++i) {
    const std::string name = fmt::format("n{}", i);
    Stands(name, i, "192.0.2.1");
    events.push_back(Event("registered", std::to_string(i), i, name, "192.0.2.1"));
  }
  asked_ = 0;
  ASSERT_TRUE(watch.Take(events));
  EXPECT_EQ(Lines().size(), 500U);
  EXPECT_EQ(asked_, 1);
}

TEST_F(ServerWatchTest, WhatIsNoEventIsAnErrorThatWaitingDoesNotMend) {
  ServerWatch watch = Watch();
  ASSERT_TRUE(watch.List());
  for (const ServerEvent& event : {ServerEvent{"lost", "{}", "x"}, ServerEvent{"lost", "{}", ""},
                                   ServerEvent{"lost", "[]", "5"}, ServerEvent{"lost", "{", "5"}}) {
    EXPECT_EQ(watch.Take({event}).error().code, ErrorCode::kInternal) << event.data << event.id;
  }
  last_ = "soon";
  EXPECT_EQ(watch.List().error().code, ErrorCode::kInternal);
  ASSERT_TRUE(watch.Take({{"unheard-of", "{}", "6"}})) << "a later server's";
}

TEST_F(ServerWatchTest, NothingOfItIsAnOrderToTheTerminal) {
  Stands("a\n\x1b[2J", 3, "192.0.2.1\x1b[31m");
  ServerWatch watch = Watch();
  ASSERT_TRUE(watch.List());
  EXPECT_THAT(Lines(),
              ElementsAre(StartsWith("3 + a??[2J.node.prom.internal 192.0.2.1?[31m 9100")));
}

TEST_F(ServerWatchTest, AsJsonItIsWhatTheServerShows) {
  Stands("a", 3, "192.0.2.1");
  ServerWatch watch = Watch(Output::kJson);
  ASSERT_TRUE(watch.List());
  const auto put = json::parse(Lines().at(0)).get_object();
  EXPECT_EQ(TextIn(put, "event"), "put");
  EXPECT_EQ(TextIn(put, "address"), "192.0.2.1");
  Gone("a");
  ASSERT_TRUE(watch.Take({Event("deregistered", "6", 6, "a")}));
  EXPECT_EQ(json::parse(Lines().at(0)),
            json::parse(R"({"event":"delete","key":"/skydns/internal/prom/node/a",
                "name":"node.prom.internal","instance":"a","revision":6})"));
}

}  // namespace
}  // namespace rollcall::app
