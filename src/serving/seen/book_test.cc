#include "serving/seen/book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "wire/name.h"

namespace rollcall::serving::seen {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

class MovableClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime Now() const override { return now; }
  [[nodiscard]] WallTime WallNow() const override { return wall; }
  void Advance(milliseconds by) {
    now += by;
    wall += by;
  }
  SteadyTime now{1h};
  WallTime wall{1000h};
};

class BookTest : public ::testing::Test {
 protected:
  static Ask From(std::string client, std::string name = "node.prom.internal") {
    return {.client = std::move(client), .name = std::move(name), .transport = "http"};
  }
  std::vector<std::string> Clients() {
    std::vector<std::string> clients;
    for (const Consumer& consumer : book.List()) clients.push_back(consumer.client);
    return clients;
  }

  MovableClock clock;
  Book book{{.most = 3}, clock};
};

TEST_F(BookTest, RemembersWhoAskedForWhatAndWhatHeWasTold) {
  Ask ask = From("10.0.0.1");
  ask.user_agent = "Prometheus/3.0";
  ask.revision = 7;
  book.Note(ask);
  clock.Advance(10s);
  ask.revision = 9;
  ask.transport = "https";
  book.Note(ask);
  clock.Advance(1s);
  const auto consumers = book.List();
  ASSERT_EQ(consumers.size(), 1U);
  const Consumer& one = consumers[0];
  EXPECT_EQ(one.client, "10.0.0.1");
  EXPECT_EQ(one.user_agent, "Prometheus/3.0");
  EXPECT_EQ(one.asks, 2U);
  EXPECT_EQ(one.revision, 9);
  EXPECT_EQ(one.transport, "https");
  EXPECT_EQ(one.first_seen, clock.wall - 11s);
  EXPECT_EQ(one.last_seen, clock.wall - 1s);
  EXPECT_EQ(one.interval, 10s);
}

TEST_F(BookTest, ForgetsWhoAskedLongestAgo) {
  for (const char* client : {"a", "b", "c", "a", "d"}) {
    book.Note(From(client));
    clock.Advance(1s);
  }
  EXPECT_THAT(Clients(), ElementsAre("d", "a", "c"));
  EXPECT_EQ(book.counters().forgotten, 1U);
}

TEST_F(BookTest, NameMechanismAndUserAgentTellConsumersApart) {
  Book wide({.most = 10}, clock);
  Ask ask = From("a");
  wide.Note(ask);
  ask.name = "mysql.prom.internal";
  wide.Note(ask);
  ask.mechanism = Mechanism::kConsulSd;
  wide.Note(ask);
  ask.user_agent = "x";
  wide.Note(ask);
  wide.Note(ask);
  EXPECT_EQ(wide.List().size(), 4U);
}

TEST_F(BookTest, AClockThatIsSetMakesNobodySilent) {
  book.Note(From("a"));
  clock.wall += 1000h;
  EXPECT_FALSE(book.List()[0].silent);
}

struct Habit {
  const char* what;
  std::vector<milliseconds> gaps;
  std::optional<milliseconds> interval;
};

TEST_F(BookTest, FindsTheIntervalFromWhatItSees) {
  const std::vector<Habit> habits = {
      {"asked once", {}, std::nullopt},
      {"steady", {30s, 30s, 30s}, 30s},
      {"two names at each turn", {30s, 5ms, 30s, 5ms}, 30s},
      {"a pause counts in part", {30s, 3600s}, 45s},
      {"a new habit shows by and by", {60s, 20s}, 50s},
  };
  for (const Habit& habit : habits) {
    Book own({}, clock);
    own.Note(From("a"));
    for (const milliseconds gap : habit.gaps) {
      clock.Advance(gap);
      own.Note(From("a"));
    }
    const auto interval = own.List()[0].interval;
    ASSERT_EQ(interval.has_value(), habit.interval.has_value()) << habit.what;
    EXPECT_LT(std::chrono::abs(interval.value_or(0s) - habit.interval.value_or(0s)), 20ms)
        << habit.what;
  }
}

TEST_F(BookTest, WhatTheClientSaysOfItsIntervalCounts) {
  Ask ask = From("a");
  ask.interval = 15s;
  book.Note(ask);
  clock.Advance(40s);
  ask.interval.reset();  // a probe by hand, with the same user agent
  book.Note(ask);
  EXPECT_EQ(book.List()[0].interval, 15s);
}

TEST_F(BookTest, SilentIsWhoHasNotAskedForThreeIntervals) {
  book.Note(From("a"));
  clock.Advance(30s);
  book.Note(From("a"));
  clock.Advance(90s);
  EXPECT_FALSE(book.List()[0].silent);
  clock.Advance(1ms);
  EXPECT_TRUE(book.List()[0].silent);
  book.Note(From("a"));
  EXPECT_FALSE(book.List()[0].silent);
}

TEST_F(BookTest, WhoAskedOnceFallsSilentToo) {
  book.Note(From("a"));
  clock.Advance(181s);
  EXPECT_TRUE(book.List()[0].silent);
}

TEST_F(BookTest, LongTextsAreCutAtACharacter) {
  Ask ask = From("a");
  ask.user_agent = std::string(255, 'x') + "\xC3\xA4";
  book.Note(ask);
  EXPECT_EQ(book.List()[0].user_agent, std::string(255, 'x'));
}

TEST_F(BookTest, WhatATapSawIsListed) {
  const auto tap = book.AddTap();
  const auto name = wire::Name::FromText("Node.prom.internal").value();
  const std::uint8_t v4[] = {10, 0, 0, 1};
  const std::uint8_t v6[16] = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  tap->Note({v4, false, true}, name.view().wire(), 5, clock.now);
  tap->Note({v6, true, false}, name.view().wire(), 6, clock.now);
  auto consumers = book.List();
  ASSERT_EQ(consumers.size(), 2U);
  EXPECT_EQ(consumers[0].client, "fd00::1");
  EXPECT_EQ(consumers[0].transport, "udp");
  EXPECT_EQ(consumers[1].client, "10.0.0.1");
  EXPECT_EQ(consumers[1].transport, "tcp");
  EXPECT_EQ(consumers[1].name, "node.prom.internal");
  EXPECT_EQ(consumers[1].mechanism, Mechanism::kDns);
  EXPECT_EQ(consumers[1].revision, 5);
}

TEST_F(BookTest, ATapThatIsLetGoIsReadToItsEnd) {
  const std::uint8_t v4[] = {10, 0, 0, 1};
  auto tap = book.AddTap();
  tap->Note({v4}, wire::NameView().wire(), 5, clock.now);
  tap.reset();
  EXPECT_THAT(Clients(), ElementsAre("10.0.0.1"));
  EXPECT_EQ(book.List()[0].name, ".");
}

// For the thread sanitizer: workers note while somebody reads.
TEST(BookThreads, NothingThatTapsSawIsLostOrCountedTwice) {
  Book book;
  constexpr int kWorkers = 2;
  constexpr int kRounds = 20'000;
  std::vector<std::jthread> workers;
  for (int w = 0; w < kWorkers; ++w) {
    workers.emplace_back([tap = book.AddTap(), w] {
      const auto name = wire::Name::FromText("node.prom.internal").value();
      SteadyTime now(std::chrono::hours(1));
      for (int i = 0; i < kRounds; ++i) {
        const std::uint8_t address[] = {10, 0, static_cast<std::uint8_t>(w),
                                        static_cast<std::uint8_t>(i % 50)};
        tap->Note({address}, name.view().wire(), i, now);
        now += 1s;  // so that each is told
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    (void)book.List();
    (void)book.counters();
  }
  workers.clear();
  std::uint64_t asks = 0;
  for (const Consumer& consumer : book.List()) asks += consumer.asks;
  EXPECT_EQ(asks + book.counters().dropped, static_cast<std::uint64_t>(kWorkers) * kRounds);
}

}  // namespace
}  // namespace rollcall::serving::seen
