#include "registry/registry.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "model/records.h"
#include "model/serial.h"
#include "store/embedded/store.h"
#include "store/faulty.h"

namespace rollcall::registry {
namespace {

using std::chrono::seconds;
using store::After;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kNode1[] = "/skydns/internal/prom/node/server01";
constexpr char kRegistered1[] = "/rollcall/v1/registered/skydns/internal/prom/node/server01";
constexpr char kGone1[] = "/rollcall/v1/gone/skydns/internal/prom/node/server01";

class FixedClock : public Clock {
 public:
  SteadyTime Now() const override { return {}; }
  WallTime WallNow() const override { return WallTime(seconds(1'700'000'000)); }
};

Order NodeOrder(const std::string& address = "192.0.2.1", std::int64_t port = 9100) {
  Order order;
  order.service = "node";
  order.host = "server01";
  order.value.host = address;
  order.value.port = port;
  return order;
}

class RegistryTest : public ::testing::Test {
 protected:
  store::Deadline Soon() { return After(seconds(5)); }

  std::optional<store::KeyValue> Find(const std::string& key) {
    const auto page = store_->Range({.keys = store::KeyRange::Single(key)}, Soon());
    if (!page || page->kvs.empty()) return std::nullopt;
    return page->kvs[0];
  }
  std::string Get(const std::string& key) {
    const auto kv = Find(key);
    return kv ? kv->value : "";
  }
  store::LeaseId LeaseOf(const std::string& key) {
    const auto kv = Find(key);
    return kv ? kv->lease : 0;
  }
  void Put(const std::string& key, const std::string& value) {
    store::TxnRequest txn;
    txn.then.emplace_back(store::PutOp{.key = key, .value = value});
    ASSERT_TRUE(store_->Txn(txn, Soon()));
  }
  void Erase(const std::string& key) {
    store::TxnRequest txn;
    txn.then.emplace_back(store::DeleteOp{store::KeyRange::Single(key)});
    ASSERT_TRUE(store_->Txn(txn, Soon()));
  }

  FixedClock clock_;
  std::unique_ptr<store::embedded::EmbeddedStore> store_ =
      store::embedded::Open({.cluster_id = 7, .timer = false});
  Registry registry_{*store_, {}, {}, clock_};
};

// --- who and why

// Refuses what would write a record `registered`, as a user may be who may write registrations
// only.
class NoSignatures final : public store::FaultyStore {
 public:
  using FaultyStore::FaultyStore;
  Result<store::TxnResponse> Txn(const store::TxnRequest& request,
                                 store::Deadline deadline) override {
    for (const store::Op& op : request.then) {
      const auto* const put = std::get_if<store::PutOp>(&op);
      if (put != nullptr && put->key == kRegistered1) {
        return Fail(ErrorCode::kRefused, "permission denied");
      }
    }
    return FaultyStore::Txn(request, deadline);
  }
};

TEST_F(RegistryTest, WhoRegisteredItAndWhyIsWrittenInTheSameRevision) {
  const Terms terms{.reason = {"ann@h", "new"}};
  const auto written = registry_.Register(NodeOrder(), terms, Soon());
  ASSERT_TRUE(written) << written.error().message;
  const auto record = Find(kRegistered1);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->mod_revision, written->revision);
  EXPECT_NE(record->lease, 0) << "it does not stay";
  const auto said = model::ParseRecord(record->value);
  ASSERT_TRUE(said);
  EXPECT_EQ(said->by, "ann@h");
  EXPECT_EQ(said->why, "new");
  EXPECT_EQ(LeaseOf(kNode1), 0) << "the registration does";

  const store::Revision before = store_->header().revision;
  ASSERT_TRUE(registry_.Register(NodeOrder(), Terms{.reason = {"bob@h", "again"}}, Soon()));
  EXPECT_EQ(store_->header().revision, before) << "what stands there already is not written";
}

TEST_F(RegistryTest, OfThoseWhoSayNothingNothingIsWritten) {
  ASSERT_TRUE(registry_.Register(NodeOrder(), Terms{.reason = {"", "why"}}, Soon()));
  EXPECT_EQ(Get(kRegistered1), "");
}

TEST_F(RegistryTest, WhatIsSaidInOneHourSharesALease) {
  const Terms terms{.reason = {"ann@h", "new"}};
  store::FaultyStore counting(*store_);
  Registry registry(counting, {}, {}, clock_);
  for (const char* address : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
    ASSERT_TRUE(registry.Register(NodeOrder(address), terms, Soon()));
  }
  EXPECT_EQ(counting.calls(store::FaultyStore::Call::kGrant), 1);
  const store::LeaseId lease = LeaseOf(kRegistered1);
  ASSERT_TRUE(store_->LeaseRevoke(lease, Soon()));
  EXPECT_EQ(Get(kRegistered1), "");
  EXPECT_NE(Get(kNode1), "");
  ASSERT_TRUE(registry.Register(NodeOrder("192.0.2.4"), terms, Soon()));
  EXPECT_EQ(LeaseOf(kRegistered1), lease) << "it is granted again";
}

TEST_F(RegistryTest, NothingIsRefusedForWantOfASignature) {
  const Terms terms{.reason = {"ann@h", "new"}};
  NoSignatures strict(*store_);
  EXPECT_TRUE(Registry(strict, {}, {}, clock_).Register(NodeOrder(), terms, Soon()));
  EXPECT_NE(Get(kNode1), "");
  EXPECT_EQ(Get(kRegistered1), "");

  store::FaultyStore no_leases(*store_);
  no_leases.FailAlways(store::FaultyStore::Call::kGrant, ErrorCode::kExhausted);
  EXPECT_TRUE(Registry(no_leases, {}, {}, clock_).Register(NodeOrder("192.0.2.2"), terms, Soon()));
  EXPECT_THAT(Get(kNode1), HasSubstr("192.0.2.2"));
}

TEST_F(RegistryTest, ALeaseOfTheTermsThatHasEndedIsToldAllTheSame) {
  const Terms terms{.lease = 77, .reason = {"ann@h", "new"}};
  EXPECT_EQ(registry_.Register(NodeOrder(), terms, Soon()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Get(kNode1), "");
}

TEST_F(RegistryTest, WhoRegisteredItGoesWithTheRegistration) {
  ASSERT_TRUE(registry_.Register(NodeOrder(), Terms{.reason = {"ann@h", "new"}}, Soon()));
  ASSERT_NE(Get(kRegistered1), "");
  const Target target{.service = "node", .instance = "server01", .host = "", .address = {}};
  ASSERT_TRUE(registry_.Deregister(target, {"ann@h", "moved"}, Soon()));
  EXPECT_EQ(Get(kRegistered1), "");
}

// --- values

TEST_F(RegistryTest, RegisterWritesTheValueOfSkyDns) {
  const auto written = registry_.Register(NodeOrder(), 0, Soon());
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->key, kNode1);
  EXPECT_TRUE(written->changed);
  EXPECT_EQ(written->revision, store_->header().revision);
  EXPECT_EQ(Get(kNode1), R"({"host":"192.0.2.1","port":9100})");
}

TEST_F(RegistryTest, OnlyAtTheRevisionThatWasNamed) {
  const auto at = [](std::optional<store::Revision> revision) {
    return Terms{.only_at = revision};
  };
  const auto first = registry_.Register(NodeOrder(), at(0), Soon());
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(registry_.Register(NodeOrder("192.0.2.2"), at(0), Soon()).error().code,
            ErrorCode::kMoved);
  const auto second = registry_.Register(NodeOrder("192.0.2.2"), at(first->revision), Soon());
  ASSERT_TRUE(second) << second.error().message;
  Target target{.service = "node", .instance = "", .host = "server01", .address = ""};
  target.only_at = first->revision;
  EXPECT_EQ(registry_.Deregister(target, {"x", "y"}, Soon()).error().code, ErrorCode::kMoved);
  EXPECT_NE(Get(kNode1), "");
  target.only_at = second->revision;
  EXPECT_TRUE(registry_.Deregister(target, {"x", "y"}, Soon()));
  EXPECT_EQ(registry_.Register(NodeOrder(), at(second->revision), Soon()).error().code,
            ErrorCode::kMoved);
}

TEST_F(RegistryTest, OnlyWhileItIsLostAsItWasSeen) {
  const std::string lost = "/rollcall/v1/lost/skydns/internal/prom/node/server01";
  const std::string alive = "/rollcall/v1/alive/skydns/internal/prom/node/server01";
  Put(kNode1, R"({"host":"192.0.2.9","port":9100,"rollcall":{"owner":"agent:server01"}})");
  Target target{.service = "node", .instance = "", .host = "server01", .address = ""};
  const auto take_away = [&] { return registry_.Deregister(target, {"x", "y"}, Soon()); };
  target.lost_at = store_->header().revision;
  EXPECT_EQ(take_away().error().code, ErrorCode::kMoved) << "nobody has dated it";
  Put(lost, R"({"since":"2026-01-31T12:00:00Z"})");
  target.lost_at = store_->header().revision;
  Put(lost, R"({"since":"2026-01-31T13:00:00Z"})");
  EXPECT_EQ(take_away().error().code, ErrorCode::kMoved) << "it was back meanwhile";
  target.lost_at = store_->header().revision;
  Put(alive, "{}");
  EXPECT_EQ(take_away().error().code, ErrorCode::kMoved) << "it is alive";
  EXPECT_NE(Get(kNode1), "");
  Erase(alive);
  const auto done = take_away();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(Get(kNode1), "");
  EXPECT_EQ(Get(lost), "");
}

TEST_F(RegistryTest, RegisterAgainWritesNothing) {
  const auto first = registry_.Register(NodeOrder(), 0, Soon());
  const auto again = registry_.Register(NodeOrder(), 0, Soon());
  ASSERT_TRUE(first && again);
  EXPECT_FALSE(again->changed);
  EXPECT_EQ(again->revision, first->revision);
  EXPECT_EQ(store_->header().revision, first->revision);
}

TEST_F(RegistryTest, RegisterLeavesAnEqualValueInAnotherSpelling) {
  const std::string spelled = R"({ "port" : 9100, "Host" : "192.0.2.1", "unknown": 1 })";
  Put(kNode1, spelled);
  const auto written = registry_.Register(NodeOrder(), 0, Soon());
  ASSERT_TRUE(written);
  EXPECT_FALSE(written->changed);
  EXPECT_EQ(Get(kNode1), spelled);
}

TEST_F(RegistryTest, AStaticRegistrationIsReplacedAndSaidSo) {
  ASSERT_TRUE(registry_.Register(NodeOrder("192.0.2.1"), 0, Soon()));
  const auto written = registry_.Register(NodeOrder("2001:db8::1"), 0, Soon());
  ASSERT_TRUE(written);
  EXPECT_EQ(written->key, kNode1);
  EXPECT_EQ(written->replaced, "192.0.2.1:9100");
  EXPECT_THAT(Get(kNode1), HasSubstr("2001:db8::1"));
}

TEST_F(RegistryTest, AValueThatCannotBeReadIsReplaced) {
  Put(kNode1, "{");
  const auto written = registry_.Register(NodeOrder(), 0, Soon());
  ASSERT_TRUE(written);
  EXPECT_TRUE(written->changed);
  EXPECT_THAT(written->replaced, HasSubstr("could not be read"));
}

TEST_F(RegistryTest, ALivingOwnerIsNotReplacedAndBothAreNamed) {
  Put(kNode1, R"({"host":"192.0.2.9","port":9100,"rollcall":{"owner":"agent:server01"}})");
  Put("/rollcall/v1/alive/skydns/internal/prom/node/server01", "{}");
  const auto written = registry_.Register(NodeOrder(), 0, Soon());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kConflict);
  EXPECT_THAT(written.error().message, HasSubstr("agent:server01 at 192.0.2.9:9100"));
  EXPECT_THAT(written.error().message, HasSubstr("192.0.2.1:9100"));
  EXPECT_THAT(Get(kNode1), HasSubstr("192.0.2.9"));
}

TEST_F(RegistryTest, ALostOwnerIsReplaced) {
  Put(kNode1, R"({"host":"192.0.2.9","port":9100,"rollcall":{"owner":"agent:server01"}})");
  const auto written = registry_.Register(NodeOrder(), 0, Soon());
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->replaced, "192.0.2.9:9100");
}

TEST_F(RegistryTest, ASecondPortOfAHostIsNamedByIt) {
  ASSERT_TRUE(registry_.Register(NodeOrder("192.0.2.1", 9100), 0, Soon()));
  for (int round = 0; round < 2; ++round) {
    const auto second = registry_.Register(NodeOrder("192.0.2.1", 9200), 0, Soon());
    ASSERT_TRUE(second);
    EXPECT_EQ(second->key, std::string(kNode1) + "-9200");
    EXPECT_EQ(second->changed, round == 0);
  }
  EXPECT_THAT(Get(kNode1), HasSubstr("9100"));
}

TEST_F(RegistryTest, ANamedInstanceTakesItsKeyWhateverItsPort) {
  Order order = NodeOrder("192.0.2.1", 9100);
  order.instance = "first";
  ASSERT_TRUE(registry_.Register(order, 0, Soon()));
  order.value.port = 9200;
  const auto written = registry_.Register(order, 0, Soon());
  ASSERT_TRUE(written);
  EXPECT_EQ(written->key, "/skydns/internal/prom/node/first");
  EXPECT_EQ(written->replaced, "192.0.2.1:9100");
}

TEST_F(RegistryTest, ANameServerNeedsNoPort) {
  Order order = NodeOrder("192.0.2.53", 0);
  order.service = "ns.dns";
  order.instance = "ns1";
  const auto written = registry_.Register(order, 0, Soon());
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->key, "/skydns/internal/prom/dns/ns/ns1");
  EXPECT_EQ(Get(written->key), R"({"host":"192.0.2.53"})");
}

TEST_F(RegistryTest, TheBasePathOverridesPrefixAndZone) {
  Registry based(*store_, {"/skydns", "prom.internal", "/skydns/local/prom"}, {}, clock_);
  Order order = NodeOrder();
  order.service = "node.b";
  const auto written = based.Register(order, 0, Soon());
  ASSERT_TRUE(written);
  EXPECT_EQ(written->key, "/skydns/local/prom/b/node/server01");
  const auto listing = based.List("", Soon());
  ASSERT_TRUE(listing);
  ASSERT_EQ(listing->items.size(), 1U);
  EXPECT_EQ(listing->items[0].name.ToText(), "server01.node.b.prom.local.");
}

TEST_F(RegistryTest, ABasePathElsewhereNamesByItsOwnFirstComponent) {
  EXPECT_EQ(NamingPrefix({"/skydns", "z", "/other/local/prom"}), "/other");
  EXPECT_EQ(NamingPrefix({"/skydns", "z", "/skydns/local/prom"}), "/skydns");
  EXPECT_EQ(NamingPrefix({"/skydns", "z", ""}), "/skydns");
}

TEST_F(RegistryTest, DeregisterLeavesTheMarkUnderAWeeksLease) {
  ASSERT_TRUE(registry_.Register(NodeOrder(), 0, Soon()));
  const store::Revision before = store_->header().revision;
  const auto written =
      registry_.Deregister({"node", "server01", "", 0, ""}, {"root@server01", "moved"}, Soon());
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->revision, before + 1) << "one transaction";
  EXPECT_EQ(Get(kNode1), "");
  EXPECT_EQ(Get(kGone1), R"({"since":"2023-11-14T22:13:20Z","by":"root@server01","why":"moved"})");
  const auto times = store_->LeaseTimeToLive(LeaseOf(kGone1), Soon());
  ASSERT_TRUE(times);
  EXPECT_EQ(times->granted, seconds(7 * 24 * 3600));
}

TEST_F(RegistryTest, RegisterTakesTheMarkAwayInTheSameTransaction) {
  ASSERT_TRUE(registry_.Register(NodeOrder(), 0, Soon()));
  ASSERT_TRUE(registry_.Deregister({"node", "server01", "", 0, ""}, {}, Soon()));
  const store::Revision before = store_->header().revision;
  ASSERT_TRUE(registry_.Register(NodeOrder(), 0, Soon()));
  EXPECT_EQ(store_->header().revision, before + 1);
  EXPECT_EQ(Get(kGone1), "");
}

TEST_F(RegistryTest, AMarkBesideAnUnchangedRegistrationGoesAlone) {
  ASSERT_TRUE(registry_.Register(NodeOrder(), 0, Soon()));
  Put(kGone1, "{}");
  const auto written = registry_.Register(NodeOrder(), 0, Soon());
  ASSERT_TRUE(written);
  EXPECT_FALSE(written->changed);
  EXPECT_EQ(Get(kGone1), "");
}

TEST_F(RegistryTest, DeregisterOfWhatIsNotThereSaysWhatIs) {
  Order order = NodeOrder();
  for (const char* instance : {"server02", "server03"}) {
    order.instance = instance;
    ASSERT_TRUE(registry_.Register(order, 0, Soon()));
  }
  const auto missing = registry_.Deregister({"node", "server01", "", 0, ""}, {}, Soon());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("server02, server03"));
  const auto nothing = registry_.Deregister({"nodes", "server01", "", 0, ""}, {}, Soon());
  ASSERT_FALSE(nothing);
  EXPECT_THAT(nothing.error().message, HasSubstr("nothing is under"));
  EXPECT_EQ(Get(kGone1), "") << "no mark for what was not there";
}

TEST_F(RegistryTest, DeregisterTakesAwayWhatIsOnlyHeld) {
  const std::string held = model::RecordKey(model::Area::kHeld, kNode1);
  model::Record record;
  record.value = R"({"host":"192.0.2.9","port":9100})";
  Put(held, model::ToJson(record));
  const Target other{"node", "server01", "", 0, "192.0.2.8"};
  EXPECT_EQ(registry_.Deregister(other, {}, Soon()).error().code, ErrorCode::kConflict);
  const Target target{"node", "server01", "", 0, "192.0.2.9"};
  const auto written = registry_.Deregister(target, {"root", "moved"}, Soon());
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(Get(held), "");
  EXPECT_NE(Get(kGone1), "");
}

TEST_F(RegistryTest, DeregisterLeavesNoHoldThatWouldBringItBack) {
  ASSERT_TRUE(registry_.Register(NodeOrder(), 0, Soon()));
  const std::string held = model::RecordKey(model::Area::kHeld, kNode1);
  Put(held, "{}");
  ASSERT_TRUE(registry_.Deregister({"node", "server01", "", 0, ""}, {}, Soon()));
  EXPECT_EQ(Get(held), "");
}

TEST_F(RegistryTest, DeregisterByHostAndPortFindsWhatRegisterChose) {
  ASSERT_TRUE(registry_.Register(NodeOrder("192.0.2.1", 9100), 0, Soon()));
  ASSERT_TRUE(registry_.Register(NodeOrder("192.0.2.1", 9200), 0, Soon()));
  const auto second = registry_.Deregister({"node", "", "server01", 9200, ""}, {}, Soon());
  ASSERT_TRUE(second);
  EXPECT_EQ(second->key, std::string(kNode1) + "-9200");
  const auto first = registry_.Deregister({"node", "", "server01", 0, ""}, {}, Soon());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->key, kNode1);
}

TEST_F(RegistryTest, DeregisterWithAnAddressLeavesWhatAnotherPutSince) {
  ASSERT_TRUE(registry_.Register(NodeOrder("192.0.2.2"), 0, Soon()));
  const auto late = registry_.Deregister({"node", "server01", "", 9100, "192.0.2.1"}, {}, Soon());
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kConflict);
  EXPECT_THAT(Get(kNode1), HasSubstr("192.0.2.2"));
}

TEST_F(RegistryTest, DeregisterOfAnUnreadableValueSucceeds) {
  Put(kNode1, "garbage");
  EXPECT_TRUE(registry_.Deregister({"node", "server01", "", 0, ""}, {}, Soon()));
  EXPECT_EQ(Get(kNode1), "");
}

TEST_F(RegistryTest, ListLeavesNothingOutAndSaysWhatIsWrong) {
  ASSERT_TRUE(registry_.Register(NodeOrder(), 0, Soon()));
  Put("/skydns/internal/prom/node/bad-json", "{");
  Put("/skydns/internal/prom/node/bad-host", R"({"host":"a..b"})");
  Put("/skydns/internal/prom/node/_healthy", R"({"host":"192.0.2.1"})");
  Put("/skydns/internal/prom/node//x", R"({"host":"192.0.2.1"})");
  Put("/skydns/internal/prom/node2/x", R"({"host":"192.0.2.1"})");
  const auto listing = registry_.List("node", Soon());
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->revision, store_->header().revision);
  std::vector<std::string> keys;
  std::vector<bool> bad;
  for (const Listed& item : listing->items) {
    keys.push_back(item.key.substr(sizeof "/skydns/internal/prom/node"));
    bad.push_back(!item.problem.empty());
  }
  EXPECT_THAT(keys, ElementsAre("/x", "_healthy", "bad-host", "bad-json", "server01"));
  EXPECT_TRUE(bad[1] && bad[2] && bad[3]);
  EXPECT_FALSE(bad[4]);
  EXPECT_EQ(listing->items[4].name.ToText(), "server01.node.prom.internal.");
}

// Each of two registers wants another address; whoever loses the race sees the
// winner's value and replaces it, so the last word is one whole order.
TEST_F(RegistryTest, RacingRegistersEndInOneWholeOrder) {
  std::atomic<int> failed = 0;
  const auto racer = [&](const std::string& address) {
    for (int i = 0; i < 200; ++i) {
      if (!registry_.Register(NodeOrder(address), 0, Soon())) ++failed;
    }
  };
  std::thread one(racer, "192.0.2.1");
  std::thread two(racer, "192.0.2.2");
  one.join();
  two.join();
  EXPECT_EQ(failed, 0);
  const std::string value = Get(kNode1);
  EXPECT_TRUE(value == R"({"host":"192.0.2.1","port":9100})" ||
              value == R"({"host":"192.0.2.2","port":9100})")
      << value;
}

TEST_F(RegistryTest, RacingPortsOfOneHostBothEndUpRegistered) {
  const auto racer = [&](std::int64_t port) {
    ASSERT_TRUE(registry_.Register(NodeOrder("192.0.2.1", port), 0, Soon()));
  };
  std::thread one(racer, 9100);
  std::thread two(racer, 9200);
  one.join();
  two.join();
  const auto listing = registry_.List("node", Soon());
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->items.size(), 2U);
}

TEST_F(RegistryTest, AStoreThatIsAwayIsToldAsSuch) {
  store::FaultyStore faulty(*store_);
  Registry registry(faulty, {}, {}, clock_);
  faulty.FailAlways(store::FaultyStore::Call::kTxn, ErrorCode::kUnavailable);
  const auto written = registry.Register(NodeOrder(), 0, Soon());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kUnavailable);
  const auto gone = registry.Deregister({"node", "server01", "", 0, ""}, {}, Soon());
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::kUnavailable);
}

TEST_F(RegistryTest, AFailedLeaseTakesNothingAway) {
  ASSERT_TRUE(registry_.Register(NodeOrder(), 0, Soon()));
  store::FaultyStore faulty(*store_);
  Registry registry(faulty, {}, {}, clock_);
  faulty.FailAlways(store::FaultyStore::Call::kGrant, ErrorCode::kDeadline);
  EXPECT_FALSE(registry.Deregister({"node", "server01", "", 0, ""}, {}, Soon()));
  EXPECT_NE(Get(kNode1), "");
}

TEST_F(RegistryTest, LoopbackIsForStoresOnLoopback) {
  EXPECT_FALSE(registry_.Register(NodeOrder("127.0.0.1"), 0, Soon()));
  Registry local(*store_, {}, {.allow_loopback = true}, clock_);
  EXPECT_TRUE(local.Register(NodeOrder("127.0.0.1"), 0, Soon()));
  EXPECT_TRUE(local.Register(NodeOrder("::1"), 0, Soon()));
}

struct SerialCase {
  std::string name;
  std::uint32_t before;
  store::Revision now;
  std::string stored;                   // "": no record
  std::optional<std::uint32_t> offset;  // what stands there afterwards
};

class RaiseSerialTest : public RegistryTest, public ::testing::WithParamInterface<SerialCase> {};

TEST_P(RaiseSerialTest, KeepsTheSerialFromGoingBackwards) {
  const SerialCase& c = GetParam();
  const std::string key(model::kSerialKey);
  if (!c.stored.empty()) Put(key, c.stored);
  ASSERT_TRUE(registry_.RaiseSerial(c.before, c.now, Soon()));
  EXPECT_EQ(model::ParseSerialOffset(Get(key)), c.offset);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, RaiseSerialTest,
    ::testing::Values(
        SerialCase{"lower_revision", 1000, 10, "", 991},
        SerialCase{"equal_is_not_above", 10, 10, "", 1},
        SerialCase{"already_above", 9, 10, "", std::nullopt},
        SerialCase{"another_replica_did", 1000, 10, R"({"offset":991})", 991},
        SerialCase{"raised_before_but_too_low", 1000, 10, R"({"offset":500})", 991},
        SerialCase{"unreadable_counts_as_none", 1000, 10, "{", 991},
        SerialCase{"five_is_above_the_highest", 0xFFFFFFFFU, 5, "", std::nullopt},
        SerialCase{"an_offset_that_wraps", 0xFFFFFFFFU, 0x80000005LL, "", 0x7FFFFFFBU},
        SerialCase{"wrapped_is_above", 0xFFFFFFFFU, 0x100000001LL, "", std::nullopt},
        SerialCase{"half_the_circle_is_not_above", 0x80000000U, 0x100000000LL, "", 0x80000001U}),
    [](const auto& the_case) { return the_case.param.name; });

TEST_F(RegistryTest, TheSerialRecordSaysOfWhichStoreItIs) {
  ASSERT_TRUE(registry_.RaiseSerial(1000, 10, Soon()));
  EXPECT_EQ(Get(std::string(model::kSerialKey)),
            R"({"offset":991,"cluster_id":"7","since":"2023-11-14T22:13:20Z"})");
}

}  // namespace
}  // namespace rollcall::registry
