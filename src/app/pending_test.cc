#include "app/pending.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace rollcall::app {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class PendingTest : public ::testing::Test {
 protected:
  ~PendingTest() override { fs::remove_all(root_); }

  static PendingOrder Order(const std::string& host, std::int64_t second = 1) {
    PendingOrder order;
    order.since = WallTime(std::chrono::seconds(second));
    order.store = "http://a:2379";
    order.order.service = "node";
    order.order.host = host;
    order.order.value.host = "192.0.2.1";
    order.order.value.port = 9100;
    order.order.value.extension.labels = {{"rack", "r12"}};
    return order;
  }
  std::size_t FilesIn(const fs::path& directory) const {
    std::size_t files = 0;
    for (const auto& entry : fs::directory_iterator(directory)) files += entry.is_regular_file();
    return files;
  }

  static fs::path MakeRoot() {
    char name[] = "/tmp/rollcall-pending-XXXXXX";
    return mkdtemp(name);
  }

  fs::path root_ = MakeRoot();
  Pending pending_{root_ / "deep" / "pending"};
};

TEST_F(PendingTest, AnOrderComesBackAsItWas) {
  PendingOrder order = Order("server01");
  order.verb = Verb::kDeregister;
  order.layout = {"/p", "z.test", "/base"};
  order.order.instance = "i";
  order.reason = {"root@x", "because \"so\""};
  const auto back = ParsePendingOrder(ToJson(order));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->verb, Verb::kDeregister);
  EXPECT_EQ(back->since, order.since);
  EXPECT_EQ(back->Subject(), order.Subject());
  EXPECT_EQ(back->order.value, order.order.value);
  EXPECT_EQ(back->reason.why, order.reason.why);
  EXPECT_EQ(back->layout.base_path, "/base");
}

TEST_F(PendingTest, TheLaterOrderAboutAnInstanceTakesTheEarliersPlace) {
  PendingOrder order = Order("server01", 1);
  ASSERT_TRUE(pending_.Put(order));
  order.verb = Verb::kDeregister;
  order.since = WallTime(std::chrono::seconds(2));
  ASSERT_TRUE(pending_.Put(order));
  const auto items = pending_.Load();
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].order.verb, Verb::kDeregister);
  EXPECT_EQ(FilesIn(pending_.directory()), 1U) << "no draft is left";
}

TEST_F(PendingTest, TwoPortsOfAHostAreTwoOrders) {
  PendingOrder order = Order("server01");
  ASSERT_TRUE(pending_.Put(order));
  order.order.value.port = 9200;
  ASSERT_TRUE(pending_.Put(order));
  EXPECT_EQ(pending_.Load().size(), 2U);
}

TEST_F(PendingTest, OrdersComeOldestFirst) {
  ASSERT_TRUE(pending_.Put(Order("c", 3)));
  ASSERT_TRUE(pending_.Put(Order("a", 1)));
  ASSERT_TRUE(pending_.Put(Order("b", 2)));
  std::string hosts;
  for (const auto& item : pending_.Load()) hosts += item.order.order.host;
  EXPECT_EQ(hosts, "abc");
}

TEST_F(PendingTest, AnOrderThatWasReplacedMeanwhileIsNotRemoved) {
  ASSERT_TRUE(pending_.Put(Order("server01", 1)));
  const auto items = pending_.Load();
  ASSERT_TRUE(pending_.Put(Order("server01", 2)));
  pending_.Remove(items[0]);
  ASSERT_EQ(pending_.Load().size(), 1U);
  pending_.Remove(pending_.Load()[0]);
  EXPECT_TRUE(pending_.Load().empty());
}

TEST_F(PendingTest, WhatCannotBeReadIsSetAsideAndNotLost) {
  ASSERT_TRUE(pending_.Put(Order("server01")));
  const char* broken[] = {"",
                          "{",
                          "[]",
                          R"({"version":2,"verb":"register"})",
                          R"({"version":1,"verb":"register","value":"{"})",
                          R"({"version":1,"verb":"drop","value":"{}"})"};
  int number = 0;
  for (const char* text : broken) {
    std::ofstream(pending_.directory() / (std::to_string(number++) + ".json")) << text;
  }
  EXPECT_EQ(pending_.Load().size(), 1U);
  EXPECT_EQ(FilesIn(pending_.directory()), 1U);
  EXPECT_EQ(FilesIn(pending_.directory() / "broken"), std::size(broken));
}

TEST_F(PendingTest, NoSecretIsWritten) {
  ASSERT_TRUE(pending_.Put(Order("server01")));
  const auto items = pending_.Load();
  EXPECT_EQ(items[0].json.find("password"), std::string::npos);
  EXPECT_EQ(fs::status(items[0].file).permissions() & fs::perms::all,
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(PendingTest, ADirectoryThatCannotBeMadeIsAnError) {
  std::ofstream(root_ / "file") << "x";
  const auto put = Pending(root_ / "file" / "pending").Put(Order("server01"));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(Pending(root_ / "none").Load().empty());
}

TEST_F(PendingTest, AGivenDirectoryIsTaken) {
  EXPECT_EQ(Pending::ChooseDirectory("/x/y"), "/x/y");
}

}  // namespace
}  // namespace rollcall::app
