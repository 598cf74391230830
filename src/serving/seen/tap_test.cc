#include "serving/seen/tap.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/name.h"

namespace rollcall::serving::seen {
namespace {

using namespace std::chrono_literals;

class TapTest : public ::testing::Test {
 protected:
  void Note(std::uint8_t client, const std::string& name, std::int64_t revision = 1) {
    const std::uint8_t address[] = {10, 0, 0, client};
    tap.Note({address}, wire::Name::FromText(name).value().view().wire(), revision, now);
  }
  std::vector<Sighting> TakeAll() {
    std::vector<Sighting> all;
    for (Sighting one; tap.Take(one);) all.push_back(one);
    return all;
  }

  Tap tap;
  SteadyTime now{1h};
};

TEST_F(TapTest, TellsANewPairAtOnceAndThenOnceASecond) {
  Note(1, "node.z");
  EXPECT_EQ(TakeAll().size(), 1U);
  for (int i = 0; i < 10; ++i) {
    now += 99ms;
    Note(1, "node.z", 7);
  }
  EXPECT_EQ(TakeAll().size(), 0U);
  now += 10ms;
  Note(1, "node.z", 8);
  const auto told = TakeAll();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].count, 11U);
  EXPECT_EQ(told[0].revision, 8);
  EXPECT_EQ(told[0].at, now);
}

TEST_F(TapTest, CaseMakesNoOtherPair) {
  Note(1, "node.z");
  Note(1, "NODE.z");
  EXPECT_EQ(TakeAll().size(), 1U);
}

TEST_F(TapTest, WhoLosesHisPlaceIsToldWithWhatWasCounted) {
  Note(1, "node.z", 3);
  now += 1ms;
  Note(1, "node.z", 4);
  (void)TakeAll();
  std::uint32_t of_first = 0;
  for (int i = 0; i < 100'000 && of_first == 0; ++i) {
    Note(2, "n" + std::to_string(i) + ".z");
    for (const Sighting& one : TakeAll()) {
      if (one.address[3] == 1) of_first = one.count;
    }
  }
  EXPECT_EQ(of_first, 1U);
}

TEST_F(TapTest, AFullRingDropsAndCounts) {
  for (std::size_t i = 0; i < Tap::kRing + 10; ++i) Note(1, "n" + std::to_string(i) + ".z");
  EXPECT_EQ(tap.dropped(), 10U);
  EXPECT_EQ(TakeAll().size(), Tap::kRing);
  Note(1, "again.z");
  EXPECT_EQ(TakeAll().size(), 1U);
}

TEST_F(TapTest, TheLongestNameFits) {
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  Note(1, longest);
  const auto told = TakeAll();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].name_size, 255);
  EXPECT_EQ(wire::NameView({told[0].name.data(), told[0].name_size}).ToText(), longest + ".");
}

}  // namespace
}  // namespace rollcall::serving::seen
