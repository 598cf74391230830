// Members that die, freeze and come back, on real etcd.
#include <iostream>

#include "store/etcd/testing/server_test.h"

namespace rollcall::store::etcd::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

milliseconds Since(SteadyTime start) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
}

void Report(const char* what, milliseconds time) {
  std::cout << "[ MEASURED ] " << what << ": " << time.count() << " ms\n";
}

WatchRequest WatchFrom(Revision revision) {
  WatchRequest request;
  request.ranges.push_back(KeyRange::Prefix("/"));
  request.start_revision = revision;
  return request;
}

// Waits, with a client of its own that has not seen the outage, until the member
// answers again.
void WaitServes(const EtcdProcess& member) {
  const SteadyTime start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start < kLong) {
    const auto fresh = MustConnect(OptionsFor({member.url()}));
    if (Get(*fresh, "/", After(seconds(1)))) return;
    std::this_thread::sleep_for(milliseconds(10));
  }
  FAIL() << "etcd did not come back";
}

TEST(Restart, IsNoticedAtOnceAndReconnectedWithinASecond) {
  EtcdCluster server;
  ASSERT_TRUE(server.WaitReady());
  const auto client = MustConnect(OptionsFor(server.urls()));
  const auto put = Put(*client, "/a", "1");
  ASSERT_TRUE(put) << put.error().message;
  const auto watch = client->StartWatch(WatchFrom(0), After(kLong));
  ASSERT_TRUE(watch);

  SteadyTime start = std::chrono::steady_clock::now();
  server.member(0).Kill();
  EXPECT_EQ((*watch)->Next(After(kLong)).error().code, ErrorCode::kUnavailable);
  Report("end of the watch noticed after", Since(start));
  EXPECT_LT(Since(start), seconds(1));

  // Long enough for the backoff between connection attempts to have grown.
  start = std::chrono::steady_clock::now();
  while (Since(start) < seconds(3)) {
    EXPECT_EQ(Get(*client, "/a", After(seconds(1))).error().code, ErrorCode::kUnavailable);
    std::this_thread::sleep_for(milliseconds(100));
  }
  server.member(0).Start();
  WaitServes(server.member(0));
  const milliseconds back =
      UntilSuccess([&] { return Get(*client, "/a", After(seconds(1))); }, milliseconds(10));
  Report("reconnected after etcd was back by", back);
  EXPECT_LT(back, seconds(1));

  const auto resumed = client->StartWatch(WatchFrom(put->header.revision), After(kLong));
  ASSERT_TRUE(resumed) << resumed.error().message;
  EXPECT_EQ((*resumed)->Next(After(kLong))->revision, put->header.revision);
}

TEST(Restart, OfAFrozenOnlyMemberIsBoundedByTheDeadline) {
  EtcdCluster server;
  ASSERT_TRUE(server.WaitReady());
  const auto client = MustConnect(OptionsFor(server.urls()));
  ASSERT_TRUE(Get(*client, "/a"));
  server.member(0).Freeze();
  const SteadyTime start = std::chrono::steady_clock::now();
  EXPECT_EQ(Get(*client, "/a", After(milliseconds(500))).error().code, ErrorCode::kDeadline);
  EXPECT_EQ(Put(*client, "/a", "1", After(milliseconds(500))).error().code, ErrorCode::kDeadline);
  EXPECT_EQ(client->StartWatch(WatchFrom(0), After(milliseconds(500))).error().code,
            ErrorCode::kDeadline);
  EXPECT_LT(Since(start), seconds(3));
  server.member(0).Thaw();
  EXPECT_TRUE(Get(*client, "/a"));
}

TEST(ThreeMembers, ReadsWritesAndWatchesMoveOnWhenTheCurrentOneIsKilled) {
  EtcdCluster cluster({.size = 3});
  ASSERT_TRUE(cluster.WaitReady());
  const auto client = MustConnect(OptionsFor(cluster.urls()));
  const auto before = Put(*client, "/a", "1");
  ASSERT_TRUE(before) << before.error().message;
  auto watch = client->StartWatch(WatchFrom(0), After(kLong));
  ASSERT_TRUE(watch);

  const SteadyTime start = std::chrono::steady_clock::now();
  cluster.member(0).Kill();
  EXPECT_EQ((*watch)->Next(After(kLong)).error().code, ErrorCode::kUnavailable);
  UntilSuccess([&] { return Get(*client, "/a", After(seconds(2))); }, milliseconds(10));
  Report("read again after the current member was killed", Since(start));
  UntilSuccess([&] { return Put(*client, "/a", "2", After(seconds(2))); }, milliseconds(10));
  watch = client->StartWatch(WatchFrom(before->header.revision + 1), After(kLong));
  ASSERT_TRUE(watch) << watch.error().message;
  const auto batch = (*watch)->Next(After(kLong));
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->events.front().kv.value, "2");
  Report("change seen again after the current member was killed", Since(start));
  EXPECT_GE(client->counters().failovers, 1U);
}

TEST(ThreeMembers, AFrozenOneIsLeftWithinTenSecondsAndItsWatchesWithIt) {
  EtcdCluster cluster({.size = 3});
  ASSERT_TRUE(cluster.WaitReady());
  const auto client = MustConnect(OptionsFor(cluster.urls()));
  const auto before = Put(*client, "/a", "1");
  ASSERT_TRUE(before) << before.error().message;
  auto watch = client->StartWatch(WatchFrom(0), After(kLong));
  ASSERT_TRUE(watch);

  cluster.member(0).Freeze();
  const SteadyTime start = std::chrono::steady_clock::now();
  const auto answer = Get(*client, "/a", After(seconds(2)));
  // The frozen one may have led: then the others need an election first.
  if (!answer) {
    UntilSuccess([&] { return Get(*client, "/a", After(seconds(2))); }, milliseconds(10));
  }
  Report("read again after the current member was frozen", Since(start));
  EXPECT_EQ((*watch)->Next(After(kLong)).error().code, ErrorCode::kUnavailable);
  UntilSuccess([&] { return Put(*client, "/a", "2", After(seconds(2))); }, milliseconds(10));
  watch = client->StartWatch(WatchFrom(before->header.revision + 1), After(seconds(2)));
  ASSERT_TRUE(watch) << watch.error().message;
  EXPECT_TRUE((*watch)->Next(After(kLong)));
  Report("change seen again after the current member was frozen", Since(start));
  EXPECT_LT(Since(start), seconds(10));
  cluster.member(0).Thaw();
}

TEST(ThreeMembers, AMinorityRefusesAndAMajorityServesAgain) {
  EtcdCluster cluster({.size = 3});
  ASSERT_TRUE(cluster.WaitReady());
  const auto client = MustConnect(OptionsFor(cluster.urls()));
  ASSERT_TRUE(Put(*client, "/a", "1"));
  cluster.member(0).Kill();
  cluster.member(1).Kill();
  const SteadyTime start = std::chrono::steady_clock::now();
  EXPECT_FALSE(Get(*client, "/a", After(seconds(2))));
  EXPECT_LT(Since(start), seconds(4));
  cluster.member(0).Start();
  cluster.member(1).Start();
  WaitServes(cluster.member(2));
  const milliseconds back =
      UntilSuccess([&] { return Get(*client, "/a", After(seconds(1))); }, milliseconds(10));
  Report("read again after there was a majority", back);
  EXPECT_LT(back, seconds(1));
}

TEST(SilentWatch, IsEndedByThePingOfItsConnectionAlone) {
  EtcdCluster server;
  ASSERT_TRUE(server.WaitReady());
  const auto client = MustConnect(OptionsFor(server.urls()));
  const auto watch = client->StartWatch(WatchFrom(0), After(kLong));
  ASSERT_TRUE(watch);
  server.member(0).Freeze();
  const SteadyTime start = std::chrono::steady_clock::now();
  EXPECT_EQ((*watch)->Next(After(kLong)).error().code, ErrorCode::kUnavailable);
  Report("a watch on a frozen member ended after", Since(start));
  EXPECT_LT(Since(start), seconds(10));
}

}  // namespace
}  // namespace rollcall::store::etcd::testing
