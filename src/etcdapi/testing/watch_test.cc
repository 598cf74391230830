// Watch streams, over gRPC.  What is said in one is tested in core/watch_set_test.cc.
#include <thread>
#include <vector>

#include "etcdapi/testing/served.h"

namespace rollcall::etcdapi::testing {
namespace {

class WatchTest : public ::testing::Test {
 protected:
  static ServerOptions Options() {
    ServerOptions options;
    options.limits.progress = std::chrono::milliseconds(20);
    return options;
  }
  Served served_{Options()};
  Stubs stubs_{served_.Connect()};
};

TEST_F(WatchTest, CreateChangesCancelInOneStream) {
  WatchClient watch(stubs_);
  watch.Create("a");
  const auto created = watch.Next();
  EXPECT_TRUE(created.created());
  EXPECT_EQ(created.header().revision(), 1);
  EXPECT_EQ(created.header().cluster_id(), served_.engine().identity().cluster_id);
  stubs_.Put("a", "1");
  const auto put = watch.Next();
  ASSERT_EQ(put.events_size(), 1);
  EXPECT_EQ(put.events(0).kv().value(), "1");
  EXPECT_EQ(put.header().revision(), 2);
  stubs_.Delete("a");
  const auto deletion = watch.Next();
  ASSERT_EQ(deletion.events_size(), 1);
  EXPECT_EQ(deletion.events(0).type(), mvccpb::Event::DELETE);
  watch.Cancel(0);
  EXPECT_TRUE(watch.Next().canceled());
}

TEST_F(WatchTest, ManyWatchesInOneStreamEachGetTheirOwn) {
  constexpr int kWatches = 200;
  WatchClient watch(stubs_);
  for (int i = 0; i < kWatches; ++i) {
    watch.Create("k" + std::to_string(i));
    ASSERT_EQ(watch.Next().watch_id(), i);
  }
  for (int i = 0; i < kWatches; ++i) stubs_.Put("k" + std::to_string(i), "1");
  std::vector<int> seen(kWatches);
  for (int i = 0; i < kWatches; ++i) {
    const auto response = watch.Next();
    ASSERT_EQ(response.events_size(), 1);
    EXPECT_EQ(response.events(0).kv().key(), "k" + std::to_string(response.watch_id()));
    ++seen[static_cast<std::size_t>(response.watch_id())];
  }
  EXPECT_THAT(seen, ::testing::Each(1));
  EXPECT_EQ(served_.server().figures().watches, static_cast<std::size_t>(kWatches));
}

TEST_F(WatchTest, ALargeRevisionComesInFragmentsToThoseWhoTakeThem) {
  // Its changes with what was there before are twice what a request may be.
  const std::string value(1U << 20, 'v');
  for (const char* key : {"a", "b", "c", "d"}) stubs_.Put(key, value);
  etcdserverpb::WatchCreateRequest request;
  request.set_key("a");
  request.set_range_end("z");
  request.set_prev_kv(true);
  request.set_fragment(true);
  WatchClient fragments(stubs_);
  fragments.Create(request);
  ASSERT_TRUE(fragments.Next().created());
  request.set_fragment(false);
  WatchClient whole(stubs_);
  whole.Create(request);
  ASSERT_TRUE(whole.Next().created());

  etcdserverpb::DeleteRangeRequest deletion;
  deletion.set_key("a");
  deletion.set_range_end("z");
  etcdserverpb::DeleteRangeResponse done;
  ASSERT_EQ(
      Describe(stubs_.Call(*stubs_.kv, &etcdserverpb::KV::Stub::DeleteRange, deletion, &done)),
      "OK");
  int events = 0;
  int messages = 0;
  for (bool more = true; more; ++messages) {
    const auto response = fragments.Next();
    EXPECT_LE(response.ByteSizeLong(), 2U << 20);
    events += response.events_size();
    more = response.fragment();
  }
  EXPECT_EQ(events, 4);
  EXPECT_EQ(messages, 4);
  const auto response = whole.Next();
  EXPECT_EQ(response.events_size(), 4);
  EXPECT_FALSE(response.fragment());
}

TEST_F(WatchTest, ProgressComesByItselfAndWhenAskedFor) {
  etcdserverpb::WatchCreateRequest request;
  request.set_key("a");
  request.set_progress_notify(true);
  WatchClient watch(stubs_);
  watch.Create(request);
  ASSERT_TRUE(watch.Next().created());
  const store::Revision other = stubs_.Put("other", "1");
  for (store::Revision seen = 0; seen < other;) {
    const auto note = watch.Next();
    EXPECT_EQ(note.events_size(), 0);
    EXPECT_GE(note.header().revision(), seen);
    seen = note.header().revision();
  }
  watch.AskProgress();
  // Notes of the interval may come before.
  for (auto note = watch.Next(); note.watch_id() != -1; note = watch.Next()) {
    EXPECT_EQ(note.watch_id(), 0);
  }
}

// The guarantee that a cache builds on: what progress tells is not followed by a change
// at or below it.
TEST_F(WatchTest, ProgressIsNeverAheadOfChangesUnderWrites) {
  WatchClient watch(stubs_);
  watch.Create("a");
  ASSERT_TRUE(watch.Next().created());
  std::jthread writer([&](const std::stop_token& stop) {
    for (int i = 0; i < 300 && !stop.stop_requested(); ++i) stubs_.Put("a", std::to_string(i));
  });
  store::Revision told = 0;
  store::Revision header = 0;
  for (int events = 0; events < 300;) {
    watch.AskProgress();
    const auto response = watch.Next();
    EXPECT_GE(response.header().revision(), header);
    header = response.header().revision();
    if (response.watch_id() == -1) told = header;
    for (const auto& event : response.events()) {
      EXPECT_GT(event.kv().mod_revision(), told);
      ++events;
    }
  }
}

TEST_F(WatchTest, AStreamEndsWithItsClient) {
  {
    WatchClient watch(stubs_);
    watch.Create("a");
    ASSERT_TRUE(watch.Next().created());
    EXPECT_EQ(served_.server().figures().watch_streams, 1U);
  }
  EXPECT_TRUE(WaitUntil([&] {
    const ServerFigures figures = served_.server().figures();
    return figures.watch_streams == 0 && figures.watches == 0;
  }));
}

TEST_F(WatchTest, AHalfClosedStreamGoesOnUntilItsLastWatchEnds) {
  WatchClient watch(stubs_);
  watch.Create("a");
  ASSERT_TRUE(watch.Next().created());
  watch.HalfClose();
  stubs_.Put("a", "1");
  EXPECT_EQ(watch.Next().events_size(), 1);
  WatchClient none(stubs_);
  none.HalfClose();
  EXPECT_EQ(Describe(none.End()), "OK");
}

TEST_F(WatchTest, TwoThousandStreams) {
  constexpr int kStreams = 2000;
  constexpr int kConnections = 4;
  std::vector<std::unique_ptr<Stubs>> connections;
  for (int i = 0; i < kConnections; ++i) {
    connections.push_back(std::make_unique<Stubs>(served_.Connect()));
  }
  std::vector<std::unique_ptr<WatchClient>> watches(kStreams);
  for (std::size_t i = 0; i < watches.size(); ++i) {
    watches[i] = std::make_unique<WatchClient>(*connections[i % kConnections]);
    watches[i]->Create("a");
  }
  for (const auto& watch : watches) ASSERT_TRUE(watch->Next().created());
  EXPECT_EQ(served_.server().figures().watch_streams, static_cast<std::size_t>(kStreams));
  stubs_.Put("a", "1");
  for (const auto& watch : watches) EXPECT_EQ(watch->Next().events_size(), 1);
  watches.clear();
  EXPECT_TRUE(WaitUntil([&] { return served_.server().figures().watch_streams == 0; }));
}

}  // namespace
}  // namespace rollcall::etcdapi::testing
