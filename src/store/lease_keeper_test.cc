#include "store/lease_keeper.h"

#include <gtest/gtest.h>

#include <vector>

namespace rollcall::store {
namespace {

using std::chrono::seconds;

Deadline Soon() {
  return After(seconds(30));
}

// Answers calls on leases as told, and lets a test wait for them.
class LeaseStore : public Store {
 public:
  struct State {
    LeaseId last = 0;
    int grants = 0;
    int renewals = 0;
    std::vector<LeaseId> revoked;
    std::optional<ErrorCode> failure;
  };

  void FailWith(std::optional<ErrorCode> failure) { state_.Lock()->failure = failure; }
  int grants() { return state_.Lock()->grants; }
  int renewals() { return state_.Lock()->renewals; }
  std::vector<LeaseId> revoked() { return state_.Lock()->revoked; }
  bool WaitRenewals(int count) {
    auto state = state_.Lock();
    return state.WaitUntil(changed_, Soon(), [&] { return state->renewals >= count; });
  }

  Result<Lease> LeaseGrant(seconds ttl, LeaseId, Deadline) override {
    auto state = state_.Lock();
    if (state->failure) return Fail(*state->failure, "as told");
    ++state->grants;
    return Lease{++state->last, ttl};
  }
  Result<seconds> LeaseKeepAlive(LeaseId, Deadline) override {
    auto state = state_.Lock();
    ++state->renewals;
    changed_.notify_all();
    if (state->failure) return Fail(*state->failure, "as told");
    return seconds(3600);
  }
  Result<void> LeaseRevoke(LeaseId id, Deadline) override {
    auto state = state_.Lock();
    state->revoked.push_back(id);
    if (state->failure) return Fail(*state->failure, "as told");
    return {};
  }
  Result<LeaseTimes> LeaseTimeToLive(LeaseId, Deadline) override { return Unused(); }
  Result<RangeResponse> Range(const RangeRequest&, Deadline) override { return Unused(); }
  Result<TxnResponse> Txn(const TxnRequest&, Deadline) override { return Unused(); }
  Result<std::unique_ptr<Watch>> StartWatch(const WatchRequest&, Deadline) override {
    return Unused();
  }

 private:
  static tl::unexpected<Error> Unused() { return Fail(ErrorCode::kInternal, "not asked for"); }

  Guarded<State> state_;
  std::condition_variable changed_;
};

// Collects what on_lost says.
class Losses {
 public:
  std::function<void(LeaseId)> callback() {
    return [this](LeaseId id) {
      ids_.Lock()->push_back(id);
      changed_.notify_all();
    };
  }
  std::vector<LeaseId> Wait(std::size_t count) {
    auto ids = ids_.Lock();
    ids.WaitUntil(changed_, Soon(), [&] { return ids->size() >= count; });
    return *ids;
  }
  std::vector<LeaseId> so_far() { return *ids_.Lock(); }

 private:
  Guarded<std::vector<LeaseId>> ids_;
  std::condition_variable changed_;
};

TEST(LeaseKeeper, GrantsOnDemandAndOnlyOnce) {
  LeaseStore store;
  LeaseKeeper keeper(store, seconds(3600), {});
  EXPECT_EQ(keeper.held(), 0);
  EXPECT_EQ(store.grants(), 0);
  const auto first = keeper.Ensure(Soon());
  ASSERT_TRUE(first);
  EXPECT_EQ(keeper.Ensure(Soon()).value_or(0), *first);
  EXPECT_EQ(keeper.held(), *first);
  EXPECT_EQ(store.grants(), 1);
}

TEST(LeaseKeeper, ManyWhoAskAtOnceGetOneLease) {
  LeaseStore store;
  LeaseKeeper keeper(store, seconds(3600), {});
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] { EXPECT_EQ(keeper.Ensure(Soon()).value_or(0), 1); });
    }
  }
  EXPECT_EQ(store.grants(), 1);
}

TEST(LeaseKeeper, RenewsByItselfAtAboutAThirdOfTheTime) {
  LeaseStore store;
  LeaseKeeper keeper(store, seconds(1), {});
  const SteadyTime start = std::chrono::steady_clock::now();
  ASSERT_TRUE(keeper.Ensure(Soon()));
  ASSERT_TRUE(store.WaitRenewals(1));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(266));
}

TEST(LeaseKeeper, ALostLeaseIsToldOnceAndReplacedOnDemand) {
  LeaseStore store;
  Losses losses;
  LeaseKeeper keeper(store, seconds(3600), losses.callback());
  ASSERT_EQ(keeper.Ensure(Soon()).value_or(0), 1);
  store.FailWith(ErrorCode::kNotFound);
  keeper.CheckNow();
  EXPECT_EQ(losses.Wait(1), std::vector<LeaseId>{1});
  EXPECT_EQ(keeper.held(), 0);
  store.FailWith(std::nullopt);
  EXPECT_EQ(keeper.Ensure(Soon()).value_or(0), 2);
  keeper.CheckNow();
  ASSERT_TRUE(store.WaitRenewals(2));
  EXPECT_EQ(losses.so_far(), std::vector<LeaseId>{1});
}

TEST(LeaseKeeper, AStoreThatIsAwayIsNoLoss) {
  LeaseStore store;
  Losses losses;
  LeaseKeeper keeper(store, seconds(1), losses.callback());
  ASSERT_TRUE(keeper.Ensure(Soon()));
  store.FailWith(ErrorCode::kUnavailable);
  keeper.CheckNow();
  ASSERT_TRUE(store.WaitRenewals(5));
  EXPECT_EQ(keeper.held(), 1);
  EXPECT_EQ(losses.so_far(), std::vector<LeaseId>{});
}

TEST(LeaseKeeper, AFailedGrantIsTheCallersToRepeat) {
  LeaseStore store;
  store.FailWith(ErrorCode::kUnavailable);
  LeaseKeeper keeper(store, seconds(30), {});
  EXPECT_EQ(keeper.Ensure(Soon()).error().code, ErrorCode::kUnavailable);
  store.FailWith(std::nullopt);
  EXPECT_TRUE(keeper.Ensure(Soon()));
}

TEST(LeaseKeeper, RevokeEndsItAndStopsRenewing) {
  LeaseStore store;
  LeaseKeeper keeper(store, seconds(3600), {});
  ASSERT_TRUE(keeper.Ensure(Soon()));
  ASSERT_TRUE(keeper.Revoke(Soon()));
  EXPECT_EQ(store.revoked(), std::vector<LeaseId>{1});
  EXPECT_EQ(keeper.held(), 0);
  keeper.CheckNow();
  EXPECT_TRUE(keeper.Revoke(Soon()));
  EXPECT_EQ(store.revoked().size(), 1U);
}

TEST(LeaseKeeper, RevokeOfALeaseThatIsGoneIsDone) {
  LeaseStore store;
  LeaseKeeper keeper(store, seconds(3600), {});
  ASSERT_TRUE(keeper.Ensure(Soon()));
  store.FailWith(ErrorCode::kNotFound);
  EXPECT_TRUE(keeper.Revoke(Soon()));
}

TEST(LeaseKeeper, TheOwnerMayAskForANewOneWhileItIsTold) {
  LeaseStore store;
  LeaseKeeper* self = nullptr;
  Losses renewed;
  LeaseKeeper keeper(store, seconds(3600), [&](LeaseId) {
    store.FailWith(std::nullopt);
    renewed.callback()(self->Ensure(Soon()).value_or(0));
  });
  self = &keeper;
  ASSERT_TRUE(keeper.Ensure(Soon()));
  store.FailWith(ErrorCode::kNotFound);
  keeper.CheckNow();
  EXPECT_EQ(renewed.Wait(1), std::vector<LeaseId>{2});
}

}  // namespace
}  // namespace rollcall::store
