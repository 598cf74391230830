// Taking a deregistration back, and whose a registration is.
#include <gmock/gmock.h>

#include "model/records.h"
#include "registry/registry.h"
#include "store/embedded/store.h"

namespace rollcall::registry {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr char kNode[] = "/skydns/internal/prom/node/server01";
const std::string kGone = model::RecordKey(model::Area::kGone, kNode);

store::Deadline Soon() {
  return store::After(seconds(5));
}

Order NodeOrder(const std::string& owner, const std::string& address = "192.0.2.1") {
  Order order;
  order.service = "node";
  order.host = "server01";
  order.value.host = address;
  order.value.port = 9100;
  order.value.extension.owner = owner;
  return order;
}

class Readmit : public ::testing::Test {
 protected:
  std::optional<store::KeyValue> Get(const std::string& key) {
    const auto page = store_->Range({.keys = store::KeyRange::Single(key)}, Soon());
    if (!page || page->kvs.empty()) return std::nullopt;
    return page->kvs[0];
  }
  store::LeaseId Grant() { return store_->LeaseGrant(seconds(30), 0, Soon())->id; }
  static Terms Alive(store::LeaseId lease) { return {.alive = SignOfLife{.lease = lease}}; }
  Target node_{.service = "node", .instance = "", .host = "server01", .port = 0, .address = ""};

  std::unique_ptr<store::embedded::EmbeddedStore> store_ =
      store::embedded::Open({.cluster_id = 7, .timer = false});
  Registry registry_{*store_, {}};
};

TEST_F(Readmit, MarksThatItMayComeBackAndRegistersNothing) {
  ASSERT_TRUE(registry_.Register(NodeOrder(""), 0, Soon()));
  ASSERT_TRUE(registry_.Deregister(node_, {"root@a", "moved"}, Soon()));
  const auto done = registry_.Readmit(node_, {"root@b", "again"}, Soon());
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(*done);
  EXPECT_FALSE(Get(kNode));
  const auto mark = Get(kGone);
  ASSERT_TRUE(mark);
  EXPECT_NE(mark->lease, 0);
  const auto record = model::ParseRecord(mark->value);
  ASSERT_TRUE(record);
  EXPECT_TRUE(record->again);
  EXPECT_EQ(record->by, "root@b");
  EXPECT_TRUE(registry_.Register(NodeOrder(""), 0, Soon()));
  EXPECT_FALSE(Get(kGone)) << "the mark has done its part";
}

TEST_F(Readmit, AlsoWhenTheMarkHasRunOut) {
  EXPECT_EQ(registry_.Readmit(node_, {}, Soon()), true);
  EXPECT_TRUE(Get(kGone));
}

TEST_F(Readmit, LeavesARegistrationAlone) {
  ASSERT_TRUE(registry_.Register(NodeOrder(""), 0, Soon()));
  const auto before = Get(kNode);
  EXPECT_EQ(registry_.Readmit(node_, {}, Soon()), false);
  EXPECT_EQ(Get(kNode), before);
  EXPECT_FALSE(Get(kGone));
}

TEST_F(Readmit, AnOwnerTakesAwayOnlyWhatIsItsOwn) {
  Target target = node_;
  target.owner = "agent:server01";
  ASSERT_TRUE(registry_.Register(NodeOrder(""), 0, Soon()));
  auto refused = registry_.Deregister(target, {}, Soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("now held by nobody, not by agent:server01"));
  ASSERT_TRUE(registry_.Register(NodeOrder("agent:server02"), 0, Soon()));
  EXPECT_FALSE(registry_.Deregister(target, {}, Soon()));
  ASSERT_TRUE(registry_.Register(NodeOrder("agent:server01"), 0, Soon()));
  EXPECT_TRUE(registry_.Deregister(target, {}, Soon()));
}

TEST_F(Readmit, AnOwnerMayMoveToAnotherAddressWithoutWaitingForItself) {
  const auto lease = Grant();
  ASSERT_TRUE(registry_.Register(NodeOrder("agent:server01"), Alive(lease), Soon()));
  const Order moved = NodeOrder("agent:server01", "192.0.2.7");
  EXPECT_EQ(registry_.Register(moved, Alive(Grant()), Soon()).error().code, ErrorCode::kConflict)
      << "another who calls itself the same";
  const auto written = registry_.Register(moved, Alive(lease), Soon());
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->replaced, "192.0.2.1:9100");
}

}  // namespace
}  // namespace rollcall::registry
