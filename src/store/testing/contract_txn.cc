// Writing: one revision per transaction, conditions, whole or not at all.
#include "store/testing/contract_suite.h"

namespace rollcall::store::testing {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StoreContract, TxnIsOneRevision) {
  Put("old", "v");
  const TxnResponse done = Commit({{}, {PutOf("a", "1"), PutOf("b", "1"), DeleteOf("old")}, {}});
  EXPECT_TRUE(done.succeeded);
  const auto kvs = ReadAll();
  ASSERT_EQ(kvs.size(), 2U);
  EXPECT_EQ(kvs[0].mod_revision, done.header.revision);
  EXPECT_EQ(kvs[1].mod_revision, done.header.revision);
  EXPECT_EQ(Commit({{}, {PutOf("a", "2")}, {}}).header.revision, done.header.revision + 1);
}

TEST_P(StoreContract, TxnThatChangesNothingIsNoRevision) {
  const Revision before = Put("a", "1");
  EXPECT_EQ(Delete("missing"), before);
  EXPECT_EQ(Commit({{Compare::Exists(Key("missing"))}, {PutOf("b", "1")}, {}}).header.revision,
            before);
  EXPECT_EQ(Put("b", "1"), before + 1);
}

TEST_P(StoreContract, TxnTakesTheBranchItsConditionsSay) {
  const TxnRequest create{{Compare::Missing(Key("a"))}, {PutOf("a", "1")}, {PutOf("b", "1")}};
  EXPECT_TRUE(Commit(create).succeeded);
  EXPECT_THAT(Keys(ReadAll(), Key("")), ElementsAre("a"));
  EXPECT_FALSE(Commit(create).succeeded);
  EXPECT_THAT(Keys(ReadAll(), Key("")), ElementsAre("a", "b"));
}

TEST_P(StoreContract, TxnNeedsAllConditions) {
  Put("a", "1");
  const TxnRequest both{
      {Compare::Exists(Key("a")), Compare::Exists(Key("b"))}, {PutOf("c", "1")}, {}};
  EXPECT_FALSE(Commit(both).succeeded);
  Put("b", "1");
  EXPECT_TRUE(Commit(both).succeeded);
}

TEST_P(StoreContract, EveryKindOfCondition) {
  const LeaseId lease = Grant(std::chrono::seconds(60));
  const Revision created = Put("a", "m");
  const Revision changed = Put("a", "n", lease);
  using Target = Compare::Target;
  using Relation = Compare::Relation;
  struct Case {
    const char* name;
    Target target;
    Relation relation;
    std::int64_t number;
    std::string value;
    bool holds;
  };
  const Case cases[] = {
      {"a", Target::kVersion, Relation::kEqual, 2, "", true},
      {"a", Target::kVersion, Relation::kGreater, 2, "", false},
      {"a", Target::kCreateRevision, Relation::kEqual, created, "", true},
      {"a", Target::kCreateRevision, Relation::kLess, created, "", false},
      {"a", Target::kModRevision, Relation::kEqual, changed, "", true},
      {"a", Target::kModRevision, Relation::kNotEqual, changed, "", false},
      {"a", Target::kModRevision, Relation::kLess, changed + 1, "", true},
      {"a", Target::kLease, Relation::kEqual, lease, "", true},
      {"a", Target::kLease, Relation::kEqual, 0, "", false},
      {"a", Target::kValue, Relation::kEqual, 0, "n", true},
      {"a", Target::kValue, Relation::kNotEqual, 0, "n", false},
      {"a", Target::kValue, Relation::kGreater, 0, "m", true},
      {"a", Target::kValue, Relation::kLess, 0, "m", false},
      // A missing key compares as 0, as false for its value.
      {"missing", Target::kVersion, Relation::kEqual, 0, "", true},
      {"missing", Target::kCreateRevision, Relation::kEqual, 0, "", true},
      {"missing", Target::kModRevision, Relation::kGreater, 0, "", false},
      {"missing", Target::kLease, Relation::kEqual, 0, "", true},
      {"missing", Target::kValue, Relation::kEqual, 0, "", false},
      {"missing", Target::kValue, Relation::kNotEqual, 0, "x", false},
  };
  for (const Case& c : cases) {
    const TxnResponse done =
        Commit({{{Key(c.name), c.target, c.relation, c.number, c.value}}, {}, {}});
    EXPECT_EQ(done.succeeded, c.holds)
        << c.name << " target " << static_cast<int>(c.target) << " relation "
        << static_cast<int>(c.relation) << " " << c.number << " " << c.value;
  }
}

TEST_P(StoreContract, UnchangedHoldsUntilSomebodyWrites) {
  Put("a", "1");
  const KeyValue seen = ReadAll().at(0);
  EXPECT_TRUE(Commit({{Compare::Unchanged(seen)}, {PutOf("a", "2")}, {}}).succeeded);
  EXPECT_FALSE(Commit({{Compare::Unchanged(seen)}, {PutOf("a", "3")}, {}}).succeeded);
  EXPECT_EQ(ReadAll().at(0).value, "2");
}

TEST_P(StoreContract, TxnResultsAreOnePerOperationInOrder) {
  for (const char* name : {"d/1", "d/2", "x"}) Put(name, "v");
  const TxnResponse done = Commit(
      {{}, {PutOf("p", "1"), DeleteOp{Below("d/")}, GetOp{Below("")}, DeleteOf("missing")}, {}});
  ASSERT_EQ(done.results.size(), 4U);
  EXPECT_EQ(done.results[1].deleted, 2);
  // Later operations see what earlier ones did.
  EXPECT_THAT(Keys(done.results[2].kvs, Key("")), ElementsAre("p", "x"));
  EXPECT_EQ(done.results[2].kvs.at(0).mod_revision, done.header.revision);
  EXPECT_EQ(done.results[3].deleted, 0);
}

TEST_P(StoreContract, DeletesMayOverlap) {
  for (const char* name : {"a/1", "a/2", "b"}) Put(name, "v");
  const TxnResponse done = Commit({{}, {DeleteOf("a/1"), DeleteOp{Below("a/")}}, {}});
  EXPECT_EQ(done.results.at(0).deleted, 1);
  EXPECT_EQ(done.results.at(1).deleted, 1);
  EXPECT_THAT(Keys(ReadAll(), Key("")), ElementsAre("b"));
}

TEST_P(StoreContract, InvalidTxnDoesNothing) {
  const Revision before = Put("kept", "v");
  std::vector<Op> many;
  for (int i = 0; i <= 128; ++i) many.emplace_back(PutOf("many" + std::to_string(i), "v"));
  const PutOp nameless{"", "v", 0};
  const TxnRequest requests[] = {
      {{}, {PutOf("a", "1"), PutOf("a", "2")}, {}},
      {{}, {PutOf("a", "1"), DeleteOf("a")}, {}},
      {{}, {DeleteOp{Below()}, PutOf("a", "1")}, {}},
      {{}, {PutOf("b", "1")}, {PutOf("a", "1"), PutOf("a", "2")}},  // the branch not taken
      {{}, many, {}},
      {{}, {PutOf("a", "1"), nameless}, {}},
  };
  for (const TxnRequest& request : requests) {
    EXPECT_EQ(ErrorOf(request), ErrorCode::kInvalid) << &request - requests;
  }
  EXPECT_THAT(Keys(ReadAll(), Key("")), ElementsAre("kept"));
  EXPECT_EQ(Read({.keys = Below()}).header.revision, before);
}

TEST_P(StoreContract, TxnOf128OperationsIsDone) {
  std::vector<Op> most;
  for (int i = 0; i < 128; ++i) most.emplace_back(PutOf("most" + std::to_string(i), "v"));
  EXPECT_TRUE(Commit({{}, most, {}}).succeeded);
  EXPECT_EQ(ReadAll().size(), 128U);
}

TEST_P(StoreContract, TxnWithAnUnknownLeaseDoesNothing) {
  const LeaseId unknown = 0x7a5b'1234'5678;
  EXPECT_EQ(ErrorOf(TxnRequest{{}, {PutOf("a", "1"), PutOf("b", "1", unknown)}, {}}),
            ErrorCode::kNotFound);
  EXPECT_THAT(ReadAll(), IsEmpty());
}

}  // namespace rollcall::store::testing
