#include "etcdapi/core/in_turns.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace rollcall::etcdapi {
namespace {

TEST(Workers, DoAllThatWasPostedBeforeTheyEnd) {
  std::atomic<int> done{0};
  {
    Workers workers(3);
    for (int i = 0; i < 1000; ++i) workers.Post([&done] { ++done; });
  }
  EXPECT_EQ(done, 1000);
}

TEST(Workers, RefuseWhereTooMuchWaits) {
  std::promise<void> go;
  std::promise<void> busy;
  Workers workers(1);
  workers.Post([&] {
    busy.set_value();
    go.get_future().wait();
  });
  busy.get_future().wait();
  EXPECT_TRUE(workers.PostIfRoom([] {}, 2));
  EXPECT_TRUE(workers.PostIfRoom([] {}, 2));
  EXPECT_FALSE(workers.PostIfRoom([] { FAIL(); }, 2));
  go.set_value();
}

// Counts what was left for it, and whether two turns ever overlapped.
class Counter final : public InTurns {
 public:
  Counter(Workers& workers, int expected) : InTurns(workers), expected_(expected) {}
  void Leave() {
    ++left_;
    Wake();
  }
  void WaitUntilAllIsTaken() { all_.get_future().wait(); }
  [[nodiscard]] bool overlapped() const { return overlapped_; }

 private:
  void Turn() override {
    if (inside_.exchange(true)) overlapped_ = true;
    taken_ += left_.exchange(0);
    inside_ = false;
    if (taken_ == expected_) all_.set_value();
    if (taken_ == expected_) ++taken_;  // said once
  }

  const int expected_;
  std::atomic<int> left_{0};
  std::atomic<bool> inside_{false};
  std::atomic<bool> overlapped_{false};
  int taken_ = 0;  // of the turns alone
  std::promise<void> all_;
};

TEST(InTurns, NothingThatWasLeftIsMissedAndTurnsDoNotOverlap) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  Workers workers(2);
  const auto counter = std::make_shared<Counter>(workers, kThreads * kEach);
  std::vector<std::jthread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&counter] {
      for (int i = 0; i < kEach; ++i) counter->Leave();
    });
  }
  counter->WaitUntilAllIsTaken();
  EXPECT_FALSE(counter->overlapped());
}

TEST(InTurns, ATurnThatIsDueKeepsItsObjectAlive) {
  std::promise<void> go;
  std::weak_ptr<Counter> weak;
  {
    Workers workers(1);
    workers.Post([&go] { go.get_future().wait(); });
    auto counter = std::make_shared<Counter>(workers, 1);
    weak = counter;
    counter->Leave();
    counter.reset();
    EXPECT_FALSE(weak.expired());
    go.set_value();
  }
  EXPECT_TRUE(weak.expired());
}

}  // namespace
}  // namespace rollcall::etcdapi
