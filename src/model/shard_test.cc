#include "model/shard.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace rollcall::model {
namespace {

wire::Name NameFrom(const std::string& text) {
  return wire::Name::FromText(text).value();
}

std::vector<wire::Name> Hosts(int count) {
  std::vector<wire::Name> names;
  for (int i = 0; i < count; ++i) {
    names.push_back(NameFrom("server" + std::to_string(i) + ".node.prom.internal"));
  }
  return names;
}

// Computed by another program, from the header's words.
TEST(Shard, IsWhatTheHeaderSays) {
  constexpr std::array<unsigned, 6> kCounts = {1, 2, 3, 4, 16, 1024};
  const struct {
    const char* name;
    std::array<unsigned, 6> shards;
  } cases[] = {
      {"server01.node.prom.internal", {0, 0, 2, 2, 2, 616}},
      {"server02.node.prom.internal", {0, 1, 2, 2, 12, 450}},
      {"SERVER02.Node.prom.INTERNAL.", {0, 1, 2, 2, 12, 450}},
      {"db-7.mysql.prom.local", {0, 0, 0, 0, 8, 569}},
      {"a.b", {0, 1, 1, 1, 5, 30}},
      {"x", {0, 1, 1, 3, 8, 156}},
  };
  for (const auto& one : cases) {
    for (std::size_t i = 0; i < kCounts.size(); ++i) {
      EXPECT_EQ(ShardOf(NameFrom(one.name), kCounts[i]), one.shards[i])
          << one.name << " of " << kCounts[i];
    }
  }
}

TEST(Shard, EveryNameIsInExactlyOneOfThem) {
  for (const wire::Name& name : Hosts(200)) {
    for (const unsigned count : {1U, 2U, 7U, 64U, 1024U}) {
      const unsigned shard = ShardOf(name, count);
      unsigned in = 0;
      for (unsigned i = 0; i < count; ++i) in += IsInShard(name, i, count) ? 1 : 0;
      EXPECT_EQ(in, 1U);
      EXPECT_TRUE(IsInShard(name, shard, count));
    }
  }
}

// One more shard takes 1/n of all from the others, and moves nothing between them.
TEST(Shard, OneMoreShardMovesOnlyWhatItTakes) {
  const auto names = Hosts(20'000);
  for (const unsigned count : {1U, 2U, 3U, 10U, 100U}) {
    int moved = 0;
    for (const wire::Name& name : names) {
      const unsigned before = ShardOf(name, count);
      const unsigned after = ShardOf(name, count + 1);
      if (before == after) continue;
      EXPECT_EQ(after, count);
      ++moved;
    }
    const double expected = 20'000.0 / (count + 1);
    EXPECT_GT(moved, expected * 0.8) << count;
    EXPECT_LT(moved, expected * 1.2) << count;
  }
}

TEST(Shard, ShardsAreAboutEqual) {
  std::array<int, 16> sizes{};
  for (const wire::Name& name : Hosts(16'000)) ++sizes[ShardOf(name, 16)];
  for (const int size : sizes) {
    EXPECT_GT(size, 850);
    EXPECT_LT(size, 1150);
  }
}

}  // namespace
}  // namespace rollcall::model
