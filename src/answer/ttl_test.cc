#include "answer/ttl.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace rollcall::answer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SteadyTime kNow{seconds(10'000)};

struct TtlCase {
  std::optional<milliseconds> left;  // of the lease; none: not known
  std::uint32_t own = 0;
  std::uint32_t expected = 0;
};

std::uint32_t Ttl(const TtlCase& example, std::uint32_t min, std::uint32_t max) {
  catalog::Registration registration;
  registration.lease = 7;
  registration.service.ttl = example.own;
  catalog::View view;
  if (example.left) view.leases[7] = kNow + *example.left;
  Zones::Options options;
  options.default_ttl = 300;
  options.min_lease_ttl = min;
  options.max_lease_ttl = max;
  Basis basis;
  return TtlOf(registration, view, options, kNow, basis);
}

TEST(TtlOf, IsTheSmallerOfLeaseAndOwnWithinBounds) {
  const TtlCase examples[] = {
      {{}, 0, 300},
      {{}, 120, 120},
      {{}, 4'294'967'295, 4'294'967'295},
      {seconds(1), 0, 30},
      {seconds(29), 0, 30},
      {seconds(30), 0, 30},
      {seconds(31), 0, 31},
      {seconds(86'400), 0, 86'400},
      {seconds(86'401), 0, 86'400},
      {seconds(10), 20, 20},
      {seconds(10), 40, 30},
      {seconds(100), 40, 40},
      {seconds(100), 400, 100},
      {milliseconds(99'100), 0, 100},
  };
  for (const TtlCase& example : examples) {
    EXPECT_EQ(Ttl(example, 30, 86'400), example.expected) << example.expected;
  }
}

TEST(TtlOf, TakesTheConfiguredBounds) {
  EXPECT_EQ(Ttl({seconds(10), 0, 0}, 60, 3600), 60U);
  EXPECT_EQ(Ttl({seconds(9999), 0, 0}, 60, 3600), 3600U);
}

TEST(TtlOf, ALeaseThatJustEndedDoesNotLetTheDefaultSlipOut) {
  EXPECT_EQ(Ttl({milliseconds(-500), 0, 0}, 30, 86'400), 30U);
  EXPECT_EQ(Ttl({milliseconds(-500), 9, 0}, 30, 86'400), 9U);
}

}  // namespace
}  // namespace rollcall::answer
