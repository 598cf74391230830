#include "etcdapi/core/fifo.h"

#include <gtest/gtest.h>

#include <memory>

namespace rollcall::etcdapi {
namespace {

TEST(Fifo, GivesBackInTurn) {
  Fifo<std::unique_ptr<int>> fifo;
  int next = 0;
  int first = 0;
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < round % 7; ++i) fifo.push_back(std::make_unique<int>(next++));
    for (int i = 0; i < round % 5 && !fifo.empty(); ++i) EXPECT_EQ(*fifo.pop_front(), first++);
    EXPECT_EQ(fifo.size(), static_cast<std::size_t>(next - first));
    EXPECT_EQ(fifo.empty(), next == first);
  }
  while (!fifo.empty()) EXPECT_EQ(*fifo.pop_front(), first++);
  EXPECT_EQ(first, next);
}

TEST(Fifo, HoldsLittleMoreThanWhatIsInIt) {
  Fifo<int> fifo;
  EXPECT_EQ(fifo.capacity(), 0U);
  for (int i = 0; i < 10'000; ++i) {  // never empty
    fifo.push_back(i);
    if (i < 4) continue;
    EXPECT_EQ(fifo.pop_front(), i - 4);
  }
  EXPECT_LE(fifo.capacity(), 64U);
  while (!fifo.empty()) (void)fifo.pop_front();
  EXPECT_EQ(fifo.capacity(), 0U);
}

}  // namespace
}  // namespace rollcall::etcdapi
