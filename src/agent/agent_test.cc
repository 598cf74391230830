#include "agent/agent.h"

#include <gmock/gmock.h>

#include <atomic>

#include "agent/definitions.h"
#include "model/records.h"
#include "store/embedded/store.h"
#include "store/faulty.h"

namespace rollcall::agent {
namespace {

using model::Area;
using std::chrono::milliseconds;
using std::chrono::seconds;
using store::FaultyStore;
using ::testing::HasSubstr;
using Call = FaultyStore::Call;
using State = model::Health;

constexpr char kNode[] = "/skydns/internal/prom/node/server01";
constexpr char kMysql[] = "/skydns/internal/prom/mysql/server01";
constexpr WallTime kStart{seconds(1'700'000'000)};

store::Deadline Soon() {
  return store::After(seconds(5));
}
std::string Of(Area area, const std::string& key = kNode) {
  return model::RecordKey(area, key);
}
std::string HostKey(const std::string& host = "server01") {
  return model::HostRecordKey(Area::kOwner, host);
}

class FakeClock : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime(seconds(1000)) + passed_.load(); }
  WallTime WallNow() const override {
    return kStart + std::chrono::duration_cast<WallTime::duration>(passed_.load());
  }
  void Pass(milliseconds time) { passed_.store(passed_.load() + time); }

 private:
  std::atomic<milliseconds> passed_{milliseconds(0)};
};

// One agent process: what dies with it, and what it leaves on the disk.
class Host {
 public:
  Host(store::Store& store, FakeClock& clock, std::string name = "server01",
       std::string machine = "machine-1")
      : store_(store), clock_(clock), name_(std::move(name)) {
    disk_.host = name_;
    disk_.machine = std::move(machine);
    Start();
  }

  void Start() {
    AgentOptions options;
    options.host = name_;
    options.machine = disk_.machine;
    options.call_timeout = milliseconds(200);
    options.save = [this](const Memory& memory) { disk_ = memory; };
    agent_.emplace(store_, std::move(options), disk_, clock_);
    agent_->SetAddress("192.0.2.1");
  }
  void Kill() { agent_.reset(); }

  // Defines what the text says, all of it well.
  void Define(const std::string& text, const std::string& file = "a.yml") {
    const auto parsed = ParseDefinitions(text, file, {.name = name_});
    ASSERT_TRUE(parsed) << parsed.error().message;
    Agent::Book book;
    for (const Definition& definition : *parsed) {
      book.definitions.push_back({definition, written});
      if (well) agent_->Report(IdOf(definition), {State::kPassing, "well", clock_.WallNow()});
    }
    book.unknown = unknown;
    agent_->Define(std::move(book));
  }
  void DefineNode(const std::string& more = "") {
    Define("services:\n- {service: node, port: 9100" + more + "}\n");
  }

  // Steps until nothing is due for a while, and then some time on.
  void Run(milliseconds time = milliseconds(0)) {
    const SteadyTime end = clock_.Now() + time;
    for (int i = 0; i < 200'000; ++i) {
      const SteadyTime next = agent_->Step();
      if (next > end) {
        if (end > clock_.Now()) Advance(end);
        return;
      }
      if (next > clock_.Now()) Advance(next);
    }
    FAIL() << "it does not come to rest";
  }

  Agent& agent() { return *agent_; }
  Memory& disk() { return disk_; }

  WallTime written{};
  bool well = true;
  std::vector<std::string> unknown;

 private:
  void Advance(SteadyTime to) {
    clock_.Pass(std::chrono::duration_cast<milliseconds>(to - clock_.Now()) + milliseconds(1));
  }

  store::Store& store_;
  FakeClock& clock_;
  const std::string name_;
  Memory disk_;
  std::optional<Agent> agent_;
};

class AgentTest : public ::testing::Test {
 protected:
  std::optional<store::KeyValue> Get(const std::string& key) {
    const auto page = store_->Range({.keys = store::KeyRange::Single(key)}, Soon());
    if (!page || page->kvs.empty()) return std::nullopt;
    return page->kvs[0];
  }
  model::Record RecordAt(const std::string& key) {
    const auto kv = Get(key);
    const auto record = kv ? model::ParseRecord(kv->value) : Result<model::Record>();
    return record.value_or(model::Record{});
  }
  store::Revision Revision() { return store_->header().revision; }
  store::Revision ModOf(const std::string& key) {
    const auto kv = Get(key);
    return kv ? kv->mod_revision : 0;
  }
  void Put(const std::string& key, const std::string& value, store::LeaseId lease = 0) {
    store::TxnRequest txn;
    txn.then.emplace_back(store::PutOp{.key = key, .value = value, .lease = lease});
    ASSERT_TRUE(store_->Txn(txn, Soon()));
  }
  void Delete(const std::string& prefix) {
    store::TxnRequest txn;
    txn.then.emplace_back(store::DeleteOp{store::KeyRange::Prefix(prefix)});
    ASSERT_TRUE(store_->Txn(txn, Soon()));
  }
  // What an operator does.
  registry::Registry Operator() { return {*store_, {}, {}, clock_}; }
  void Deregister(const std::string& service = "node") {
    const auto gone = Operator().Deregister(
        {.service = service, .instance = "", .host = "server01", .port = 0, .address = ""},
        {"root@a", "moved"}, Soon());
    ASSERT_TRUE(gone) << gone.error().message;
  }
  store::LeaseId LeaseOf(const std::string& key) {
    const auto kv = Get(key);
    return kv ? kv->lease : 0;
  }
  // So long that leases end, but for those that are renewed.
  void Pass(milliseconds time) {
    clock_.Pass(time);
    store_->ExpireLeases();
  }

  FakeClock clock_;
  std::unique_ptr<store::embedded::EmbeddedStore> store_ =
      store::embedded::Open({.cluster_id = 7, .timer = false}, clock_);
  FaultyStore faulty_{*store_};
  Host host_{faulty_, clock_};
};

TEST_F(AgentTest, RegistersWhatIsDefinedAndSaysThatItIsAlive) {
  host_.DefineNode(", labels: {rack: r12}");
  host_.Run();
  const auto node = Get(kNode);
  ASSERT_TRUE(node);
  EXPECT_EQ(node->value, R"({"host":"192.0.2.1","port":9100,"rollcall":{"owner":"agent:server01",)"
                         R"("labels":{"rack":"r12"}}})");
  EXPECT_EQ(node->lease, 0) << "it outlives the host's lease";
  const auto alive = Get(Of(Area::kAlive));
  ASSERT_TRUE(alive);
  EXPECT_EQ(alive->value, R"({"since":"2023-11-14T22:13:20Z","by":"agent:server01","why":"well",)"
                          R"("health":"passing"})");
  EXPECT_NE(alive->lease, 0);
  EXPECT_EQ(RecordAt(HostKey()).machine, "machine-1");
  EXPECT_EQ(LeaseOf(HostKey()), alive->lease) << "one lease for the host";
  EXPECT_EQ(host_.disk().lease, alive->lease);
  EXPECT_EQ(host_.agent().counts().registered, 1U);
}

TEST_F(AgentTest, OnceAllIsWellItWritesNothingMore) {
  host_.DefineNode();
  host_.Run();
  const store::Revision before = Revision();
  host_.Run(std::chrono::hours(1));
  EXPECT_EQ(Revision(), before);
  EXPECT_GT(faulty_.calls(Call::kKeepAlive), 200) << "the lease is renewed";
  EXPECT_LT(faulty_.calls(Call::kKeepAlive), 500);
}

TEST_F(AgentTest, PublishesChangesOfHealthAndOnlyThose) {
  host_.DefineNode();
  host_.Run();
  const store::Revision node = ModOf(kNode);
  host_.agent().Report("node/:9100", {State::kCritical, "refused", kStart + seconds(9)});
  host_.Run();
  const model::Record record = RecordAt(Of(Area::kAlive));
  EXPECT_EQ(record.health, State::kCritical);
  EXPECT_EQ(record.why, "refused");
  EXPECT_EQ(record.since, kStart + seconds(9));
  EXPECT_EQ(ModOf(kNode), node) << "the registration is left alone";
  const store::Revision before = Revision();
  host_.agent().Report("node/:9100", {State::kCritical, "timed out", kStart + seconds(19)});
  host_.Run();
  EXPECT_EQ(Revision(), before) << "no other health";
}

TEST_F(AgentTest, WaitsForTheFirstCheckButNotForEver) {
  host_.well = false;
  host_.DefineNode();
  host_.Run();
  EXPECT_FALSE(Get(kNode));
  host_.agent().Report("node/:9100", {State::kPassing, "well", kStart});
  host_.Run();
  EXPECT_EQ(RecordAt(Of(Area::kAlive)).health, State::kPassing);
  host_.Define("services:\n- {service: node, port: 9100}\n- {service: mysql, port: 9104}\n");
  host_.Run(seconds(4));
  EXPECT_TRUE(Get(kMysql));
  EXPECT_EQ(RecordAt(Of(Area::kAlive, kMysql)).health, State::kCritical);
  EXPECT_EQ(RecordAt(Of(Area::kAlive, kMysql)).why, "not checked yet");
}

TEST_F(AgentTest, ARestartChangesNothing) {
  host_.DefineNode(", on_loss: remove");
  host_.Run();
  const store::Revision before = Revision();
  host_.Kill();
  Pass(seconds(25));
  host_.well = false;  // its checks have yet to say anything
  host_.Start();
  host_.DefineNode(", on_loss: remove");
  host_.Run(seconds(20));
  EXPECT_EQ(Revision(), before) << "the lease was taken over, nothing was written";
  EXPECT_EQ(RecordAt(Of(Area::kAlive)).health, State::kPassing);
}

TEST_F(AgentTest, BackAfterItsLeaseHasEndedItWritesOneTransaction) {
  host_.Define("services:\n- {service: node, port: 9100}\n- {service: mysql, port: 9104}\n");
  host_.Run();
  const store::Revision node = ModOf(kNode);
  host_.Kill();
  Pass(seconds(40));
  EXPECT_FALSE(Get(Of(Area::kAlive)));
  EXPECT_TRUE(Get(kNode)) << "lost, not gone";
  const store::Revision before = Revision();
  host_.Start();
  host_.Define("services:\n- {service: node, port: 9100}\n- {service: mysql, port: 9104}\n");
  host_.Run();
  EXPECT_EQ(Revision(), before + 1) << "the host's record and both signs of life in one";
  EXPECT_TRUE(Get(Of(Area::kAlive)));
  EXPECT_TRUE(Get(Of(Area::kAlive, kMysql)));
  EXPECT_EQ(ModOf(kNode), node);
}

TEST_F(AgentTest, ALeaseThatEndedUnderItCostsOneTransactionToo) {
  host_.Define("services:\n- {service: node, port: 9100}\n- {service: mysql, port: 9104}\n");
  host_.Run();
  clock_.Pass(seconds(40));  // as if it had been frozen
  store_->ExpireLeases();
  const store::Revision before = Revision();
  const int txns = faulty_.calls(Call::kTxn);
  host_.Run();
  EXPECT_EQ(Revision(), before + 1);
  EXPECT_EQ(faulty_.calls(Call::kTxn), txns + 1) << "and nothing has to be read for it";
  EXPECT_TRUE(Get(Of(Area::kAlive, kMysql)));
  EXPECT_EQ(LeaseOf(HostKey()), LeaseOf(Of(Area::kAlive)));
}

TEST_F(AgentTest, WhatIsDeletedWithoutAMarkIsPutBackWithinSeconds) {
  host_.DefineNode();
  host_.Run();
  Delete("/skydns");
  host_.Run(seconds(3));
  EXPECT_TRUE(Get(kNode));
  Delete("/");
  host_.Run(seconds(3));
  EXPECT_TRUE(Get(kNode));
  EXPECT_TRUE(Get(Of(Area::kAlive)));
  EXPECT_TRUE(Get(HostKey()));
}

TEST_F(AgentTest, SignsOfLifeAreBackAtOnce) {
  host_.DefineNode();
  host_.Run();
  Delete("/rollcall/v1/alive/");
  host_.Run();
  EXPECT_TRUE(Get(Of(Area::kAlive)));
  ASSERT_TRUE(store_->LeaseRevoke(LeaseOf(HostKey()), Soon()));
  EXPECT_FALSE(Get(Of(Area::kAlive)));
  host_.Run(seconds(1));
  EXPECT_TRUE(Get(Of(Area::kAlive)));
  EXPECT_TRUE(Get(HostKey()));
  EXPECT_EQ(host_.disk().lease, LeaseOf(HostKey())) << "another one, for the next start";
}

TEST_F(AgentTest, WhatSomebodyDeregisteredStaysAway) {
  host_.DefineNode();
  host_.Run();
  Deregister();
  host_.Run(seconds(30));
  EXPECT_FALSE(Get(kNode));
  EXPECT_FALSE(Get(Of(Area::kAlive))) << "no sign of life of what is not there";
  EXPECT_EQ(host_.agent().counts().away, 1U);
  host_.Kill();
  host_.Start();
  host_.DefineNode();
  host_.Run(seconds(30));
  EXPECT_FALSE(Get(kNode)) << "over a restart";
  Pass(std::chrono::hours(8 * 24));
  host_.Run(seconds(400));
  EXPECT_FALSE(Get(Of(Area::kGone)));
  EXPECT_FALSE(Get(kNode)) << "and when the mark has run out";
}

TEST_F(AgentTest, UntilItsDefinitionChanges) {
  host_.DefineNode();
  host_.Run();
  Deregister();
  host_.Run();
  host_.DefineNode(", labels: {rack: r13}");
  host_.Run();
  EXPECT_TRUE(Get(kNode));
  EXPECT_FALSE(Get(Of(Area::kGone)));
}

TEST_F(AgentTest, OrUntilItIsReadmitted) {
  host_.DefineNode();
  host_.Run();
  Deregister();
  host_.Run();
  const auto done = Operator().Readmit(
      {.service = "node", .instance = "", .host = "server01", .port = 0, .address = ""},
      {"root@a", "again"}, Soon());
  ASSERT_TRUE(done);
  host_.Run();
  EXPECT_TRUE(Get(kNode));
  EXPECT_FALSE(Get(Of(Area::kGone)));
  Deregister();
  host_.Run(seconds(3));
  EXPECT_FALSE(Get(kNode)) << "once";
}

TEST_F(AgentTest, ADeregistrationIsNotUndoneByOneWhoHasNotSeenIt) {
  host_.DefineNode();
  host_.Run();
  Delete(kNode);
  host_.agent().Step();  // it is to be put back soon
  Operator();
  Put(Of(Area::kGone), model::ToJson({.since = kStart, .by = "root@a", .why = "meant"}));
  host_.Run(seconds(10));
  EXPECT_FALSE(Get(kNode));
}

TEST_F(AgentTest, WhatIsNoLongerDefinedIsDeregistered) {
  host_.Define("services:\n- {service: node, port: 9100}\n- {service: mysql, port: 9104}\n");
  host_.Run();
  host_.DefineNode();
  host_.Run();
  EXPECT_FALSE(Get(kMysql));
  EXPECT_FALSE(Get(Of(Area::kAlive, kMysql)));
  const model::Record mark = RecordAt(Of(Area::kGone, kMysql));
  EXPECT_EQ(mark.by, "agent:server01");
  EXPECT_EQ(mark.why, "no longer defined in a.yml");
  EXPECT_TRUE(Get(kNode));
  host_.Define("services:\n- {service: node, port: 9100}\n- {service: mysql, port: 9104}\n");
  host_.Run();
  EXPECT_TRUE(Get(kMysql)) << "defined again";
}

TEST_F(AgentTest, AlsoIfTheStoreWasAwayThen) {
  host_.DefineNode();
  host_.Run();
  host_.Kill();
  faulty_.FailAlways(Call::kKeepAlive, ErrorCode::kUnavailable);
  host_.Start();
  host_.Define("");
  host_.Run(seconds(20));
  EXPECT_TRUE(Get(kNode));
  faulty_.Mend();
  host_.Run(seconds(6));
  EXPECT_FALSE(Get(kNode));
}

TEST_F(AgentTest, NothingIsTakenAwayBeforeAnythingIsDefined) {
  host_.DefineNode();
  host_.Run();
  host_.Kill();
  host_.Start();
  host_.Run(seconds(60));
  EXPECT_TRUE(Get(kNode));
}

TEST_F(AgentTest, WhatItDoesNotRememberIsLeftAlone) {
  host_.DefineNode();
  host_.Run();
  host_.Kill();
  host_.disk().instances.clear();  // its state was damaged
  host_.Start();
  host_.Define("services:\n- {service: mysql, port: 9104}\n");
  host_.Run(seconds(60));
  EXPECT_TRUE(Get(kNode));
}

TEST_F(AgentTest, TakesAwayOnlyItsOwn) {
  host_.DefineNode();
  host_.Run();
  Put(kNode, R"({"host":"192.0.2.1","port":9100})");
  host_.Define("");
  host_.Run(seconds(10));
  EXPECT_TRUE(Get(kNode)) << "somebody has made it static";
  EXPECT_TRUE(host_.disk().instances.empty());
}

TEST_F(AgentTest, WhatIsDefinedByAFileThatIsNotKnownIsKeptAlive) {
  host_.DefineNode();
  host_.Run();
  host_.Kill();
  Pass(seconds(40));
  host_.Start();
  host_.unknown = {"a.yml"};
  host_.Define("", "b.yml");
  host_.Run(seconds(10));
  EXPECT_TRUE(Get(kNode));
  EXPECT_EQ(RecordAt(Of(Area::kAlive)).health, State::kWarning);
}

TEST_F(AgentTest, AnAddressThatChangesIsFollowed) {
  host_.DefineNode();
  host_.Run();
  host_.agent().SetAddress("192.0.2.7");
  host_.Run();
  EXPECT_THAT(Get(kNode)->value, HasSubstr("192.0.2.7"));
}

TEST_F(AgentTest, WaitsForAnAddressThatIsNotKnownYet) {
  host_.agent().SetAddress("");
  host_.Define(
      "services:\n- {service: node, port: 9100}\n- {service: mysql, port: 1, address: "
      "192.0.2.9}\n");
  host_.Run();
  EXPECT_FALSE(Get(kNode));
  EXPECT_TRUE(Get(kMysql));
  host_.agent().SetAddress("192.0.2.1");
  host_.Run();
  EXPECT_TRUE(Get(kNode));
}

// --- others

TEST_F(AgentTest, ALivingHolderIsNotReplacedUntilItIsGone) {
  const auto lease = store_->LeaseGrant(seconds(3600), 0, Soon());
  registry::Order order;
  order.service = "node";
  order.host = "server01";
  order.value = {.host = "192.0.2.1", .port = 9100};
  order.value.extension.owner = "run:server01";
  ASSERT_TRUE(Operator().Register(
      order, registry::Terms{.alive = registry::SignOfLife{.lease = lease->id}}, Soon()));
  host_.DefineNode();
  host_.Run(seconds(60));
  EXPECT_THAT(Get(kNode)->value, HasSubstr("run:server01"));
  EXPECT_EQ(LeaseOf(Of(Area::kAlive)), lease->id) << "its sign of life is left alone";
  EXPECT_EQ(host_.agent().counts().refused, 1U);
  ASSERT_TRUE(store_->LeaseRevoke(lease->id, Soon()));
  host_.Run(seconds(40));
  EXPECT_THAT(Get(kNode)->value, HasSubstr("agent:server01"));
}

TEST_F(AgentTest, TheDefaultNameIsLeftToTheOtherPort) {
  Put(kNode, R"({"host":"192.0.2.1","port":9999})");
  host_.DefineNode();
  host_.Run();
  EXPECT_TRUE(Get(std::string(kNode) + "-9100"));
  EXPECT_THAT(Get(kNode)->value, HasSubstr("9999"));
  Delete(kNode);
  host_.Run(seconds(5));
  host_.Kill();
  host_.Start();
  host_.DefineNode();
  host_.Run(seconds(5));
  EXPECT_TRUE(Get(std::string(kNode) + "-9100")) << "it keeps the name it has";
  EXPECT_FALSE(Get(kNode));
}

TEST_F(AgentTest, SeveralPortsOfOneServiceKeepTheirNames) {
  host_.Define("services:\n- {service: node, port: 2}\n");
  host_.Run();
  host_.Define("services:\n- {service: node, port: 1}\n- {service: node, port: 2}\n");
  host_.Run();
  EXPECT_THAT(Get(kNode)->value, HasSubstr(R"("port":2)"));
  EXPECT_THAT(Get(std::string(kNode) + "-1")->value, HasSubstr(R"("port":1)"));
  host_.Define("services:\n- {service: node, port: 1}\n");
  host_.Run();
  EXPECT_FALSE(Get(kNode));
  EXPECT_TRUE(Get(std::string(kNode) + "-1"));
}

TEST_F(AgentTest, APortThatChangesKeepsItsName) {
  host_.DefineNode();
  host_.Run();
  host_.Define("services:\n- {service: node, port: 9200}\n");
  host_.Run();
  EXPECT_THAT(Get(kNode)->value, HasSubstr("9200"));
  EXPECT_FALSE(Get(std::string(kNode) + "-9200"));
}

TEST_F(AgentTest, AnotherMachineWithThisHostNameIsRefused) {
  host_.DefineNode();
  host_.Run();
  const store::Revision before = Revision();
  Host twin(*store_, clock_, "server01", "machine-2");
  twin.agent().SetAddress("192.0.2.2");
  twin.DefineNode();
  twin.Run(seconds(20));
  host_.Run();
  EXPECT_EQ(Revision(), before) << "it speaks for nobody";
  host_.Kill();
  Pass(seconds(40));
  twin.Run(seconds(15));
  EXPECT_EQ(RecordAt(HostKey()).machine, "machine-2") << "the first is gone";
  EXPECT_THAT(Get(kNode)->value, HasSubstr("192.0.2.2"));
}

TEST_F(AgentTest, TwoAgentsOfOneMachineDoNotTakeTurns) {
  host_.DefineNode();
  host_.Run();
  Host copy(*store_, clock_, "server01", "machine-1");  // with a disk of its own
  copy.DefineNode();
  copy.Run();
  const store::LeaseId lease = LeaseOf(HostKey());
  EXPECT_EQ(lease, copy.disk().lease);
  for (int i = 0; i < 10; ++i) {
    host_.Run(seconds(10));
    copy.Run(seconds(10));
  }
  EXPECT_EQ(LeaseOf(HostKey()), lease);
  EXPECT_EQ(LeaseOf(Of(Area::kAlive)), lease);
}

// --- outages

TEST_F(AgentTest, AStoreThatIsAwayAtTheStartIsWaitedFor) {
  for (const Call call : {Call::kGrant, Call::kKeepAlive, Call::kTxn, Call::kStartWatch}) {
    faulty_.FailAlways(call, ErrorCode::kUnavailable);
  }
  host_.DefineNode();
  host_.Run(std::chrono::hours(8));
  EXPECT_FALSE(host_.agent().in_contact());
  EXPECT_LT(faulty_.calls(Call::kGrant), 8 * 3600) << "it does not hammer";
  faulty_.Mend();
  host_.Run(seconds(6));
  EXPECT_TRUE(Get(kNode));
}

TEST_F(AgentTest, AStoreThatHangsIsWaitedForAndAllIsRightSoonAfter) {
  host_.DefineNode();
  host_.Run();
  faulty_.Hang();
  faulty_.BreakWatches();
  host_.agent().Step();
  clock_.Pass(seconds(6));
  host_.agent().Step();  // bounded by its deadlines
  host_.agent().Report("node/:9100", {State::kCritical, "down", kStart});
  faulty_.Mend();
  host_.Run(seconds(6));
  EXPECT_EQ(RecordAt(Of(Area::kAlive)).health, State::kCritical);
}

TEST_F(AgentTest, EveryCallMayFailOnceAtAnyPlace) {
  for (const Call call : {Call::kGrant, Call::kKeepAlive, Call::kTxn, Call::kStartWatch}) {
    for (int skip = 0; skip < 6; ++skip) {
      Delete("/");
      Host host(faulty_, clock_);
      host.DefineNode();
      // Lets `skip` calls through by taking that many steps first.
      for (int i = 0; i < skip; ++i) {
        if (i == 2) Delete("/");
        host.agent().Step();
      }
      faulty_.FailNext(call, 1, skip % 2 == 0 ? ErrorCode::kUnavailable : ErrorCode::kDeadline);
      host.Run(seconds(25));
      faulty_.Mend();
      host.Run(seconds(10));
      EXPECT_TRUE(Get(kNode)) << static_cast<int>(call) << " " << skip;
      EXPECT_TRUE(Get(Of(Area::kAlive))) << static_cast<int>(call) << " " << skip;
    }
  }
}

TEST_F(AgentTest, AfterACompactionItReadsAnew) {
  host_.DefineNode();
  host_.Run();
  faulty_.BreakWatches(ErrorCode::kCompacted);
  Delete(kNode);
  host_.Run(seconds(3));
  EXPECT_TRUE(Get(kNode));
}

TEST_F(AgentTest, AStoreThatWasReplacedIsFilledAgain) {
  host_.DefineNode();
  host_.Run();
  const auto other = store::embedded::Open({.cluster_id = 8, .timer = false}, clock_);
  faulty_.SwitchTo(*other);
  host_.Run(seconds(20));
  const auto page = other->Range({.keys = store::KeyRange::Single(kNode)}, Soon());
  ASSERT_TRUE(page);
  EXPECT_EQ(page->kvs.size(), 1U);
}

TEST_F(AgentTest, AgentsThatLostTheStoreTogetherComeBackSpread) {
  std::vector<std::unique_ptr<Host>> hosts;
  for (int i = 0; i < 200; ++i) {
    hosts.push_back(std::make_unique<Host>(faulty_, clock_, "h" + std::to_string(i)));
    hosts.back()->DefineNode();
    hosts.back()->Run();
  }
  faulty_.BreakWatches();
  std::map<long, int> by_second;
  for (const auto& host : hosts) {
    const SteadyTime back = host->agent().Step();
    ++by_second[std::chrono::duration_cast<seconds>(back - clock_.Now()).count()];
  }
  EXPECT_GE(by_second.size(), 5U);
  for (const auto& [second, count] : by_second) {
    EXPECT_LE(second, 5);
    EXPECT_LT(count, 80) << "in second " << second;
  }
}

// --- stopping

TEST_F(AgentTest, ACleanStopKeepsWhatItIsToldToKeep) {
  host_.DefineNode();
  host_.Run();
  const store::Revision before = Revision();
  ASSERT_TRUE(host_.agent().Stop(seconds(60)));
  EXPECT_EQ(Revision(), before);
}

TEST_F(AgentTest, ACleanStopMarksWhatIsToGoAndABackTakesTheMarkAway) {
  host_.DefineNode(", on_stop: deregister");
  host_.Run();
  const store::Revision node = ModOf(kNode);
  ASSERT_TRUE(host_.agent().Stop(seconds(60)));
  const model::Record mark = RecordAt(Of(Area::kStopping));
  EXPECT_EQ(mark.by, "agent:server01");
  EXPECT_EQ(mark.why, kStopReason);
  EXPECT_EQ(mark.until, kStart + seconds(60));
  host_.Kill();
  Pass(seconds(5));
  host_.Start();
  host_.DefineNode(", on_stop: deregister");
  host_.Run();
  EXPECT_FALSE(Get(Of(Area::kStopping)));
  EXPECT_EQ(RecordAt(Of(Area::kAlive)).health, State::kPassing);
  EXPECT_EQ(RecordAt(Of(Area::kAlive)).why, "well");
  EXPECT_EQ(ModOf(kNode), node) << "Prometheus has seen nothing of it";
}

TEST_F(AgentTest, WithoutGraceAStopDeregistersAndAStartRegisters) {
  host_.DefineNode(", on_stop: deregister");
  host_.Run();
  ASSERT_TRUE(host_.agent().Stop(seconds(0)));
  EXPECT_FALSE(Get(kNode));
  EXPECT_TRUE(Get(Of(Area::kGone)));
  host_.Kill();
  host_.Start();
  host_.DefineNode(", on_stop: deregister");
  host_.Run();
  EXPECT_TRUE(Get(kNode));
}

TEST_F(AgentTest, AStopThatAServerCarriedOutIsOverAtTheStart) {
  host_.DefineNode(", on_stop: deregister");
  host_.Run();
  ASSERT_TRUE(host_.agent().Stop(seconds(60)));
  host_.Kill();
  Pass(seconds(70));
  Delete(kNode);
  Put(Of(Area::kGone), model::ToJson({.since = clock_.WallNow(), .by = "serve@a", .why = "x"}));
  host_.Start();
  host_.DefineNode(", on_stop: deregister");
  host_.Run();
  EXPECT_TRUE(Get(kNode));
}

TEST_F(AgentTest, AStopWithTheStoreAwayTakesNothingAway) {
  host_.DefineNode(", on_stop: deregister");
  host_.Run();
  faulty_.FailAlways(Call::kTxn, ErrorCode::kUnavailable);
  EXPECT_FALSE(host_.agent().Stop(seconds(60)));
  faulty_.Mend();
  EXPECT_TRUE(Get(kNode));
  EXPECT_FALSE(Get(Of(Area::kStopping)));
}

}  // namespace
}  // namespace rollcall::agent
