#include "base/clock.h"

namespace rollcall {
namespace {

class Machine final : public Clock {
 public:
  SteadyTime Now() const override { return std::chrono::steady_clock::now(); }
  WallTime WallNow() const override { return std::chrono::system_clock::now(); }
};

}  // namespace

const Clock& SystemClock() {
  static const Machine machine;
  return machine;
}

}  // namespace rollcall
