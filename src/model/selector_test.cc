#include "model/selector.h"

#include <gtest/gtest.h>

namespace rollcall::model {
namespace {

TEST(Selector, IsALabelThatIsExactlyOne) {
  EXPECT_EQ(ParseSelector("_healthy"), Selector{});
  EXPECT_EQ(ParseSelector("_Healthy"), Selector{}) << "names are equal whatever their case";
  const auto shard = [](unsigned index, unsigned count) {
    return Selector{Selector::Kind::kShard, index, count};
  };
  EXPECT_EQ(ParseSelector("_shard0of1"), shard(0, 1));
  EXPECT_EQ(ParseSelector("_shard1023of1024"), shard(1023, 1024));
  EXPECT_EQ(ParseSelector("_SHARD0OF4"), shard(0, 4));
}

TEST(Selector, AnythingElseIsAnOrdinaryLabel) {
  for (const char* label :
       {"", "_", "healthy", "_healthy2", "_health", "_http", "_shard", "_shard1of1", "_shard0of0",
        "_shard-1of4", "_shard0of1025", "_shard01of4", "_shard0of04", "_shardof4", "_shard0of",
        "_shard+1of4", "_shard0of4x", "_shard99999999999of4", "_shard0x4"}) {
    EXPECT_EQ(ParseSelector(label), std::nullopt) << label;
  }
}

}  // namespace
}  // namespace rollcall::model
