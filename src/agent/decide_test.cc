#include "agent/decide.h"

#include <gmock/gmock.h>

#include "model/records.h"
#include "model/service.h"

namespace rollcall::agent {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr char kKey[] = "/skydns/internal/prom/node/server01";
constexpr WallTime kNow{seconds(1'700'000'000)};
const Self kSelf{.owner = "agent:server01", .lease = 7};

model::Service Value(const std::string& owner = kSelf.owner, const std::string& host = "192.0.2.1",
                     std::int64_t port = 9100) {
  model::Service value{.host = host, .port = port};
  value.extension.owner = owner;
  return value;
}
Wish Wanted() {
  return {.value = Value(), .lease = 0, .hash = 1, .at = kNow - hours(1), .may_move = true};
}
store::KeyValue Registration(const model::Service& value, store::LeaseId lease = 0) {
  return {.key = kKey, .value = model::ToJson(value), .mod_revision = 9, .lease = lease};
}
store::KeyValue Mark(const std::string& by, WallTime since = kNow, const std::string& why = "moved",
                     bool again = false) {
  return {.key = model::RecordKey(model::Area::kGone, kKey),
          .value = model::ToJson({.since = since, .by = by, .why = why, .again = again})};
}
store::KeyValue Alive(store::LeaseId lease) {
  return {.key = model::RecordKey(model::Area::kAlive, kKey), .value = "{}", .lease = lease};
}
Remembered Known(Remembered::As as, std::uint64_t hash = 1) {
  return {.as = as, .hash = hash, .until = kNow + seconds(60)};
}

// --- it is registered

TEST(Decide, WhatStandsAsItShallIsLeftAlone) {
  EXPECT_EQ(Decide(Wanted(), nullptr, {.registration = Registration(Value())}, kSelf).task,
            Task::kKeep);
  store::KeyValue spaced = Registration(Value());
  spaced.value.insert(1, " ");
  EXPECT_EQ(Decide(Wanted(), nullptr, {.registration = spaced}, kSelf).task, Task::kKeep)
      << "spelt otherwise";
}

TEST(Decide, WhatStandsOtherwiseIsPutRight) {
  Wish leased = Wanted();
  leased.lease = kSelf.lease;
  const struct {
    const char* what;
    Wish wish;
    Seen seen;
  } cases[] = {
      {"another value", Wanted(), {.registration = Registration(Value(kSelf.owner, "192.0.2.9"))}},
      {"unreadable", Wanted(), {.registration = store::KeyValue{.key = kKey, .value = "{"}}},
      {"not under the lease", leased, {.registration = Registration(Value())}},
      {"under a lease", Wanted(), {.registration = Registration(Value(), 3)}},
      {"a mark beside it", Wanted(), {.registration = Registration(Value()), .gone = Mark("x")}},
      {"static", Wanted(), {.registration = Registration(Value(""))}},
      {"of another who is gone", Wanted(), {.registration = Registration(Value("run:server01"))}},
      {"of another, alive by our own lease",
       Wanted(),
       {.registration = Registration(Value("run:x")), .alive = Alive(kSelf.lease)}},
      {"of another who is stopping",
       Wanted(),
       {.registration = Registration(Value("run:x")), .alive = Alive(3), .stopping = Alive(0)}},
      {"ours, alive by a former lease of ours, moved",
       Wanted(),
       {.registration = Registration(Value(kSelf.owner, "192.0.2.9")), .alive = Alive(3)}},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Decide(c.wish, nullptr, c.seen, kSelf).task, Task::kRegister) << c.what;
  }
}

TEST(Decide, AnotherWhoIsAliveKeepsItAndBothAreNamed) {
  const auto decision = Decide(
      Wanted(), nullptr,
      {.registration = Registration(Value("run:server02", "192.0.2.2")), .alive = Alive(3)}, kSelf);
  EXPECT_EQ(decision.task, Task::kYield);
  EXPECT_THAT(decision.why, HasSubstr("held by run:server02 at 192.0.2.2:9100, which is alive"));
  EXPECT_THAT(decision.why, HasSubstr("not given to agent:server01 at 192.0.2.1:9100"));
}

TEST(Decide, TheDefaultNameIsNotTakenFromAnotherPort) {
  const Seen seen{.registration = Registration(Value("", "192.0.2.1", 9200))};
  EXPECT_EQ(Decide(Wanted(), nullptr, seen, kSelf).task, Task::kMove);
  Wish named = Wanted();
  named.may_move = false;
  EXPECT_EQ(Decide(named, nullptr, seen, kSelf).task, Task::kRegister);
  const Seen ours{.registration = Registration(Value(kSelf.owner, "192.0.2.1", 9200))};
  EXPECT_EQ(Decide(Wanted(), nullptr, ours, kSelf).task, Task::kRegister) << "its port was changed";
}

// --- it is not registered

TEST(Decide, WhatIsMissingWithoutAMarkIsPutBack) {
  const Remembered registered = Known(Remembered::As::kRegistered);
  const Remembered stopped = Known(Remembered::As::kStopped);
  for (const Remembered* known : {static_cast<const Remembered*>(nullptr), &registered, &stopped}) {
    EXPECT_EQ(Decide(Wanted(), known, {}, kSelf).task, Task::kPutBack);
  }
}

TEST(Decide, WhatSomebodyDeregisteredStaysAway) {
  const Remembered known = Known(Remembered::As::kRegistered);
  const auto decision = Decide(Wanted(), &known, {.gone = Mark("root@server09")}, kSelf);
  EXPECT_EQ(decision.task, Task::kStayAway);
  EXPECT_EQ(decision.why, "deregistered by root@server09 at 2023-11-14T22:13:20Z: moved");
  const Remembered away = Known(Remembered::As::kAway);
  EXPECT_EQ(Decide(Wanted(), &away, {.gone = Mark("root@server09")}, kSelf).task, Task::kStayAway);
  EXPECT_EQ(Decide(Wanted(), &away, {}, kSelf).task, Task::kStayAway)
      << "the mark has run out, which nobody said";
  const Seen unreadable{.gone = store::KeyValue{.key = kKey, .value = "{"}};
  EXPECT_EQ(Decide(Wanted(), &known, unreadable, kSelf).task, Task::kStayAway);
}

TEST(Decide, UntilItsDefinitionChangesOrItIsReadmitted) {
  const Remembered changed = Known(Remembered::As::kAway, 2);
  EXPECT_EQ(Decide(Wanted(), &changed, {.gone = Mark("root@a")}, kSelf).task, Task::kRegister);
  EXPECT_EQ(Decide(Wanted(), &changed, {}, kSelf).task, Task::kPutBack);
  const Remembered away = Known(Remembered::As::kAway);
  EXPECT_EQ(Decide(Wanted(), &away, {.gone = Mark("root@a", kNow, "", true)}, kSelf).task,
            Task::kRegister);
  EXPECT_EQ(Decide(Wanted(), &away, {.registration = Registration(Value(""))}, kSelf).task,
            Task::kRegister)
      << "somebody has registered it again";
}

TEST(Decide, WhatWeTookAwayOurselvesComesBackWithItsDefinition) {
  EXPECT_EQ(Decide(Wanted(), nullptr, {.gone = Mark(kSelf.owner)}, kSelf).task, Task::kRegister);
}

TEST(Decide, AStopOfOursEndsWithUs) {
  const Remembered stopped = Known(Remembered::As::kStopped);
  EXPECT_EQ(Decide(Wanted(), &stopped, {.gone = Mark("serve@a", kNow, kStopReason)}, kSelf).task,
            Task::kRegister);
  EXPECT_EQ(Decide(Wanted(), &stopped, {.gone = Mark("serve@a", kNow + seconds(61))}, kSelf).task,
            Task::kRegister);
  EXPECT_EQ(Decide(Wanted(), &stopped, {.gone = Mark("root@a", kNow + seconds(59))}, kSelf).task,
            Task::kStayAway)
      << "somebody was quicker than the server";
}

TEST(Decide, WithoutMemoryTheYoungerWordCounts) {
  Wish wish = Wanted();
  EXPECT_EQ(Decide(wish, nullptr, {.gone = Mark("root@a")}, kSelf).task, Task::kStayAway);
  wish.at = kNow + seconds(1);
  EXPECT_EQ(Decide(wish, nullptr, {.gone = Mark("root@a")}, kSelf).task, Task::kRegister)
      << "the host was set up anew";
  wish.at = {};
  EXPECT_EQ(Decide(wish, nullptr, {.gone = Mark("root@a")}, kSelf).task, Task::kStayAway);
}

}  // namespace
}  // namespace rollcall::agent
