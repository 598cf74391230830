#include "store/etcd/core/batch_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace rollcall::store::etcd {
namespace {

using std::chrono::seconds;

WatchBatch Batch(Revision revision, std::size_t bytes = 1) {
  Event event;
  event.kv.key = std::string(bytes, 'k');
  event.kv.mod_revision = revision;
  return {revision, {event}};
}

Deadline Soon() {
  return After(seconds(30));
}

TEST(BatchQueue, DeliversInOrderAndThenTheError) {
  BatchQueue queue(100);
  ASSERT_TRUE(queue.Push(Batch(1)));
  ASSERT_TRUE(queue.Push(Batch(2)));
  queue.End({ErrorCode::kUnavailable, "broken"});
  EXPECT_EQ(queue.Pop(Soon())->revision, 1);
  EXPECT_EQ(queue.Pop(Soon())->revision, 2);
  EXPECT_EQ(queue.Pop(Soon()).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(queue.Pop(Soon()).error().code, ErrorCode::kUnavailable);
}

TEST(BatchQueue, AnEmptyOneEndsTheWaitByTheDeadline) {
  BatchQueue queue(100);
  EXPECT_EQ(queue.Pop(After(std::chrono::milliseconds(1))).error().code, ErrorCode::kDeadline);
}

TEST(BatchQueue, CancelWakesAWaitingConsumerAndDropsTheRest) {
  BatchQueue queue(100);
  std::jthread consumer([&] { EXPECT_EQ(queue.Pop(Soon()).error().code, ErrorCode::kCancelled); });
  queue.Cancel();
  consumer.join();
  EXPECT_FALSE(queue.Push(Batch(1)));
  EXPECT_EQ(queue.Pop(Soon()).error().code, ErrorCode::kCancelled);
}

TEST(BatchQueue, TheFirstErrorCounts) {
  BatchQueue queue(100);
  queue.End({ErrorCode::kCompacted, "first"});
  queue.End({ErrorCode::kUnavailable, "second"});
  EXPECT_EQ(queue.Pop(Soon()).error().code, ErrorCode::kCompacted);
}

TEST(BatchQueue, ABatchLargerThanTheBoundFitsAlone) {
  BatchQueue queue(10);
  EXPECT_TRUE(queue.Push(Batch(1, 1000)));
  EXPECT_EQ(queue.Pop(Soon())->revision, 1);
}

TEST(BatchQueue, AFullOneHoldsTheProducerUntilThereIsRoom) {
  BatchQueue queue(10);
  constexpr Revision kBatches = 200;
  std::atomic<Revision> pushed{0};
  std::jthread producer([&] {
    for (Revision revision = 1; revision <= kBatches; ++revision) {
      ASSERT_TRUE(queue.Push(Batch(revision, 6)));
      pushed = revision;
    }
  });
  for (Revision revision = 1; revision <= kBatches; ++revision) {
    EXPECT_EQ(queue.Pop(Soon())->revision, revision);
    // One in the queue, and one between this Pop and the producer's note of it.
    EXPECT_LE(pushed, revision + 1);
  }
}

TEST(BatchQueue, EndAndCancelReleaseAHeldProducer) {
  for (const bool cancel : {false, true}) {
    BatchQueue queue(1);
    ASSERT_TRUE(queue.Push(Batch(1)));
    std::jthread producer([&] { EXPECT_FALSE(queue.Push(Batch(2))); });
    cancel ? queue.Cancel() : queue.End({ErrorCode::kUnavailable, "broken"});
  }
}

TEST(BatchQueue, ConfirmationIsWaitedForUntilTheEndOrTheDeadline) {
  BatchQueue confirmed(1);
  std::jthread confirming([&] { confirmed.Confirm(); });
  EXPECT_TRUE(confirmed.WaitConfirmed(Soon()));

  BatchQueue ended(1);
  std::jthread ending([&] { ended.End({ErrorCode::kUnavailable, "broken"}); });
  EXPECT_FALSE(ended.WaitConfirmed(Soon()));

  BatchQueue silent(1);
  EXPECT_FALSE(silent.WaitConfirmed(After(std::chrono::milliseconds(1))));
}

}  // namespace
}  // namespace rollcall::store::etcd
