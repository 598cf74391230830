#include "store/embedded/lease_clock.h"

#include <gtest/gtest.h>

namespace rollcall::store::embedded {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SetClock final : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime(now_); }
  WallTime WallNow() const override { return {}; }
  void Advance(std::chrono::nanoseconds by) { now_ += by; }

 private:
  std::chrono::nanoseconds now_ = seconds(1000);
};

TEST(LeaseClock, StandsStillFromTheFirstWhoAsksAfterAStandstill) {
  SetClock clock;
  LeaseClock leases(clock, clock);
  EXPECT_EQ(leases.Tick(), seconds(0));
  const SteadyTime before = leases.Now();
  clock.Advance(seconds(60));  // stopped
  EXPECT_EQ(leases.Now(), before + LeaseClock::kTick) << "nobody has ticked yet";
  EXPECT_EQ(leases.Tick(), seconds(60) - LeaseClock::kTick);
  EXPECT_EQ(leases.Now(), before + LeaseClock::kTick);
  clock.Advance(LeaseClock::kTick);
  EXPECT_EQ(leases.Now(), before + 2 * LeaseClock::kTick) << "and goes on";
  EXPECT_EQ(leases.Tick(), seconds(0));
}

TEST(LeaseClock, ABusyMachineIsNoStandstill) {
  SetClock clock;
  LeaseClock leases(clock, clock);
  EXPECT_EQ(leases.Tick(), seconds(0));
  const SteadyTime before = leases.Now();
  clock.Advance(milliseconds(1500));
  EXPECT_EQ(leases.Now(), before + milliseconds(1500));
  EXPECT_EQ(leases.Tick(), seconds(0));
}

TEST(LeaseClock, WithoutTicksItIsThatOfTheLeases) {
  SetClock clock;
  SetClock machine;
  LeaseClock leases(clock, machine);
  const SteadyTime before = leases.Now();
  machine.Advance(seconds(60));
  clock.Advance(seconds(30));
  EXPECT_EQ(leases.Now(), before + seconds(30));
}

}  // namespace
}  // namespace rollcall::store::embedded
