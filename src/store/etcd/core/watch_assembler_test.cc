#include "store/etcd/core/watch_assembler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::store::etcd {
namespace {

using ::testing::ElementsAre;

Event Put(std::string key, Revision revision) {
  Event event;
  event.kv.key = std::move(key);
  event.kv.mod_revision = revision;
  return event;
}

WatchMessage Created() {
  WatchMessage message;
  message.created = true;
  return message;
}

WatchMessage Events(std::int64_t id, bool fragment, std::vector<Event> events) {
  WatchMessage message;
  message.watch_id = id;
  message.fragment = fragment;
  message.events = std::move(events);
  return message;
}

std::vector<std::string> Keys(const WatchBatch& batch) {
  std::vector<std::string> keys;
  for (const Event& event : batch.events) keys.push_back(event.kv.key);
  return keys;
}

TEST(WatchAssembler, IsConfirmedWhenEveryWatchIs) {
  WatchAssembler assembler(2);
  EXPECT_FALSE(assembler.Take(Created()).batch);
  EXPECT_FALSE(assembler.all_created());
  EXPECT_FALSE(assembler.Take(Created()).end);
  EXPECT_TRUE(assembler.all_created());
}

TEST(WatchAssembler, HandsOnAWholeResponseAsOneBatch) {
  WatchAssembler assembler(1);
  const auto step = assembler.Take(Events(0, false, {Put("a", 5), Put("b", 5), Put("c", 6)}));
  ASSERT_TRUE(step.batch);
  EXPECT_EQ(step.batch->revision, 6);
  EXPECT_THAT(Keys(*step.batch), ElementsAre("a", "b", "c"));
}

TEST(WatchAssembler, AProgressNoteIsNoBatch) {
  WatchAssembler assembler(1);
  const auto step = assembler.Take(Events(-1, false, {}));
  EXPECT_FALSE(step.batch);
  EXPECT_FALSE(step.end);
}

TEST(WatchAssembler, NeverCutsARevisionThatIsSentInFragments) {
  WatchAssembler assembler(1);
  auto step = assembler.Take(Events(0, true, {Put("a", 5), Put("b", 6)}));
  ASSERT_TRUE(step.batch);
  EXPECT_EQ(step.batch->revision, 5);
  EXPECT_THAT(Keys(*step.batch), ElementsAre("a"));

  step = assembler.Take(Events(0, true, {Put("c", 6)}));
  EXPECT_FALSE(step.batch);

  step = assembler.Take(Events(0, false, {Put("d", 6), Put("e", 7)}));
  ASSERT_TRUE(step.batch);
  EXPECT_EQ(step.batch->revision, 7);
  EXPECT_THAT(Keys(*step.batch), ElementsAre("b", "c", "d", "e"));
}

TEST(WatchAssembler, FragmentsOfTwoWatchesDoNotMix) {
  WatchAssembler assembler(2);
  EXPECT_FALSE(assembler.Take(Events(0, true, {Put("a", 5)})).batch);
  auto step = assembler.Take(Events(1, false, {Put("x", 5)}));
  ASSERT_TRUE(step.batch);
  EXPECT_THAT(Keys(*step.batch), ElementsAre("x"));
  step = assembler.Take(Events(0, false, {Put("b", 5)}));
  ASSERT_TRUE(step.batch);
  EXPECT_THAT(Keys(*step.batch), ElementsAre("a", "b"));
}

TEST(WatchAssembler, CompactionIsARevisionWithoutAReason) {
  WatchAssembler assembler(1);
  EXPECT_FALSE(assembler.Take(Created()).end);
  WatchMessage message;
  message.canceled = true;
  message.compact_revision = 42;
  const auto step = assembler.Take(message);
  ASSERT_TRUE(step.end);
  EXPECT_TRUE(step.end->compacted);
  EXPECT_EQ(step.end->compact_revision, 42);
}

TEST(WatchAssembler, ARefusalIsConfirmedAndEndedAtOnce) {
  WatchAssembler assembler(1);
  WatchMessage message = Created();
  message.watch_id = -1;
  message.canceled = true;
  message.cancel_reason = "rpc error: code = PermissionDenied desc = etcdserver: permission denied";
  const auto step = assembler.Take(message);
  ASSERT_TRUE(step.end);
  EXPECT_FALSE(step.end->compacted);
  EXPECT_EQ(step.end->status.code, RpcCode::kPermissionDenied);
}

}  // namespace
}  // namespace rollcall::store::etcd
