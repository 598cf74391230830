#include "answer/weights.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace rollcall::answer {
namespace {

using Service = catalog::Registration::Service;

Service Make(std::int64_t priority, std::int64_t weight) {
  Service service;
  service.priority = priority;
  service.weight = weight;
  return service;
}

std::vector<std::uint16_t> Served(const std::vector<std::int64_t>& weights) {
  Weights sums;
  std::vector<Service> services;
  for (const std::int64_t weight : weights) services.push_back(Make(0, weight));
  for (const Service& service : services) sums.Add(service);
  std::vector<std::uint16_t> served;
  for (const Service& service : services) served.push_back(sums.Of(service));
  return served;
}

TEST(Weights, AreCoreDnssBitForBit) {
  struct Example {
    std::vector<std::int64_t> stored;
    std::vector<std::uint16_t> served;
  };
  const Example examples[] = {
      {{120, 100, 130}, {34, 28, 37}},
      {{130, 80, 150}, {36, 22, 41}},
      {{0, 0, 0}, {33, 33, 33}},
      {{97}, {99}},
      {{161}, {99}},
      {{1, 999}, {1, 99}},
      {{1, 1000}, {1, 99}},
      {{10, 20, 30, 40}, {10, 20, 30, 40}},
      {{1, 2, 3}, {16, 33, 50}},
      {{7, 7, 14}, {25, 25, 50}},
      {{33, 33, 34}, {33, 33, 34}},
      {{0, 50}, {66, 33}},
      {{0, 1}, {99, 1}},
      {{29, 71}, {29, 71}},
      {{57, 43}, {57, 43}},
      {{58, 42}, {58, 42}},
      {{14, 86}, {14, 86}},
      {{28, 72}, {28, 72}},
      {{56, 44}, {56, 44}},
      {{115, 85}, {57, 42}},
      {{1, 2, 4, 8, 16, 32, 64}, {1, 1, 3, 6, 12, 25, 50}},
  };
  for (const Example& example : examples) EXPECT_EQ(Served(example.stored), example.served);
}

TEST(Weights, NegativeOnesWrapTo16Bits) {
  EXPECT_EQ(Served({150, -50}), (std::vector<std::uint16_t>{150, 65486}));
}

TEST(Weights, NothingToShareGivesOne) {
  EXPECT_EQ(Served({50, -50}), (std::vector<std::uint16_t>{1, 1}));
}

TEST(Weights, HugeOnesAreDefined) {
  const std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(Served({huge}), (std::vector<std::uint16_t>{100}));
  EXPECT_EQ(Served({huge, -huge + 1}).size(), 2U);
}

TEST(Weights, EachPrioritySharesAlone) {
  Weights sums;
  const Service first = Make(1, 0);
  const Service second = Make(2, 300);
  const Service third = Make(2, 0);
  for (const Service& service : {first, second, third}) sums.Add(service);
  EXPECT_EQ(sums.Of(first), 100);
  EXPECT_EQ(sums.Of(second), 75);
  EXPECT_EQ(sums.Of(third), 25);
}

TEST(PriorityOf, UnsetCountsAsTen) {
  EXPECT_EQ(PriorityOf(Service{}), 10);
  EXPECT_EQ(PriorityOf(Make(3, 0)), 3);
}

}  // namespace
}  // namespace rollcall::answer
