// The core against etcd's rules, and against a model that is too simple to be wrong.
#include "store/embedded/core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "store/embedded/gather.h"

namespace rollcall::store::embedded {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const SteadyTime kNow{seconds(1000)};

Put PutOf(std::string key, std::string value = "v", LeaseId lease = 0) {
  return {.key = std::move(key), .value = std::move(value), .lease = lease};
}
Delete DeleteOf(std::string key) {
  return {.keys = KeyRange::Single(std::move(key))};
}
Nested NestedOf(Txn txn) {
  return std::make_shared<const Txn>(std::move(txn));
}
Condition VersionIs(std::string key, std::int64_t version) {
  return {.keys = KeyRange::Single(std::move(key)), .number = version, .value = {}};
}

class CoreTest : public ::testing::Test {
 protected:
  Result<TxnDone> Try(const Txn& txn) { return core_.Apply(txn, kNow); }
  // As one transaction that is published at once.
  TxnDone Do(std::vector<Operation> operations) {
    auto done = Try({{}, std::move(operations), {}});
    EXPECT_TRUE(done) << done.error().message;
    core_.Publish();
    return done ? *std::move(done) : TxnDone{};
  }
  Found Read(const Get& get) {
    const auto revision = core_.ReadableAt(get.revision);
    EXPECT_TRUE(revision);
    Gather gather(get);
    core_.index().ForEach(get.keys, revision.value_or(0), [&](Record record) {
      gather.Take(std::move(record));
      return true;
    });
    return std::move(gather).Finish(core_.revision());
  }
  std::vector<std::string> Values(const Get& get) {
    std::vector<std::string> values;
    for (const Record& record : Read(get).records) {
      values.push_back(std::string(record->key()) + "=" + std::string(record->value()));
    }
    return values;
  }
  std::vector<std::string> Values() { return Values({.keys = KeyRange::All()}); }
  std::string RefusalOf(const Txn& txn) {
    const auto done = Try(txn);
    return done ? "done" : done.error().message;
  }
  void TrimAll(std::vector<Doomed>& doomed) {
    while (core_.Trim(1, doomed)) {
    }
  }

  Core core_{{}};
};

// --- transactions

TEST_F(CoreTest, AnEmptyStoreIsAtRevisionOne) {
  EXPECT_EQ(core_.revision(), 1);
  EXPECT_THAT(Values(), IsEmpty());
}

TEST_F(CoreTest, WhatIsStagedIsSeenByTheNextButByNoReader) {
  ASSERT_TRUE(Try({{}, {PutOf("a", "1")}, {}}));
  const auto second = Try({{VersionIs("a", 1)}, {PutOf("a", "2")}, {}});
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->succeeded);
  EXPECT_EQ(core_.revision(), 1);
  EXPECT_THAT(Values(), IsEmpty());
  EXPECT_TRUE(core_.history().empty());
  core_.Publish();
  EXPECT_EQ(core_.revision(), 3);
  EXPECT_THAT(Values(), ElementsAre("a=2"));
  EXPECT_THAT(Values({.keys = KeyRange::All(), .revision = 2}), ElementsAre("a=1"));
}

TEST_F(CoreTest, RollbackMakesItNeverHaveBeen) {
  const auto lease = core_.Grant(seconds(60), 7, kNow);
  ASSERT_TRUE(lease);
  core_.Publish();
  Do({PutOf("a", "1", 7), PutOf("b", "1")});
  const std::size_t bytes = core_.bytes();
  ASSERT_TRUE(Try({{}, {PutOf("a", "2"), DeleteOf("b"), PutOf("c", "1", 7)}, {}}));
  ASSERT_TRUE(core_.Grant(seconds(60), 8, kNow));
  ASSERT_TRUE(core_.Revoke(7, kNow));
  core_.Rollback();
  EXPECT_EQ(core_.revision(), 2);
  EXPECT_THAT(Values(), ElementsAre("a=1", "b=1"));
  EXPECT_FALSE(core_.TimeToLive(8, false, kNow));
  EXPECT_THAT(core_.TimeToLive(7, true, kNow)->keys, ElementsAre("a"));
  EXPECT_EQ(core_.bytes(), bytes);
  Do({PutOf("a", "3")});
  EXPECT_EQ(core_.revision(), 3);
  EXPECT_EQ(Read({.keys = KeyRange::Single("a")}).records.front()->version(), 2);
  EXPECT_THAT(core_.TimeToLive(7, true, kNow)->keys, IsEmpty());
}

TEST_F(CoreTest, OperationsSeeTheOnesBeforeThemInOneRevision) {
  Do({PutOf("a", "0")});
  const TxnDone done =
      Do({Get{.keys = KeyRange::All()}, PutOf("b", "1"), Get{.keys = KeyRange::All()},
          DeleteOf("a"), Get{.keys = KeyRange::All()}});
  EXPECT_EQ(done.revision, 3);
  EXPECT_EQ(std::get<Found>(done.outcomes[0]).revision, 2);
  EXPECT_EQ(std::get<Found>(done.outcomes[0]).count, 1);
  EXPECT_EQ(std::get<PutDone>(done.outcomes[1]).revision, 3);
  EXPECT_EQ(std::get<Found>(done.outcomes[2]).revision, 3);
  EXPECT_EQ(std::get<Found>(done.outcomes[2]).count, 2);
  EXPECT_EQ(std::get<Deleted>(done.outcomes[3]).count, 1);
  EXPECT_EQ(std::get<Found>(done.outcomes[4]).count, 1);
}

TEST_F(CoreTest, BranchesAreChosenBeforeAnythingIsDone) {
  // The inner condition would not hold any more once the outer put is done.
  const TxnDone done = Do(
      {PutOf("a", "1"), NestedOf({{VersionIs("a", 0)}, {PutOf("b", "yes")}, {PutOf("b", "no")}})});
  const auto& inner = std::get<std::shared_ptr<const TxnDone>>(done.outcomes[1]);
  EXPECT_TRUE(inner->succeeded);
  EXPECT_THAT(Values(), ElementsAre("a=1", "b=yes"));
  EXPECT_EQ(core_.revision(), 2);
}

TEST_F(CoreTest, AConditionOnARangeHoldsForEveryKeyOfIt) {
  Do({PutOf("a/1", "x"), PutOf("a/2", "x"), PutOf("b", "y")});
  const auto holds = [&](Condition condition) { return Try({{condition}, {}, {}})->succeeded; };
  Condition all_x{.keys = KeyRange::Prefix("a/"), .target = Compare::Target::kValue, .value = "x"};
  EXPECT_TRUE(holds(all_x));
  all_x.keys = KeyRange::All();
  EXPECT_FALSE(holds(all_x));
  all_x.keys = KeyRange::Prefix("none/");
  EXPECT_FALSE(holds(all_x));  // as for one key that is missing
  EXPECT_TRUE(holds({.keys = KeyRange::Prefix("none/"), .value = {}}));  // version 0
}

TEST_F(CoreTest, PutKeepsValueOrLeaseWhereToldTo) {
  ASSERT_TRUE(core_.Grant(seconds(60), 7, kNow));
  Do({PutOf("a", "1", 7)});
  Do({Put{.key = "a", .value = {}, .keep_value = true}});
  EXPECT_THAT(Values(), ElementsAre("a=1"));
  EXPECT_EQ(Read({.keys = KeyRange::All()}).records[0]->lease(), 0);
  Do({PutOf("a", "1", 7)});
  const TxnDone done =
      Do({Put{.key = "a", .value = "2", .want_previous = true, .keep_lease = true}});
  EXPECT_EQ(Read({.keys = KeyRange::All()}).records[0]->lease(), 7);
  EXPECT_EQ(std::get<PutDone>(done.outcomes[0]).previous->value(), "1");
  EXPECT_THAT(core_.TimeToLive(7, true, kNow)->keys, ElementsAre("a"));
}

TEST_F(CoreTest, WhatCannotBeDoneWholeIsNotDone) {
  Do({PutOf("a", "1")});
  const auto txn = [](std::vector<Operation> operations) {
    return Txn{{}, std::move(operations), {}};
  };
  EXPECT_EQ(RefusalOf(txn({PutOf("b"), PutOf("c", "", 99)})), "requested lease not found");
  EXPECT_EQ(RefusalOf(txn({PutOf("b"), Put{.key = "c", .value = {}, .keep_value = true}})),
            "key not found");
  EXPECT_EQ(RefusalOf(txn({PutOf("b"), Get{.keys = KeyRange::All(), .revision = 9}})),
            "mvcc: required revision is a future revision");
  EXPECT_EQ(RefusalOf(txn({PutOf("b"), PutOf("")})), "key is not provided");
  EXPECT_EQ(RefusalOf(txn({PutOf("b"), PutOf("b")})), "duplicate key given in txn request");
  EXPECT_EQ(RefusalOf(txn({PutOf("b"), Delete{.keys = KeyRange::Prefix("b")}})),
            "duplicate key given in txn request");
  EXPECT_EQ(RefusalOf(txn({PutOf("b"), NestedOf({{}, {PutOf("c")}, {PutOf("b")}})})),
            "duplicate key given in txn request");
  EXPECT_EQ(RefusalOf(txn({NestedOf({{}, {Delete{.keys = KeyRange::All()}}, {}}), PutOf("b")})),
            "duplicate key given in txn request");
  EXPECT_EQ(RefusalOf(txn({Put{.key = "b", .value = "x", .keep_value = true}})),
            "value is provided");
  EXPECT_EQ(RefusalOf(txn({Put{.key = "b", .value = {}, .lease = 1, .keep_lease = true}})),
            "lease is provided");
  EXPECT_EQ(RefusalOf(txn(std::vector<Operation>(129, Get{.keys = KeyRange::All()}))),
            "too many operations in txn request");
  EXPECT_EQ(
      RefusalOf(txn(
          {Get{.keys = KeyRange::All()},
           NestedOf(txn(std::vector<Operation>(127, Operation(Get{.keys = KeyRange::All()}))))})),
      "too many operations in txn request");
  core_.Publish();
  EXPECT_EQ(core_.revision(), 2);
  EXPECT_THAT(Values(), ElementsAre("a=1"));
}

TEST_F(CoreTest, BothBranchesOfANestedOneMayPutTheSameKey) {
  Do({NestedOf({{VersionIs("a", 0)}, {PutOf("b", "then")}, {PutOf("b", "else")}})});
  EXPECT_THAT(Values(), ElementsAre("b=then"));
}

TEST_F(CoreTest, DeletesOfNothingAndFailedTransactionsAreNoRevision) {
  Do({DeleteOf("a")});
  Do({});
  EXPECT_EQ(core_.revision(), 1);
  EXPECT_TRUE(core_.staged().empty());
}

TEST_F(CoreTest, AFullStoreTakesNoPutsButDeletions) {
  Core core({.most_bytes = 1000});
  ASSERT_TRUE(core.Apply({{}, {PutOf("a", std::string(2000, 'v'))}, {}}, kNow));
  core.Publish();
  const auto refused = core.Apply({{}, {PutOf("b")}, {}}, kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kExhausted);
  EXPECT_EQ(refused.error().message, "mvcc: database space exceeded");
  ASSERT_TRUE(core.Apply({{}, {DeleteOf("a")}, {}}, kNow));
  core.Publish();
  ASSERT_TRUE(core.Compact(3));
  core.Publish();
  std::vector<Doomed> doomed;
  while (core.Trim(10, doomed)) {
  }
  EXPECT_TRUE(core.Apply({{}, {PutOf("b")}, {}}, kNow));
}

// --- reading

TEST_F(CoreTest, LimitCutsAndCountDoesNot) {
  Do({PutOf("a"), PutOf("b"), PutOf("c")});
  const Found found = Read({.keys = KeyRange::All(), .limit = 2});
  EXPECT_EQ(found.records.size(), 2U);
  EXPECT_TRUE(found.more);
  EXPECT_EQ(found.count, 3);
  EXPECT_FALSE(Read({.keys = KeyRange::All(), .limit = 3}).more);
  const Found counted = Read({.keys = KeyRange::All(), .limit = 2, .count_only = true});
  EXPECT_EQ(counted.count, 3);
  EXPECT_THAT(counted.records, IsEmpty());
}

TEST_F(CoreTest, BoundsComeBeforeSortingAndSortingBeforeTheLimit) {
  Do({PutOf("a", "3")});
  Do({PutOf("b", "2")});
  Do({PutOf("c", "1")});
  Do({PutOf("b", "5")});
  const auto sorted = [&](SortBy by, SortOrder order) {
    return Values({.keys = KeyRange::All(), .limit = 2, .sort_by = by, .sort_order = order});
  };
  EXPECT_THAT(sorted(SortBy::kValue, SortOrder::kAscending), ElementsAre("c=1", "a=3"));
  EXPECT_THAT(sorted(SortBy::kValue, SortOrder::kDescending), ElementsAre("b=5", "a=3"));
  EXPECT_THAT(sorted(SortBy::kKey, SortOrder::kDescending), ElementsAre("c=1", "b=5"));
  EXPECT_THAT(sorted(SortBy::kModRevision, SortOrder::kDescending), ElementsAre("b=5", "c=1"));
  EXPECT_THAT(sorted(SortBy::kCreateRevision, SortOrder::kDescending), ElementsAre("c=1", "b=5"));
  EXPECT_THAT(sorted(SortBy::kVersion, SortOrder::kDescending), ElementsAre("b=5", "a=3"));
  EXPECT_THAT(Values({.keys = KeyRange::All(), .min_mod_revision = 3, .max_create_revision = 3}),
              ElementsAre("b=5"));
  const Found bounded = Read({.keys = KeyRange::All(), .limit = 1, .max_mod_revision = 2});
  EXPECT_FALSE(bounded.more);
  EXPECT_EQ(bounded.count, 3);
}

TEST_F(CoreTest, AnOrderThatNobodyAskedForSortsWhatWouldHaveComeAnyway) {
  for (const char* value : {"4", "3", "2", "1"}) {
    Do({PutOf(std::string("k") + static_cast<char>('5' - *value + 'a'), value)});
  }
  EXPECT_THAT(Values({.keys = KeyRange::All(), .limit = 2, .sort_by = SortBy::kValue}),
              ElementsAre("kd=2", "kc=3"));
  EXPECT_THAT(Values({.keys = KeyRange::All(), .sort_by = SortBy::kValue}),
              ElementsAre("ke=1", "kd=2", "kc=3", "kb=4"));
}

// --- leases

TEST_F(CoreTest, ALeaseTakesItsKeysInOneRevisionInOrder) {
  ASSERT_TRUE(core_.Grant(seconds(60), 7, kNow));
  Do({PutOf("b", "1", 7)});
  Do({PutOf("a", "1", 7), PutOf("c", "1")});
  EXPECT_EQ(core_.Revoke(7, kNow), 4);
  core_.Publish();
  EXPECT_THAT(Values(), ElementsAre("c=1"));
  std::vector<std::string> gone;
  for (auto it = core_.history().From(4); it != core_.history().end(); ++it) {
    EXPECT_EQ((*it)->mod_revision(), 4);
    gone.emplace_back((*it)->key());
  }
  EXPECT_THAT(gone, ElementsAre("a", "b"));
}

TEST_F(CoreTest, ALeaseWhoseTimeIsOverIsUnknownBeforeItsKeysGo) {
  ASSERT_TRUE(core_.Grant(seconds(10), 7, kNow));
  Do({PutOf("a", "1", 7)});
  const SteadyTime later = kNow + seconds(10);
  EXPECT_FALSE(core_.KeepAlive(7, later));
  EXPECT_FALSE(core_.TimeToLive(7, false, later));
  EXPECT_FALSE(core_.Revoke(7, later));
  const auto put = core_.Apply({{}, {PutOf("b", "1", 7)}, {}}, later);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(core_.Grant(seconds(10), 7, later));  // as etcd: still there
  EXPECT_THAT(Values(), ElementsAre("a=1"));
}

// --- compaction

TEST_F(CoreTest, CompactionKeepsWhatIsCurrentAndWhatIsOwed) {
  Do({PutOf("a", "1")});                   // 2
  Do({PutOf("a", "2"), PutOf("b", "1")});  // 3
  Do({DeleteOf("b")});                     // 4
  Do({PutOf("a", "3")});                   // 5
  ASSERT_TRUE(core_.Compact(4));
  core_.Publish();
  std::vector<Doomed> doomed;
  TrimAll(doomed);
  EXPECT_FALSE(core_.ReadableAt(3));
  EXPECT_THAT(Values({.keys = KeyRange::All(), .revision = 4}), ElementsAre("a=2"));
  EXPECT_EQ((*core_.history().begin())->mod_revision(), 4);
  std::vector<Revision> gone;
  for (const Doomed& version : doomed) gone.push_back(version.revision);
  std::sort(gone.begin(), gone.end());
  EXPECT_THAT(gone, ElementsAre(2, 3));  // a=1, b=1; the deletion is still owed

  ASSERT_TRUE(core_.Compact(5));
  core_.Publish();
  doomed.clear();
  TrimAll(doomed);
  gone.clear();
  for (const Doomed& version : doomed) gone.push_back(version.revision);
  std::sort(gone.begin(), gone.end());
  EXPECT_THAT(gone, ElementsAre(3, 4));  // a=2, and the deletion of b
  EXPECT_EQ(core_.history_bytes(), 0U);
}

TEST_F(CoreTest, APinnedRevisionStaysReadable) {
  Do({PutOf("a", "1")});
  Do({PutOf("a", "2")});
  core_.Pin(2);
  ASSERT_TRUE(core_.Compact(3));
  core_.Publish();
  std::vector<Doomed> doomed;
  TrimAll(doomed);
  EXPECT_THAT(doomed, IsEmpty());
  EXPECT_EQ(core_.index().Find("a", 2)->value(), "1");
  core_.Unpin(2);
  TrimAll(doomed);
  EXPECT_EQ(doomed.size(), 1U);
  EXPECT_FALSE(core_.index().Find("a", 2));
}

TEST_F(CoreTest, CompactionIsRefusedTwiceAndInTheFuture) {
  Do({PutOf("a", "1")});
  EXPECT_EQ(core_.Compact(3).error().message, "mvcc: required revision is a future revision");
  ASSERT_TRUE(core_.Compact(2));
  EXPECT_EQ(core_.Compact(2).error().code, ErrorCode::kCompacted);
  core_.Publish();
  EXPECT_EQ(core_.Compact(2).error().message, "mvcc: required revision has been compacted");
}

// --- from the disk

Contents ContentsOf(const std::vector<std::pair<Revision, std::uint32_t>>& changes,
                    Revision compacted) {
  Contents contents{.compacted = compacted, .records = {}, .leases = {}};
  for (const auto& [revision, place] : changes) {
    contents.records.push_back(RecordBody::Make(
        "k" + std::to_string(place), "v",
        {.create_revision = revision, .mod_revision = revision, .version = 1, .place = place}));
  }
  return contents;
}

TEST(CoreLoad, RefusesWhatHasAGap) {
  const auto loads = [](Contents contents) {
    return Core({}).Load(std::move(contents), kNow).has_value();
  };
  EXPECT_TRUE(loads({}));
  EXPECT_TRUE(loads(ContentsOf({{2, 0}, {3, 0}, {3, 1}, {4, 0}}, 0)));
  EXPECT_FALSE(loads(ContentsOf({{3, 0}}, 0)));                 // 2 is missing
  EXPECT_FALSE(loads(ContentsOf({{2, 0}, {4, 0}}, 0)));         // 3 is missing
  EXPECT_FALSE(loads(ContentsOf({{2, 0}, {2, 2}}, 0)));         // part of 2 is missing
  EXPECT_FALSE(loads(ContentsOf({{2, 1}}, 0)));                 // its first part
  EXPECT_TRUE(loads(ContentsOf({{2, 1}, {5, 0}, {6, 0}}, 5)));  // compacted up to 5
  EXPECT_FALSE(loads(ContentsOf({{2, 1}, {6, 0}}, 5)));         // 5 itself is missing
  EXPECT_FALSE(loads(ContentsOf({{2, 0}, {3, 0}}, 9)));         // the end is missing
}

// --- everything at once, against a model

// The state after each revision, whole.
struct Model {
  struct Value {
    std::string value;
    Revision create = 0;
    std::int64_t version = 0;
    LeaseId lease = 0;
    friend bool operator==(const Value&, const Value&) = default;
  };
  using Map = std::map<std::string, Value>;
  std::map<Revision, Map> at{{1, {}}};
  [[nodiscard]] Revision last() const { return at.rbegin()->first; }
};

class CoreModel : public ::testing::TestWithParam<int> {
 protected:
  int Draw(int below) { return std::uniform_int_distribution<>(0, below - 1)(random_); }
  std::string Key() { return "k" + std::to_string(Draw(6)); }

  // A transaction of distinct keys, on the core and on the map.
  void Transact(Model& model) {
    Txn txn;
    Model::Map map = model.at.rbegin()->second;
    const Revision revision = model.last() + 1;
    std::set<std::string> keys;
    bool changed = false;
    for (int i = Draw(3); i >= 0; --i) {
      const std::string key = Key();
      if (!keys.insert(key).second) continue;
      if (Draw(3) == 0) {
        txn.then.emplace_back(DeleteOf(key));
        changed |= map.erase(key) > 0;
        continue;
      }
      const LeaseId lease = Draw(3) == 0 ? 1 + Draw(2) : 0;
      txn.then.emplace_back(PutOf(key, std::to_string(revision), lease));
      Model::Value& value = map[key];
      value = {std::to_string(revision), value.version == 0 ? revision : value.create,
               value.version + 1, lease};
      changed = true;
    }
    const auto done = core_.Apply(txn, kNow);
    ASSERT_TRUE(done) << done.error().message;
    if (changed) model.at[revision] = map;
    EXPECT_EQ(done->revision, model.last());
  }

  void Compare(const Model& model) {
    EXPECT_EQ(core_.revision(), model.last());
    for (const auto& [revision, map] : model.at) {
      if (revision < std::max<Revision>(core_.compacted(), 1)) continue;
      Model::Map found;
      core_.index().ForEach(KeyRange::All(), revision, [&](const Record& record) {
        found[std::string(record->key())] = {std::string(record->value()),
                                             record->create_revision(), record->version(),
                                             record->lease()};
        return true;
      });
      EXPECT_EQ(found, map) << "at revision " << revision;
    }
    for (const LeaseId lease : {1, 2}) {
      std::vector<std::string> keys;
      for (const auto& [key, value] : model.at.rbegin()->second) {
        if (value.lease == lease) keys.push_back(key);
      }
      EXPECT_EQ(core_.TimeToLive(lease, true, kNow)->keys, keys);
    }
  }

  std::mt19937 random_{static_cast<unsigned>(GetParam())};
  Core core_{{}};
};

TEST_P(CoreModel, AgreesWhateverIsPublishedRolledBackOrCompacted) {
  for (const LeaseId lease : {1, 2}) ASSERT_TRUE(core_.Grant(seconds(60), lease, kNow));
  core_.Publish();
  Model model;
  std::vector<Doomed> doomed;
  for (int round = 0; round < 60; ++round) {
    Model next = model;
    for (int i = Draw(4); i >= 0; --i) ASSERT_NO_FATAL_FAILURE(Transact(next));
    if (Draw(4) == 0) {
      core_.Rollback();
    } else {
      core_.Publish();
      model = std::move(next);
    }
    if (Draw(10) == 0 && core_.Compact(1 + Draw(static_cast<int>(model.last())))) core_.Publish();
    (void)core_.Trim(1 + static_cast<std::size_t>(Draw(3)), doomed);
    ASSERT_NO_FATAL_FAILURE(Compare(model));
    if (HasFailure()) return;
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, CoreModel, ::testing::Range(1, 21));

}  // namespace
}  // namespace rollcall::store::embedded
