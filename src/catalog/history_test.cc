#include "catalog/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "catalog/ledger.h"
#include "model/time.h"

namespace rollcall::catalog {
namespace {

using model::Area;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Texts = std::vector<std::string>;

HistoryEntry At(store::Revision revision, std::string subject = "/skydns/z/node/a") {
  HistoryEntry entry;
  entry.revision = revision;
  entry.subject = std::move(subject);
  return entry;
}

Texts Ids(const std::vector<HistoryEntryPtr>& entries) {
  Texts ids;
  for (const auto& entry : entries) ids.push_back(ToText(entry->id));
  return ids;
}

// --- ids and bounds

TEST(History, IdsGrowWhateverTheRevisions) {
  History history;
  history.Begin(10);
  history.Append({At(11), At(11), At(0), At(15)});
  history.Append({At(12), At(16)});  // the other range was behind
  EXPECT_THAT(Ids(history.After({10, 0}, 99).entries),
              ElementsAre("11", "11.1", "11.2", "15", "15.1", "16"));
  EXPECT_EQ(ToText(history.last()), "16");
}

TEST(History, CountsWhatItForgetsToo) {
  History history({.most = 2});
  history.Begin(10);
  for (int i = 0; i < 5; ++i) history.Append({At(11)});
  HistoryEntry lost = At(12);
  lost.event = HistoryEvent::kLost;
  history.Append({lost});
  const History::Counts counts = history.counts();
  EXPECT_EQ(counts[static_cast<std::size_t>(HistoryEvent::kChanged)], 5u);
  EXPECT_EQ(counts[static_cast<std::size_t>(HistoryEvent::kLost)], 1u);
}

TEST(History, GoesOnBehindAnId) {
  History history;
  history.Begin(10);
  history.Append({At(11), At(11), At(12), At(13)});
  EXPECT_THAT(Ids(history.After({11, 0}, 2).entries), ElementsAre("11.1", "12"));
  EXPECT_THAT(Ids(history.After({13, 0}, 2).entries), IsEmpty());
  EXPECT_FALSE(history.After({13, 0}, 2).gap);
  EXPECT_THAT(Ids(history.Before(std::nullopt, 2)), ElementsAre("13", "12"));
  EXPECT_THAT(Ids(history.Before(HistoryId{12, 0}, 9)), ElementsAre("11.1", "11"));
}

TEST(History, SaysWhenItDoesNotKnowWhatCameBetween) {
  History history({.most = 2});
  history.Begin(10);
  EXPECT_TRUE(history.After({9, 0}, 1).gap);   // of before the process
  EXPECT_TRUE(history.After({11, 0}, 1).gap);  // of another one
  history.Append({At(11), At(12), At(13)});
  EXPECT_TRUE(history.After({10, 0}, 1).gap);
  EXPECT_FALSE(history.After({11, 0}, 1).gap);
  EXPECT_EQ(history.size(), 2U);
}

TEST(History, OctetsBoundItToo) {
  History history({.most = 1000, .most_octets = 10'000});
  for (int i = 1; i <= 100; ++i) history.Append({At(i, std::string(1000, 'x'))});
  EXPECT_LT(history.size(), 10U);
  EXPECT_GT(history.size(), 3U);
}

TEST(History, IdsAreReadAsTheyAreWritten) {
  for (const HistoryId id : {HistoryId{0, 0}, HistoryId{42, 0}, HistoryId{42, 7}}) {
    EXPECT_EQ(ParseHistoryId(ToText(id)).value(), id);
  }
  for (const char* wrong :
       {"", "x", "-1", "1.", ".1", "1.-1", "1.2.3", " 1", "1 ", "+1", "99999999999999999999"}) {
    EXPECT_FALSE(ParseHistoryId(wrong)) << wrong;
  }
}

TEST(History, ToWaitEndsWithNewsAWakeOrTheDeadline) {
  History history;
  const auto far = SystemClock().Now() + std::chrono::hours(1);
  history.WaitForMore({0, 0}, SystemClock().Now());
  history.Wake();
  history.WaitForMore({0, 0}, far);
  std::jthread writer([&] { history.Append({At(1)}); });
  history.WaitForMore({0, 0}, far);
  EXPECT_EQ(history.size(), 1U);
}

// --- what the ledger tells

class StillClock : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime(std::chrono::hours(1)); }
  WallTime WallNow() const override { return model::ParseTime("2026-01-31T12:00:00Z").value(); }
};

const std::string kA = "/skydns/z/node/a";
const std::string kOwned = R"({"host":"10.0.0.1","port":1,"rollcall":{"owner":"agent:h"}})";
const std::string kStatic = R"({"host":"10.0.0.1","port":1})";
const std::string kOther = R"({"host":"10.0.0.2","port":1})";
const std::string kSaid = R"({"since":"2026-01-31T11:00:00Z","by":"ann","why":"moved"})";

std::string Health(const std::string& health) {
  return R"({"since":"2026-01-31T11:00:00Z","health":")" + health + R"("})";
}

struct Step {  // of one revision: "" deletes
  std::vector<std::pair<std::string, std::string>> pairs;
};
struct Story {
  const char* what;
  std::vector<Step> before;  // is listed
  std::vector<Step> heard;
  Texts told;  // EVENT SUBJECT[ by BY][ why WHY]
};

class HistoryOfLedger : public ::testing::TestWithParam<Story> {
 protected:
  std::vector<store::Event> EventsOf(const Step& step) {
    std::vector<store::Event> events;
    for (const auto& [key, value] : step.pairs) {
      store::Event event;
      event.type = value.empty() ? store::Event::Type::kDelete : store::Event::Type::kPut;
      event.kv.key = key;
      event.kv.value = value;
      event.kv.mod_revision = revision_;
      if (value.empty()) {
        pairs_.erase(key);
      } else {
        pairs_[key] = event.kv;
      }
      events.push_back(std::move(event));
    }
    ++revision_;
    return events;
  }
  void List() {
    ledger_.BeginList(false);
    for (const bool own : {true, false}) {
      for (const auto& [key, kv] : pairs_) {
        if (key.starts_with(model::kOwnPrefix) == own) ledger_.AddPage({kv});
      }
    }
    ledger_.EndList(revision_ - 1);
  }
  static std::string TextOf(const HistoryEntry& entry) {
    std::string text = std::string(ToString(entry.event)) + " " + entry.subject;
    if (!entry.by.empty()) text += " by " + entry.by;
    if (!entry.why.empty()) text += " why " + entry.why;
    return text;
  }

  StillClock clock_;
  Publisher publisher_;
  History history_{{}, clock_};
  Ledger ledger_{
      publisher_, clock_, {"/skydns", {}, {wire::Name::FromText("z").value()}, nullptr, &history_}};
  std::map<std::string, store::KeyValue> pairs_;
  store::Revision revision_ = 1;
};

TEST_P(HistoryOfLedger, IsAsItWas) {
  const Story& story = GetParam();
  for (const Step& step : story.before) (void)EventsOf(step);
  List();
  const HistoryId begun = history_.last();
  EXPECT_EQ(history_.size(), 0U) << "what was there already is no news";
  for (const Step& step : story.heard) (void)ledger_.Apply(EventsOf(step));
  ledger_.Tell();
  Texts told;
  for (const auto& entry : history_.After(begun, 100).entries) told.push_back(TextOf(*entry));
  EXPECT_EQ(told, story.told);
}

std::string Mark(Area area, const std::string& key = kA) {
  return model::RecordKey(area, key);
}

const std::vector<Story> kStories = {
    {"registered", {}, {{{{kA, kStatic}}}}, {"registered " + kA}},
    {"registered by an owner",
     {},
     {{{{kA, kOwned}, {Mark(Area::kAlive), Health("passing")}}}},
     {"registered " + kA + " by agent:h"}},
    {"registered, with who and why",
     {},
     {{{{kA, kStatic}, {Mark(Area::kRegistered), kSaid}}}},
     {"registered " + kA + " by ann why moved"}},
    {"the word of who registered it came first",
     {},
     {{{{Mark(Area::kRegistered), kSaid}, {kA, kStatic}}}},
     {"registered " + kA + " by ann why moved"}},
    {"registered by somebody in place of an owner",
     {},
     {{{{kA, kOwned}, {Mark(Area::kRegistered), kSaid}}}},
     {"registered " + kA + " by ann why moved"}},
    {"who registered it did not change it later",
     {},
     {{{{kA, kStatic}, {Mark(Area::kRegistered), kSaid}}}, {{{kA, kOther}}}},
     {"registered " + kA + " by ann why moved", "changed " + kA}},
    {"a word that is of no registration's revision",
     {{{{Mark(Area::kRegistered), kSaid}}}},
     {{{{Mark(Area::kRegistered), kSaid}}}, {{{kA, kStatic}}}},
     {"registered " + kA}},
    {"back from being held, with who brought it back",
     {{{{kA, kStatic}}}},
     {{{{Mark(Area::kHeld),
         R"({"since":"2026-01-31T11:00:00Z","by":"s1","why":"many","value":"{\"host\":\"10.0.0.1\",\"port\":1}"})"}}},
      {{{kA, kStatic}, {Mark(Area::kRegistered), kSaid}, {Mark(Area::kHeld), ""}}}},
     {"held " + kA + " by s1 why many", "returned " + kA + " by ann why moved"}},
    {"a word that cannot be read",
     {},
     {{{{kA, kStatic}, {Mark(Area::kRegistered), "{"}}}},
     {"registered " + kA}},
    {"changed",
     {{{{kA, kStatic}}}},
     {{{{kA, R"({"host":"10.0.0.2","port":1})"}}}},
     {"changed " + kA}},
    {"put again as it was", {{{{kA, kStatic}}}}, {{{{kA, kStatic}}}}, {}},
    {"deregistered, with who and why",
     {{{{kA, kStatic}}}},
     {{{{kA, ""}, {Mark(Area::kGone), kSaid}}}},
     {"deregistered " + kA + " by ann why moved"}},
    {"deleted by hand", {{{{kA, kStatic}}}}, {{{{kA, ""}}}}, {"removed " + kA}},
    {"deleted by hand, long after a deregistration",
     {{{{kA, kStatic}}}},
     {{{{kA, ""}, {Mark(Area::kGone), kSaid}}}, {{{kA, kStatic}}}, {{{kA, ""}}}},
     {"deregistered " + kA + " by ann why moved", "registered " + kA, "removed " + kA}},
    {"lost and back",
     {{{{kA, kOwned}, {Mark(Area::kAlive), Health("passing")}}}},
     {{{{Mark(Area::kAlive), ""}}},
      {{{Mark(Area::kLost), kSaid}}},
      {{{Mark(Area::kAlive), Health("passing")}, {Mark(Area::kLost), ""}}}},
     {"lost " + kA, "alive " + kA}},
    {"health",
     {{{{kA, kOwned}, {Mark(Area::kAlive), Health("passing")}}}},
     {{{{Mark(Area::kAlive), Health("critical")}}}, {{{Mark(Area::kAlive), Health("critical")}}}},
     {"health " + kA}},
    {"deregistered while alive: no word of a loss",
     {{{{kA, kOwned}, {Mark(Area::kAlive), Health("passing")}}}},
     {{{{kA, ""}, {Mark(Area::kGone), kSaid}}}, {{{Mark(Area::kAlive), ""}}}},
     {"deregistered " + kA + " by ann why moved"}},
    {"maintenance of a name above",
     {{{{kA, kStatic}}}},
     {{{{Mark(Area::kMaintenance, "/skydns/z/node"), kSaid}}},
      {{{Mark(Area::kMaintenance, "/skydns/z/node"), ""}}}},
     {"maintenance /skydns/z/node by ann why moved", "maintenance_ended /skydns/z/node"}},
    {"maintenance of a host",
     {},
     {{{{model::HostRecordKey(Area::kMaintenance, "h"), kSaid}}}},
     {"maintenance @h by ann why moved"}},
    {"a stop, and back",
     {{{{kA, kOwned}}}},
     {{{{Mark(Area::kStopping), kSaid}}}, {{{Mark(Area::kStopping), ""}}}},
     {"stopping " + kA + " by ann why moved", "resumed " + kA}},
    {"another server's word that it is held; then let go",
     {{{{kA, kStatic}}}},
     {{{{Mark(Area::kHeld),
         R"({"since":"2026-01-31T11:00:00Z","by":"s1","why":"many","value":"{\"host\":\"10.0.0.1\",\"port\":1}"})"}}},
      {{{Mark(Area::kHeld), ""}}}},
     {"held " + kA + " by s1 why many", "returned " + kA}},
};

INSTANTIATE_TEST_SUITE_P(All, HistoryOfLedger, ::testing::ValuesIn(kStories));

TEST_F(HistoryOfLedger, WhatIsHeldAndReleasedIsTold) {
  Step fill;
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
    fill.pairs.emplace_back(std::string("/skydns/z/node/") + name, kStatic);
  }
  (void)EventsOf(fill);
  List();
  Step wipe;
  for (const auto& [key, value] : fill.pairs) wipe.pairs.emplace_back(key, "");
  (void)ledger_.Apply(EventsOf(wipe));
  ASSERT_EQ(history_.size(), 8U);
  EXPECT_EQ(history_.Before(std::nullopt, 1)[0]->event, HistoryEvent::kHeld);
  const HistoryId then = history_.last();
  (void)ledger_.Apply(EventsOf({{{Mark(Area::kGone), kSaid}}}));
  (void)ledger_.Apply(EventsOf({{{"/skydns/z/node/b", kStatic}}}));
  Texts told;
  for (const auto& entry : history_.After(then, 100).entries) told.push_back(TextOf(*entry));
  EXPECT_THAT(told, ElementsAre("released " + kA + " by ann why moved",
                                ::testing::StartsWith("returned /skydns/z/node/b")));
}

TEST_F(HistoryOfLedger, ADifferenceFoundByListingAgainIsNews) {
  (void)EventsOf({{{kA, kStatic}}});
  List();
  (void)EventsOf({{{"/skydns/z/node/b", kStatic}}});  // nobody heard of it
  List();
  const auto told = history_.Before(std::nullopt, 9);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(TextOf(*told[0]), "registered /skydns/z/node/b");
  EXPECT_EQ(told[0]->revision, 2);
}

// The record lies in another range of the watch, which may be behind or ahead.
TEST_F(HistoryOfLedger, WhoRegisteredItIsToldThoughItIsHeardLater) {
  List();
  const auto both = EventsOf({{{kA, kStatic}, {Mark(Area::kRegistered), kSaid}}});
  (void)ledger_.Apply({&both[0], 1});
  EXPECT_THAT(ledger_.Unsigned(), ElementsAre(kA));
  EXPECT_EQ(history_.size(), 0U) << "it is withheld until it was asked for";
  ledger_.Tell({&both[1].kv, 1});
  ASSERT_EQ(history_.size(), 1U);
  EXPECT_EQ(TextOf(*history_.Before(std::nullopt, 1)[0]), "registered " + kA + " by ann why moved");

  const auto changed = EventsOf({{{kA, kOther}, {Mark(Area::kRegistered), kSaid}}});
  (void)ledger_.Apply({&changed[1], 1});
  (void)ledger_.Apply({&changed[0], 1});
  EXPECT_THAT(ledger_.Unsigned(), IsEmpty());
  ASSERT_EQ(history_.size(), 2U);
  EXPECT_EQ(TextOf(*history_.Before(std::nullopt, 1)[0]), "changed " + kA + " by ann why moved");
}

TEST_F(HistoryOfLedger, TheWordOfAnotherWriteSignsNothing) {
  List();
  const auto put = EventsOf({{{kA, kStatic}}});
  const auto word = EventsOf({{{Mark(Area::kRegistered), kSaid}}});
  (void)ledger_.Apply(put);
  ledger_.Tell({&word[0].kv, 1});
  ASSERT_EQ(history_.size(), 1U);
  EXPECT_EQ(TextOf(*history_.Before(std::nullopt, 1)[0]), "registered " + kA);
}

TEST_F(HistoryOfLedger, WhatNobodyAskedAboutIsToldWithTheNext) {
  List();
  (void)ledger_.Apply(EventsOf({{{kA, kStatic}}}));
  (void)ledger_.Apply(EventsOf({{{kA, kOwned}}}));
  Texts told;
  for (const auto& entry : history_.After({0, 0}, 100).entries) told.push_back(TextOf(*entry));
  EXPECT_THAT(told, ElementsAre("registered " + kA, "changed " + kA + " by agent:h"));
}

TEST_F(HistoryOfLedger, ADifferenceFoundByListingAgainHasItsWriter) {
  List();
  (void)EventsOf({{{kA, kStatic}, {Mark(Area::kRegistered), kSaid}}});  // nobody heard of it
  List();
  ASSERT_EQ(history_.size(), 1U);
  EXPECT_EQ(TextOf(*history_.Before(std::nullopt, 1)[0]), "registered " + kA + " by ann why moved");
}

TEST_F(HistoryOfLedger, BeforeAndAfterAreWhatStoodThere) {
  (void)EventsOf({{{kA, kStatic}}});
  List();
  (void)ledger_.Apply(EventsOf({{{kA, kOwned}}}));
  const auto entry = history_.Before(std::nullopt, 1).at(0);
  EXPECT_EQ(entry->before->service.port, 1);
  EXPECT_FALSE(entry->before->extension);
  EXPECT_EQ(entry->after->extension->owner, "agent:h");
  EXPECT_EQ(wire::NameView(entry->name).ToText(), "a.node.z.");
}

}  // namespace
}  // namespace rollcall::catalog
