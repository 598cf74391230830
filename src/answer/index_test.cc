#include "answer/index.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace rollcall::answer {
namespace {

// Positions of equal entries, in a list with others between them that are not entered.
TEST(Index, AnEqualEntryIsFoundWhateverTheirNumber) {
  Index index;
  for (const std::size_t most : {1U, 2U, 8U, 9U, 100U, 3U}) {  // one that is used again
    index.Reset(most);
    std::vector<std::string> list;
    const auto find = [&](const std::string& entry) {
      return index.FindOrAdd([&] { return std::hash<std::string>()(entry); }, list.size(),
                             [&](std::size_t at) { return list[at] == entry; });
    };
    for (std::size_t i = 0; i < most; ++i) {
      const std::string entry = std::to_string(i);
      list.push_back(entry);  // equal, but not entered
      EXPECT_EQ(find(entry), list.size()) << most;
      list.push_back(entry);
    }
    for (std::size_t i = 0; i < most; ++i) EXPECT_EQ(find(std::to_string(i)), 2 * i + 1) << most;
  }
}

TEST(Index, OfFewNoneIsHashed) {
  Index index;
  index.Reset(8);
  const auto never = [] {
    ADD_FAILURE();
    return std::size_t{0};
  };
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(index.FindOrAdd(never, i, [](std::size_t) { return false; }), i);
  }
}

}  // namespace
}  // namespace rollcall::answer
