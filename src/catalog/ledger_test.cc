// What the ledger makes of our own records, and of what vanishes.
#include "catalog/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "model/time.h"

namespace rollcall::catalog {
namespace {

using model::Area;
using model::State;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class StillClock : public Clock {
 public:
  SteadyTime Now() const override { return now; }
  WallTime WallNow() const override { return model::ParseTime("2026-01-31T12:00:00Z").value(); }
  SteadyTime now{std::chrono::hours(1)};
};

std::string Json(int port, const std::string& extension = "") {
  return R"({"host":"192.0.2.1","port":)" + std::to_string(port) +
         (extension.empty() ? "" : R"(,"rollcall":{)" + extension + "}") + "}";
}
const std::string kOwned = R"("owner":"agent:h")";
const std::string kMark = R"({"since":"2026-01-31T11:00:00Z","by":"x","why":"y"})";

// A store, as far as a list and a watch show it.
class LedgerTest : public ::testing::Test {
 protected:
  using Events = std::vector<store::Event>;

  // Each makes the event of the revision at hand; Next() begins another.
  store::Event Put(const std::string& key, const std::string& value) {
    store::Event event;
    event.kv.key = key;
    event.kv.value = value;
    event.kv.mod_revision = revision_;
    pairs_[key] = event.kv;
    return event;
  }
  store::Event Delete(const std::string& key) {
    store::Event event;
    event.type = store::Event::Type::kDelete;
    event.kv.key = key;
    event.kv.mod_revision = revision_;
    pairs_.erase(key);
    return event;
  }
  void Next() { ++revision_; }
  void Hear(const Events& events) {
    (void)ledger_.Apply(events);
    Next();
  }
  // All that there is, as the lister brings it.
  void List(bool new_epoch = false) {
    ledger_.BeginList(new_epoch);
    for (const bool own : {true, false}) {
      std::vector<store::KeyValue> page;
      for (const auto& [key, kv] : pairs_) {
        if (key.starts_with(model::kOwnPrefix) == own) page.push_back(kv);
      }
      ledger_.AddPage(std::move(page));
    }
    ledger_.EndList(revision_);
    Next();
  }
  static std::string Key(const std::string& name) { return "/skydns/z/" + name; }
  // Puts node/1 to node/COUNT and lists them.
  void Fill(int count) {
    for (int i = 1; i <= count; ++i) Put(Key("node/" + std::to_string(i)), Json(i));
    List();
  }

  std::vector<std::string> Names() {
    std::vector<std::string> names;
    const auto view = reader_.Enter();
    const Node* root = view->tree.Find(wire::NameView());
    if (!root) return names;
    view->tree.VisitSubtree(*root, true, [&](const Registration& registration) {
      names.push_back(std::string(registration.key.substr(10)) + "=" +
                      std::to_string(registration.service.port));
      return true;
    });
    return names;
  }
  std::size_t Count() { return Names().size(); }
  State StateAt(const std::string& name) {
    const auto view = reader_.Enter();
    return StateOf(*view->tree.FindKey(Key(name)), view->marks, clock_.WallNow());
  }
  std::vector<std::string> Held() {
    std::vector<std::string> held;
    const auto view = reader_.Enter();
    for (const auto& [key, mark] : view->marks.Of(Area::kHeld)) {
      held.push_back(key + (mark->revision == 0 ? "*" : ""));
    }
    return held;
  }

  StillClock clock_;
  Publisher publisher_;
  Publisher::Reader reader_ = publisher_.AddReader();
  Ledger ledger_{publisher_, clock_, {"/skydns", {}, {wire::Name::FromText("z").value()}}};
  std::map<std::string, store::KeyValue> pairs_;
  store::Revision revision_ = 10;
};

// --- states

// What a name answers, and how its instances are, is as it was while neither has moved.
TEST_F(LedgerTest, WhoeverChangesTouchesTheNamesAboveHim) {
  Put(Key("node/a"), Json(1, kOwned));
  Put(Key("other/b"), Json(2, kOwned));
  List();
  const auto touched = [&](const std::string& name) {
    const auto view = reader_.Enter();
    return view->tree.Find(wire::Name::FromText(name).value())->touched();
  };
  const auto now = [&] { return reader_.Enter()->changes; };
  const auto by_maintenance = [&] { return reader_.Enter()->maintenance_touched; };
  const std::uint64_t other = touched("other.z");
  const std::string alive = model::RecordKey(Area::kAlive, Key("node/a"));
  const auto hear = [&](const store::Event& event) {
    Hear({event});
    for (const char* name : {"node.z", "z", "."}) EXPECT_EQ(touched(name), now()) << name;
    EXPECT_EQ(touched("other.z"), other);
  };
  hear(Put(alive, R"({"since":"2026-01-31T11:00:00Z","health":"critical"})"));
  hear(Put(alive, R"({"since":"2026-01-31T11:00:00Z","health":"passing"})"));
  hear(Delete(alive));
  hear(Put(Key("node/a"), Json(3, kOwned)));
  EXPECT_EQ(touched("a.node.z"), now());
  hear(Put(Key("node/c"), Json(4)));
  EXPECT_LT(touched("a.node.z"), now());
  EXPECT_EQ(by_maintenance(), 0U);
  for (const std::string& subject : {model::RecordKey(Area::kMaintenance, Key("node")),
                                     model::HostRecordKey(Area::kMaintenance, "h")}) {
    Hear({Put(subject, kMark)});
    EXPECT_EQ(by_maintenance(), now()) << subject;
    Hear({Delete(subject)});
    EXPECT_EQ(by_maintenance(), now()) << subject;
  }
}

TEST_F(LedgerTest, AnInstanceIsAsItsOwnersRecordSays) {
  Put(Key("node/a"), Json(1, kOwned));
  Put(Key("node/b"), Json(2));
  Put(model::RecordKey(Area::kAlive, Key("node/a")),
      R"({"since":"2026-01-31T11:00:00Z","health":"critical"})");
  List();
  EXPECT_EQ(StateAt("node/a"), State::kCritical);
  EXPECT_EQ(StateAt("node/b"), State::kStatic);
  Hear({Put(model::RecordKey(Area::kAlive, Key("node/a")),
            R"({"since":"2026-01-31T11:00:00Z","health":"passing"})")});
  EXPECT_EQ(StateAt("node/a"), State::kPassing);
  Hear({Delete(model::RecordKey(Area::kAlive, Key("node/a")))});
  EXPECT_EQ(StateAt("node/a"), State::kLost);
  EXPECT_THAT(reader_.Enter()->marks.lifeless(), ElementsAre(Key("node/a")));
  EXPECT_EQ(Count(), 2U);
}

TEST_F(LedgerTest, WhoIsAliveIsNeverLifelessWhateverComesFirst) {
  List();
  Hear({Put(model::RecordKey(Area::kAlive, Key("node/a")), kMark)});
  Hear({Put(Key("node/a"), Json(1, kOwned))});
  EXPECT_THAT(reader_.Enter()->marks.lifeless(), IsEmpty());
  Hear({Delete(model::RecordKey(Area::kAlive, Key("node/a")))});
  Hear({Put(Key("node/a"), Json(1))});  // names no owner any more
  EXPECT_THAT(reader_.Enter()->marks.lifeless(), IsEmpty());
}

TEST_F(LedgerTest, ARecordThatCannotBeReadStillSaysThatItsOwnerLives) {
  Put(Key("node/a"), Json(1, kOwned));
  Put(model::RecordKey(Area::kAlive, Key("node/a")), "garbage");
  List();
  EXPECT_EQ(StateAt("node/a"), State::kPassing);
}

TEST_F(LedgerTest, MaintenanceIsOfAnInstanceAServiceOrAHostUntilItsEnd) {
  Put(Key("node/a"), Json(1, kOwned));
  Put(Key("node/b-2"), Json(2));
  Put(Key("other/c"), Json(3));
  List();
  const auto states = [&] {
    return std::vector{StateAt("node/a"), StateAt("node/b-2"), StateAt("other/c")};
  };
  const State kept = State::kMaintenance;
  const std::string host = model::HostRecordKey(Area::kMaintenance, "b");
  Hear({Put(model::RecordKey(Area::kMaintenance, Key("node")), kMark)});
  EXPECT_THAT(states(), ElementsAre(kept, kept, State::kStatic));
  Hear({Delete(model::RecordKey(Area::kMaintenance, Key("node"))), Put(host, kMark)});
  EXPECT_THAT(states(), ElementsAre(State::kLost, kept, State::kStatic));
  Hear({Put(host, R"({"since":"2026-01-31T11:00:00Z","until":"2026-01-31T11:59:59Z"})")});
  EXPECT_THAT(states(), ElementsAre(State::kLost, State::kStatic, State::kStatic));
}

// --- what vanishes

TEST_F(LedgerTest, WhatWasDeregisteredGoesAtOnceHoweverMuch) {
  Fill(10);
  Events events;
  for (int i = 1; i <= 8; ++i) {
    const std::string key = Key("node/" + std::to_string(i));
    events.push_back(Delete(key));
    events.push_back(Put(model::RecordKey(Area::kGone, key), kMark));
  }
  EXPECT_THAT(ledger_.Doubtful(events), IsEmpty());
  Hear(events);
  EXPECT_THAT(Names(), ElementsAre("node/10=10", "node/9=9"));
  EXPECT_THAT(Held(), IsEmpty());
}

TEST_F(LedgerTest, AMarkThatComesBehindItsDeletionIsToBeAskedFor) {
  Fill(10);
  const Events deleted = {Delete(Key("node/1")), Delete(Key("node/2"))};
  EXPECT_THAT(ledger_.Doubtful(deleted), ElementsAre(Key("node/1"), Key("node/2")));
  for (const char* name : {"node/1", "node/2"}) {
    ledger_.HearGone(Put(model::RecordKey(Area::kGone, Key(name)), kMark).kv);
  }
  EXPECT_THAT(ledger_.Doubtful(deleted), IsEmpty());
  Hear(deleted);
  EXPECT_EQ(Count(), 8U);
}

TEST_F(LedgerTest, AMarkOfAnEarlierDeregistrationDoesNotCount) {
  Fill(10);
  for (const char* name : {"node/1", "node/2"}) {
    Put(model::RecordKey(Area::kGone, Key(name)), kMark);
  }
  const Events marks = {Put(model::RecordKey(Area::kGone, Key("node/1")), kMark),
                        Put(model::RecordKey(Area::kGone, Key("node/2")), kMark)};
  Hear(marks);
  Hear({Put(Key("node/1"), Json(1)), Put(Key("node/2"), Json(2)),
        Delete(model::RecordKey(Area::kGone, Key("node/1"))),
        Delete(model::RecordKey(Area::kGone, Key("node/2")))});
  Hear({Delete(Key("node/1")), Delete(Key("node/2"))});
  EXPECT_EQ(Count(), 10U);
}

TEST_F(LedgerTest, ASingleRawDeleteIsBelieved) {
  Fill(10);
  Hear({Delete(Key("node/3"))});
  EXPECT_EQ(Count(), 9U);
  EXPECT_THAT(Held(), IsEmpty());
}

TEST_F(LedgerTest, ManyRawDeletesOneByOneAreHeldFromTheFourthOn) {
  Fill(10);
  for (int i = 1; i <= 8; ++i) Hear({Delete(Key("node/" + std::to_string(i)))});
  EXPECT_EQ(Count(), 7U);
  EXPECT_EQ(ledger_.held(), 5U);
}

TEST_F(LedgerTest, InOneBatchTooTheyAreWeighedRevisionByRevision) {
  Fill(10);
  Events events;
  for (int i = 1; i <= 8; ++i) {
    events.push_back(Delete(Key("node/" + std::to_string(i))));
    Next();
  }
  Hear(events);
  EXPECT_EQ(Count(), 7U);
}

TEST_F(LedgerTest, AWipedPrefixIsHeldWithTheWholeValues) {
  Put(Key("node/1"), Json(1, R"("labels":{"rack":"r1"})"));
  Put(Key("node/2"), Json(2));
  List();
  Hear({Delete(Key("node/1")), Delete(Key("node/2"))});
  EXPECT_THAT(Names(), ElementsAre("node/1=1", "node/2=2"));
  EXPECT_THAT(Held(), UnorderedElementsAre(Key("node/1") + "*", Key("node/2") + "*"));
  const auto view = reader_.Enter();
  const Mark* const mark = view->marks.Find(Area::kHeld, Key("node/1"));
  EXPECT_EQ(mark->record.value,
            R"({"host":"192.0.2.1","port":1,"rollcall":{"labels":{"rack":"r1"}}})");
  EXPECT_EQ(mark->record.why, "2 vanished at once without a deregistration");
}

TEST_F(LedgerTest, AHoldEndsWhenTheRegistrationIsBack) {
  Fill(2);
  Hear({Delete(Key("node/1")), Delete(Key("node/2"))});
  Hear({Put(Key("node/1"), Json(7))});
  EXPECT_THAT(Names(), ElementsAre("node/1=7", "node/2=2"));
  EXPECT_THAT(Held(), ElementsAre(Key("node/2") + "*"));
  EXPECT_EQ(ledger_.held(), 1U);
}

TEST_F(LedgerTest, AHoldInTheStoreIsServedByWhoNeverSawTheRegistration) {
  Put(model::RecordKey(Area::kHeld, Key("node/1")),
      R"({"since":"2026-01-31T11:00:00Z","value":"{\"host\":\"192.0.2.1\",\"port\":5}"})");
  List();
  EXPECT_THAT(Names(), ElementsAre("node/1=5"));
  EXPECT_EQ(ledger_.held(), 1U);
}

TEST_F(LedgerTest, WhatAnotherServerHoldsIsServedWhicheverComesFirst) {
  Fill(20);
  const store::Event erased = Delete(Key("node/1"));  // one alone, which may go
  Next();
  const store::Event held = Put(model::RecordKey(Area::kHeld, Key("node/1")),
                                R"({"since":"2026-01-31T11:00:00Z","value":"{\"port\":1}"})");
  Next();
  (void)ledger_.Apply(Events{held});
  (void)ledger_.Apply(Events{erased});
  EXPECT_EQ(Count(), 20);
  EXPECT_THAT(Held(), ElementsAre(Key("node/1")));
  // Of an earlier hold, the record says nothing about a later deletion.
  Hear({Put(Key("node/1"), Json(1))});
  Hear({Delete(Key("node/1"))});
  EXPECT_EQ(Count(), 19);
}

TEST_F(LedgerTest, WhatIsHeldIsNeverNewerThanItsRecordUntilItIsBack) {
  const auto is_back = [&] {
    const auto view = reader_.Enter();
    return view->tree.FindKey(Key("node/1"))->mod_revision >
           view->marks.Find(Area::kHeld, Key("node/1"))->revision;
  };
  const std::string record = model::RecordKey(Area::kHeld, Key("node/1"));
  const std::string value = R"({"since":"2026-01-31T11:00:00Z","value":"{\"port\":1}"})";
  Fill(3);
  Next();
  Delete(Key("node/1"));
  Delete(Key("node/2"));
  Put(record, value);
  Next();
  List();  // both unseen
  EXPECT_FALSE(is_back());
  Hear({Put(record, value)});
  EXPECT_FALSE(is_back());
  List(true);
  EXPECT_FALSE(is_back());
  Hear({Put(Key("node/1"), Json(1))});
  EXPECT_TRUE(is_back());
}

TEST_F(LedgerTest, AHoldIsReleasedByTheMarkOfADeregistration) {
  Fill(2);
  Hear({Delete(Key("node/1")), Delete(Key("node/2"))});
  const std::string held = model::RecordKey(Area::kHeld, Key("node/1"));
  Hear({Put(held, R"({"since":"2026-01-31T11:00:00Z","value":"{}"})")});
  EXPECT_THAT(Held(), UnorderedElementsAre(Key("node/1"), Key("node/2") + "*"));
  Hear({Delete(held), Put(model::RecordKey(Area::kGone, Key("node/1")), kMark)});
  EXPECT_THAT(Names(), ElementsAre("node/2=2"));
  EXPECT_THAT(Held(), ElementsAre(Key("node/2") + "*"));
  // The same of one that is not in the store yet.
  Hear({Put(model::RecordKey(Area::kGone, Key("node/2")), kMark)});
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_THAT(Held(), IsEmpty());
}

TEST_F(LedgerTest, WithoutThatMarkARecordThatVanishesReleasesNothing) {
  Fill(2);
  const std::string held = model::RecordKey(Area::kHeld, Key("node/1"));
  Hear({Delete(Key("node/1")), Delete(Key("node/2"))});
  Hear({Put(held, R"({"since":"2026-01-31T11:00:00Z","value":"{}"})")});
  Hear({Delete(held)});
  EXPECT_EQ(Count(), 2U);
  EXPECT_THAT(Held(), UnorderedElementsAre(Key("node/1") + "*", Key("node/2") + "*"));
}

TEST_F(LedgerTest, WhatAsksToGoWithItsLeaseIsWeighedAlone) {
  for (int i = 1; i <= 5; ++i) {
    const std::string key = Key("lb/" + std::to_string(i));
    Put(key, Json(i, R"("owner":"agent:h","on_loss":"remove")"));
    pairs_[key].lease = 77;
  }
  List();
  Events events;
  for (int i = 1; i <= 5; ++i) events.push_back(Delete(Key("lb/" + std::to_string(i))));
  Hear(events);
  EXPECT_EQ(Count(), 2U);
  EXPECT_EQ(ledger_.held(), 2U);
}

TEST_F(LedgerTest, TheEndOfALeaseIsNoDeregistration) {
  for (int i = 1; i <= 3; ++i) {
    const std::string key = Key("node/" + std::to_string(i));
    Put(key, Json(i));
    pairs_[key].lease = 70 + i;
  }
  List();
  const std::vector<std::string> keys = {Key("node/1"), Key("node/2")};
  EXPECT_THAT(ledger_.LeasesOf(keys), UnorderedElementsAre(71, 72));
  ledger_.HearLeaseOver(71);
  Hear({Delete(keys[0])});
  EXPECT_EQ(Count(), 3U);
  Hear({Delete(keys[1])});  // by hand: its lease lives
  EXPECT_THAT(Names(), ElementsAre("node/1=1", "node/3=3"));
  Delete(Key("node/3"));  // while nobody watched
  List();
  EXPECT_THAT(Names(), ElementsAre("node/1=1", "node/3=3"));
  EXPECT_EQ(ledger_.held(), 2U);
}

// --- while nobody watched

TEST_F(LedgerTest, WhatANewListLacksIsHeldUnlessItWasDeregistered) {
  Fill(6);
  for (int i = 1; i <= 3; ++i) Delete(Key("node/" + std::to_string(i)));
  Put(model::RecordKey(Area::kGone, Key("node/1")), kMark);
  List();
  EXPECT_THAT(Names(), ElementsAre("node/2=2", "node/3=3", "node/4=4", "node/5=5", "node/6=6"));
  List();  // and again
  EXPECT_EQ(Count(), 5U);
  EXPECT_EQ(ledger_.held(), 2U);
}

TEST_F(LedgerTest, AStoreRestoredFromABackupTakesNothingAway) {
  Fill(2);
  const auto backup = pairs_;
  pairs_[model::RecordKey(Area::kGone, Key("node/3"))] = pairs_[Key("node/1")];
  Hear({Put(Key("node/3"), Json(3)), Put(Key("node/4"), Json(4)),
        Delete(model::RecordKey(Area::kGone, Key("node/3")))});
  pairs_ = backup;
  // As the backup had it: from before node/3 was registered again.
  store::Event old = Put(model::RecordKey(Area::kGone, Key("node/3")), kMark);
  pairs_[old.kv.key].mod_revision = 9;
  List(true);
  EXPECT_EQ(Count(), 4U);
  EXPECT_EQ(ledger_.held(), 2U);
}

TEST_F(LedgerTest, AnEmptyStoreInPlaceOfTheOldOneTakesNothingAway) {
  Fill(5);
  Hear({Delete(Key("node/1")), Delete(Key("node/2"))});
  Hear({Put(model::RecordKey(Area::kHeld, Key("node/1")),
            R"({"since":"2026-01-31T11:00:00Z","value":"{}"})")});
  pairs_.clear();
  revision_ = 1;
  List(true);
  EXPECT_EQ(Count(), 5U);
  EXPECT_EQ(ledger_.held(), 5U);
  EXPECT_EQ(Held().size(), 5U);
  Put(Key("node/1"), Json(1));
  List();
  EXPECT_EQ(ledger_.held(), 4U);
}

TEST_F(LedgerTest, WhatIsHeldOverAChangeOfStoresCanStillBeReleased) {
  revision_ = 5000;
  Fill(3);
  Hear({Delete(Key("node/1")), Delete(Key("node/2"))});
  pairs_.clear();
  revision_ = 20;  // another history, in which 5000 is far away
  List(true);
  EXPECT_EQ(Count(), 3U);
  for (int i = 1; i <= 3; ++i) {
    const std::string key = Key("node/" + std::to_string(i));
    Hear({Put(model::RecordKey(Area::kGone, key), kMark)});
  }
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_THAT(Held(), IsEmpty());
}

TEST_F(LedgerTest, OneThatVanishedUnseenIsBelievedAsOneRawDeleteIs) {
  Fill(6);
  Delete(Key("node/1"));
  List();
  EXPECT_EQ(Count(), 5U);
}

TEST_F(LedgerTest, RecordsThatVanishUnseenAreForgotten) {
  Put(Key("node/a"), Json(1, kOwned));
  Put(model::RecordKey(Area::kAlive, Key("node/a")), kMark);
  List();
  EXPECT_EQ(StateAt("node/a"), State::kPassing);
  Delete(model::RecordKey(Area::kAlive, Key("node/a")));
  List();
  EXPECT_EQ(StateAt("node/a"), State::kLost);
  EXPECT_THAT(reader_.Enter()->marks.lifeless(), ElementsAre(Key("node/a")));
}

}  // namespace
}  // namespace rollcall::catalog
