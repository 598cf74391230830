#include "catalog/weigher.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace rollcall::catalog {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A store whose keys are deleted with no mark, and the weigher before it.
class Fleet {
 public:
  explicit Fleet(ProtectOptions options = {}) : weigher_(options) {}

  void Add(const std::string& service, int instances, const std::string& zone = "prom.internal") {
    for (int i = 0; i < instances; ++i) keys_[fmt::format("/{}/{}", service, i)] = {service, zone};
  }
  // True: let pass.
  bool Delete(const std::vector<std::string>& keys) {
    std::vector<Weigher::Removal> removals;
    for (const std::string& key : keys) removals.push_back(RemovalOf(key));
    verdict_ = weigher_.Weigh(removals, now_);
    if (!verdict_.pass) return false;
    for (const std::string& key : keys) keys_.erase(key);
    return true;
  }
  bool Delete(const std::string& service, int instance) {
    return Delete({fmt::format("/{}/{}", service, instance)});
  }
  void PutAgain(const std::string& service, int instance) {
    const std::string key = fmt::format("/{}/{}", service, instance);
    keys_[key] = {service, "prom.internal"};
    weigher_.Returned(key);
  }
  // How many of a service go, deleted one after the other.
  int DeleteOneByOne(const std::string& service, int instances) {
    int passed = 0;
    for (int i = 0; i < instances; ++i) passed += Delete(service, i) ? 1 : 0;
    return passed;
  }

  void Wait(std::chrono::milliseconds time) { now_ += time; }
  [[nodiscard]] const std::string& why() const { return verdict_.why; }
  [[nodiscard]] std::size_t missing() { return weigher_.missing(now_); }

 private:
  struct Place {
    std::string service;
    std::string zone;
  };

  Weigher::Removal RemovalOf(const std::string& key) const {
    const auto& [own_key, own] = *keys_.find(key);
    Weigher::Removal removal{
        .key = own_key, .service = own.service, .zone = own.zone, .all_size = keys_.size()};
    for (const auto& [other_key, other] : keys_) {
      removal.service_size += other.service == own.service ? 1 : 0;
      removal.zone_size += other.zone == own.zone ? 1 : 0;
    }
    return removal;
  }

  Weigher weigher_;
  std::map<std::string, Place> keys_;
  SteadyTime now_{seconds(1000)};
  Weigher::Verdict verdict_;
};

TEST(Weigher, OneKeyDeletedByHandIsBelievedEvenIfItWasTheServicesLast) {
  Fleet fleet;
  fleet.Add("node", 1);
  EXPECT_TRUE(fleet.Delete("node", 0));
  EXPECT_THAT(fleet.why(), IsEmpty());
}

TEST(Weigher, SeveralInOneRevisionAreHeldHoweverManyThereAre) {
  Fleet fleet;
  fleet.Add("node", 1000);
  EXPECT_FALSE(fleet.Delete({"/node/0", "/node/1"}));
  EXPECT_THAT(fleet.why(), HasSubstr("2 vanished at once"));
  EXPECT_EQ(fleet.missing(), 0);  // what is held is not gone
  EXPECT_TRUE(fleet.Delete({}));
}

struct OneByOne {
  int instances;
  int passed;
};
class DeletedOneByOne : public ::testing::TestWithParam<OneByOne> {};

TEST_P(DeletedOneByOne, AServiceLosesTheShareOrTheLeast) {
  Fleet fleet;
  fleet.Add("node", GetParam().instances);
  fleet.Add("other", 1000);
  EXPECT_EQ(fleet.DeleteOneByOne("node", GetParam().instances), GetParam().passed);
}

INSTANTIATE_TEST_SUITE_P(Weigher, DeletedOneByOne,
                         ::testing::Values(OneByOne{1, 1}, OneByOne{2, 2}, OneByOne{3, 3},
                                           OneByOne{4, 3}, OneByOne{20, 3}, OneByOne{26, 3},
                                           OneByOne{27, 4}, OneByOne{100, 15}, OneByOne{200, 30}));

TEST(Weigher, AHundredServicesOfTwoAreNotLostOneKeyAfterTheOther) {
  Fleet fleet;
  for (int i = 0; i < 100; ++i) fleet.Add(fmt::format("service{}", i), 2);
  int passed = 0;
  for (int i = 0; i < 100; ++i) passed += fleet.DeleteOneByOne(fmt::format("service{}", i), 2);
  EXPECT_EQ(passed, 30);  // 15 % of 200
  EXPECT_THAT(fleet.why(), HasSubstr("31 of 200 of zone prom.internal"));
}

TEST(Weigher, AZoneIsWeighedByItself) {
  Fleet fleet;
  for (int i = 0; i < 10; ++i) fleet.Add(fmt::format("small{}", i), 1, "small.internal");
  fleet.Add("node", 1000);
  int passed = 0;
  for (int i = 0; i < 10; ++i) passed += fleet.Delete(fmt::format("small{}", i), 0) ? 1 : 0;
  EXPECT_EQ(passed, 3);
  EXPECT_TRUE(fleet.Delete("node", 0)) << "another zone is none the worse";
}

TEST(Weigher, EverythingTogetherIsWeighed) {
  Fleet fleet;
  for (int i = 0; i < 10; ++i) fleet.Add(fmt::format("s{}", i), 1, fmt::format("zone{}", i));
  int passed = 0;
  for (int i = 0; i < 10; ++i) passed += fleet.Delete(fmt::format("s{}", i), 0) ? 1 : 0;
  EXPECT_EQ(passed, 3);
  EXPECT_THAT(fleet.why(), HasSubstr("4 of 10 of all"));
}

TEST(Weigher, TheWindowSlides) {
  Fleet fleet;
  fleet.Add("node", 20);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(fleet.Delete("node", i));
    fleet.Wait(minutes(3));
  }
  // 9 minutes after the first one.
  EXPECT_FALSE(fleet.Delete("node", 3));
  fleet.Wait(minutes(1) - std::chrono::milliseconds(1));
  EXPECT_FALSE(fleet.Delete("node", 3));
  fleet.Wait(std::chrono::milliseconds(1));
  EXPECT_EQ(fleet.missing(), 2);
  EXPECT_TRUE(fleet.Delete("node", 3));
  EXPECT_FALSE(fleet.Delete("node", 4)) << "the second one is only 7 minutes old";
}

TEST(Weigher, WithTheClockStandingStillNothingIsForgotten) {
  Fleet fleet;
  fleet.Add("node", 50);
  EXPECT_EQ(fleet.DeleteOneByOne("node", 50), 7);
  EXPECT_EQ(fleet.missing(), 7);
  EXPECT_FALSE(fleet.Delete("node", 49));
}

TEST(Weigher, WhatWasHeldDoesNotCountAsGone) {
  Fleet fleet;
  fleet.Add("node", 20);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(fleet.Delete({"/node/0", "/node/1"}));
  EXPECT_TRUE(fleet.Delete("node", 0));
}

TEST(Weigher, WhatCameBackIsNotMissing) {
  Fleet fleet;
  fleet.Add("node", 10);
  // Hosts are restarted one after the other; their keys go with their leases.
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(fleet.Delete("node", i)) << i << ": " << fleet.why();
    fleet.PutAgain("node", i);
    fleet.Wait(seconds(20));
  }
  EXPECT_EQ(fleet.missing(), 0);
  // Gone, back and gone again counts from the last time.
  EXPECT_TRUE(fleet.Delete("node", 0));
  fleet.Wait(minutes(9));
  EXPECT_EQ(fleet.missing(), 1);
  fleet.Wait(minutes(1));
  EXPECT_EQ(fleet.missing(), 0);
  fleet.PutAgain("node", 0);  // too late to matter
  EXPECT_EQ(fleet.missing(), 0);
}

TEST(Weigher, AShareOfAllSwitchesItOff) {
  Fleet fleet({.share = 1});
  fleet.Add("node", 20);
  EXPECT_TRUE(fleet.Delete({"/node/0", "/node/1", "/node/2", "/node/3", "/node/4"}));
  for (int i = 5; i < 20; ++i) EXPECT_TRUE(fleet.Delete("node", i));
}

TEST(Weigher, ALeastOfNoneHoldsWhatAShareDoesNotAllow) {
  Fleet fleet({.share = 0, .least = 0});
  fleet.Add("node", 20);
  EXPECT_FALSE(fleet.Delete("node", 0));
}

TEST(Weigher, MoreThanCanBeRememberedIsHeld) {
  Fleet fleet({.share = 0.5, .most_kept = 5});
  fleet.Add("node", 100);
  EXPECT_EQ(fleet.DeleteOneByOne("node", 100), 5);
  EXPECT_THAT(fleet.why(), HasSubstr("too many to remember"));
  fleet.Wait(minutes(10));
  EXPECT_TRUE(fleet.Delete("node", 99));
}

TEST(Weigher, OneKeyThatComesAndGoesIsRememberedWithinBounds) {
  Fleet fleet({.share = 0.5, .most_kept = 5});
  fleet.Add("node", 100);
  int passed = 0;
  for (int i = 0; i < 10; ++i) {
    passed += fleet.Delete("node", 0) ? 1 : 0;
    fleet.PutAgain("node", 0);
  }
  EXPECT_EQ(passed, 5);
}

}  // namespace
}  // namespace rollcall::catalog
