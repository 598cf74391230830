#include "registry/advertise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/embedded/store.h"

namespace rollcall::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::chrono::milliseconds kLong{20'000};

class AdvertiseTest : public ::testing::Test {
 protected:
  void Say(const std::optional<StoreAddress>& address) {
    const auto said = Advertise(*store_, {}, "server01", address, store::After(kLong));
    ASSERT_TRUE(said) << said.error().message;
  }
  std::vector<std::pair<std::string, std::string>> All() {
    std::vector<std::pair<std::string, std::string>> all;
    const auto found = store_->Range({.keys = store::KeyRange::All()}, store::After(kLong));
    for (const auto& kv : found->kvs) all.emplace_back(kv.key, kv.value);
    return all;
  }
  std::unique_ptr<store::embedded::EmbeddedStore> store_ = store::embedded::Open({});
};

TEST_F(AdvertiseTest, WritesTheRecordThatClientsLookForAndOneThatItIsOurs) {
  Say(StoreAddress{"192.0.2.1", 2379, false});
  EXPECT_THAT(All(),
              ElementsAre(Pair("/rollcall/v1/advertised/skydns/internal/prom/_tcp/_etcd-client/"
                               "server01",
                               HasSubstr("serve")),
                          Pair("/skydns/internal/prom/_tcp/_etcd-client/server01",
                               R"({"host":"192.0.2.1","port":2379})")));
  const auto revision = store_->header().revision;
  Say(StoreAddress{"192.0.2.1", 2379, false});
  EXPECT_EQ(store_->header().revision, revision);  // nothing is written twice
}

TEST_F(AdvertiseTest, FollowsAChangeToTlsAndBackToNothing) {
  Say(StoreAddress{"192.0.2.1", 2379, false});
  Say(StoreAddress{"store.example", 2380, true});
  EXPECT_THAT(All(), ElementsAre(Pair("/rollcall/v1/advertised/skydns/internal/prom/_tcp/"
                                      "_etcd-client-ssl/server01",
                                      HasSubstr("serve")),
                                 Pair("/skydns/internal/prom/_tcp/_etcd-client-ssl/server01",
                                      R"({"host":"store.example","port":2380})")));
  Say(std::nullopt);
  EXPECT_THAT(All(), IsEmpty());
}

TEST_F(AdvertiseTest, LeavesAloneWhatOthersWrote) {
  ASSERT_TRUE(store_->Txn(
      {{}, {store::PutOp{"/skydns/internal/prom/_tcp/_etcd-client/server01", "{}", 0}}, {}},
      store::After(kLong)));
  Say(std::nullopt);
  EXPECT_EQ(All().size(), 1U);
}

}  // namespace
}  // namespace rollcall::registry
