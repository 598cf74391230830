#include "agent/checker.h"

#include <gmock/gmock.h>

#include "agent/test_peers.h"

namespace rollcall::agent {
namespace {

using model::Health;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kMetrics[] = "up 1\n";

class FixedClock : public Clock {
 public:
  SteadyTime Now() const override { return {}; }
  WallTime WallNow() const override { return WallTime(seconds(1'700'000'000)); }
};

CheckSpec HttpCheck(const Peer& peer, milliseconds interval = milliseconds(50)) {
  CheckSpec spec;
  spec.type = CheckSpec::Type::kHttp;
  spec.url = "http://" + peer.address() + "/metrics";
  spec.interval = interval;
  spec.timeout = seconds(5);
  return spec;
}

void Silent(Client& client) {
  client.StaySilent();
}

TEST(Checker, TellsChangesAndOnlyThose) {
  std::atomic<bool> well{true};
  const Peer peer([&](Client& client) {
    client.ReadRequest();
    client.Send(Http(well ? "200 OK" : "500 Oh", kMetrics));
  });
  FixedClock clock;
  Listener listener;
  Checker checker(listener.Hear(), clock);
  checker.Set({{"it", HttpCheck(peer)}});
  auto verdict = listener.Wait("it");
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->health, Health::kPassing);
  EXPECT_EQ(verdict->since, clock.WallNow());
  well = false;
  const int before = peer.connections();
  verdict = listener.Wait("it", 2);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->health, Health::kCritical);
  EXPECT_EQ(verdict->output, "status 500");
  EXPECT_GE(peer.connections() - before, 2) << "it takes three in a row; one may have been asked";
  well = true;
  verdict = listener.Wait("it", 3);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->health, Health::kPassing);
  const int seen = peer.connections();
  while (peer.connections() < seen + 5) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(listener.Count("it"), 3U) << "what goes on is not told again";
}

TEST(Checker, WithoutACheckItIsPassingFromTheStart) {
  Listener listener;
  Checker checker(listener.Hear());
  checker.Set({{"it", CheckSpec{}}});
  const auto verdict = listener.Wait("it");
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->health, Health::kPassing);
  EXPECT_EQ(verdict->output, "no check");
}

TEST(Checker, WhatIsUnchangedGoesOnUndisturbed) {
  const Peer peer(Answering(Http("200 OK", kMetrics)));
  Listener listener;
  Checker checker(listener.Hear());
  std::map<std::string, CheckSpec> checks{{"none", CheckSpec{}}, {"http", HttpCheck(peer)}};
  checker.Set(checks);
  ASSERT_TRUE(listener.Wait("none"));
  ASSERT_TRUE(listener.Wait("http"));
  for (int i = 0; i < 10; ++i) {
    checks["new" + std::to_string(i)] = CheckSpec{};
    checker.Set(checks);
  }
  ASSERT_TRUE(listener.Wait("new9"));
  const int seen = peer.connections();
  while (peer.connections() < seen + 3) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(listener.Count("none"), 1U);
  EXPECT_EQ(listener.Count("http"), 1U) << "its first result was not taken twice";
}

TEST(Checker, WhatIsChangedBeginsAnew) {
  const Peer good(Answering(Http("200 OK", kMetrics)));
  const Peer bad(Answering(Http("500 Oh", "")));
  Listener listener;
  Checker checker(listener.Hear());
  checker.Set({{"it", HttpCheck(good)}});
  ASSERT_TRUE(listener.Wait("it"));
  checker.Set({{"it", HttpCheck(bad)}});
  const auto verdict = listener.Wait("it", 2);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->health, Health::kCritical);
  const int asked = good.connections();
  const int seen = bad.connections();
  while (bad.connections() < seen + 5) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_LE(good.connections(), asked + 1) << "one may have been under way";
}

TEST(Checker, WhatIsTakenAwayWhileItHangsIsHeardOfNoMore) {
  const Peer silent(&Silent);
  Listener listener;
  Checker checker(listener.Hear());
  CheckSpec hanging = HttpCheck(silent);
  hanging.timeout = milliseconds(200);
  checker.Set({{"it", hanging}});
  while (silent.connections() == 0) std::this_thread::sleep_for(milliseconds(5));
  checker.Set({{"mark", CheckSpec{}}});
  ASSERT_TRUE(listener.Wait("mark"));
  const Peer other(Answering(Http("200 OK", kMetrics)));
  checker.Set({{"other", HttpCheck(other)}});
  while (other.connections() < 12) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(listener.Count("it"), 0U);
  EXPECT_EQ(silent.connections(), 1);
}

// A thousand checks of one host, most of which hang: the others are not held up.
TEST(Checker, ThoseThatHangHoldUpNone) {
  const Peer silent(&Silent);
  const Peer well(Answering(Http("200 OK", kMetrics)));
  Listener listener;
  Checker checker(listener.Hear(), SystemClock(),
                  {.most_connections = 8, .most_commands = 2, .name_servers = {}});
  std::map<std::string, CheckSpec> checks;
  CheckSpec hanging = HttpCheck(silent, milliseconds(20));
  hanging.timeout = milliseconds(300);
  for (int i = 0; i < 40; ++i) checks["hangs" + std::to_string(i)] = hanging;
  checker.Set(checks);
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(listener.Wait("hangs" + std::to_string(i)));
  checks["well"] = HttpCheck(well, milliseconds(20));
  checker.Set(checks);
  ASSERT_TRUE(listener.Wait("well"));
  const int before = well.connections();
  std::this_thread::sleep_for(milliseconds(600));
  // 40 hanging ones take 3 s to go through 4 places; in one queue it would have had one turn.
  EXPECT_GE(well.connections() - before, 10);
}

TEST(Checker, AThousandChecksAreSpreadOut) {
  const Peer peer(Answering(Http("200 OK", kMetrics)));
  Listener listener;
  // Few at once, since both ends take descriptors here.
  Checker checker(listener.Hear(), SystemClock(),
                  {.most_connections = 64, .most_commands = 2, .name_servers = {}});
  std::map<std::string, CheckSpec> checks;
  for (int i = 0; i < 1000; ++i) checks["c" + std::to_string(i)] = HttpCheck(peer, seconds(10));
  const auto began = std::chrono::steady_clock::now();
  checker.Set(checks);
  for (int i = 0; i < 1000; ++i) {
    const auto verdict = listener.Wait("c" + std::to_string(i));
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->health, Health::kPassing) << verdict->output;
  }
  EXPECT_GT(std::chrono::steady_clock::now() - began, milliseconds(800)) << "not all at once";
}

TEST(Checker, GoesQuicklyWhateverHangs) {
  const Peer silent(&Silent);
  Listener listener;
  std::optional<Checker> checker(std::in_place, listener.Hear());
  std::map<std::string, CheckSpec> checks;
  CheckSpec hanging = HttpCheck(silent, milliseconds(20));
  hanging.timeout = seconds(60);
  for (int i = 0; i < 300; ++i) checks["h" + std::to_string(i)] = hanging;  // some wait at the gate
  checker->Set(checks);
  while (silent.connections() < 256) std::this_thread::sleep_for(milliseconds(5));
  const auto began = std::chrono::steady_clock::now();
  checker.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(1));
}

TEST(Checker, GoesRightAfterItCame) {
  Listener listener;
  for (int i = 0; i < 20; ++i) {
    Checker checker(listener.Hear());
    checker.Set({{"it", CheckSpec{}}});
  }
}

}  // namespace
}  // namespace rollcall::agent
