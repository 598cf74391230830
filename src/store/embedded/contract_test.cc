// The store in memory keeps the store contract.
#include <atomic>

#include "store/embedded/store.h"
#include "store/testing/contract_suite.h"

namespace rollcall::store::testing {
namespace {

class MovableClock : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime(std::chrono::seconds(seconds_)); }
  WallTime WallNow() const override { return WallTime(std::chrono::seconds(seconds_)); }
  void Advance(std::chrono::seconds by) { seconds_ += by.count(); }

 private:
  std::atomic<std::int64_t> seconds_{1000};
};

class EmbeddedSubject : public Subject {
 public:
  Store& store() override { return *store_; }
  std::string prefix() const override { return "/contract/"; }
  void Compact(Revision revision) override { ASSERT_TRUE(store_->Compact(revision)); }
  void Elapse(std::chrono::seconds time) override {
    clock_.Advance(time);
    store_->ExpireLeases();
  }

 private:
  MovableClock clock_;
  std::unique_ptr<embedded::EmbeddedStore> store_ = embedded::Open({.timer = false}, clock_);
};

INSTANTIATE_TEST_SUITE_P(Embedded, StoreContract,
                         ::testing::Values(SubjectOf<EmbeddedSubject>("embedded")));

}  // namespace
}  // namespace rollcall::store::testing
