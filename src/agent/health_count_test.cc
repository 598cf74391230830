#include "agent/health_count.h"

#include <gtest/gtest.h>

#include <string>

namespace rollcall::agent {
namespace {

using model::Health;

// p, w, c: a result, and what is said after it; '-': nothing has been said.
struct Case {
  std::string name;
  int rise;
  int fall;
  std::string results;
  std::string said;
};

Health Of(char letter) {
  return letter == 'p' ? Health::kPassing : letter == 'w' ? Health::kWarning : Health::kCritical;
}

class HealthCountTest : public ::testing::TestWithParam<Case> {};

TEST_P(HealthCountTest, SaysWhatIsBorneOut) {
  const Case& c = GetParam();
  HealthCount count(c.rise, c.fall);
  EXPECT_FALSE(count.health());
  std::string said;
  for (const char result : c.results) {
    const auto before = count.health();
    const auto change = count.Add(Of(result));
    ASSERT_TRUE(count.health());
    EXPECT_EQ(change.has_value(), before != count.health()) << "told exactly when it changes";
    if (change) {
      EXPECT_EQ(*change, *count.health());
    }
    said += model::ToString(*count.health())[0];
  }
  EXPECT_EQ(said, c.said);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, HealthCountTest,
    ::testing::Values(Case{"first_passing", 2, 3, "p", "p"}, Case{"first_critical", 2, 3, "c", "c"},
                      Case{"first_warning", 2, 3, "w", "w"},
                      Case{"falls_at_the_third", 2, 3, "pcccc", "pppcc"},
                      Case{"rises_at_the_second", 2, 3, "cppp", "ccpp"},
                      Case{"a_success_between_begins_anew", 2, 3, "pccpccc", "ppppppc"},
                      Case{"a_failure_between_begins_anew", 2, 3, "cpcpcpp", "ccccccp"},
                      Case{"alternating_never_changes", 2, 2, "pcpcpcpc", "pppppppp"},
                      Case{"one_is_enough", 1, 1, "pcpwc", "pcpwc"},
                      Case{"nonsense_is_one", 0, -7, "pcp", "pcp"},
                      Case{"down_to_warning", 2, 3, "pwww", "pppw"},
                      Case{"down_to_the_mildest", 2, 3, "pwcc", "pppw"},
                      Case{"then_further_down", 2, 3, "pwccccc", "pppwwwc"},
                      Case{"up_to_the_mildest", 2, 3, "cpw", "ccw"},
                      Case{"up_and_then_further", 2, 3, "cwwpp", "ccwwp"},
                      Case{"from_warning_either_way_begins_anew", 2, 2, "wcpcpcc", "wwwwwwc"}),
    [](const auto& the_case) { return the_case.param.name; });

}  // namespace
}  // namespace rollcall::agent
