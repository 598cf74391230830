#include "app/pending.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace rollcall::app {
namespace {

namespace fs = std::filesystem;

class PendingTest : public ::testing::Test {
 public:
  ~PendingTest() override { fs::remove_all(root_); }

 protected:
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

TEST_F(PendingTest, AStopKeepsItsTime) {
  PendingOrder order = Order("server01", 1);
  order.verb = Verb::kStop;
  order.until = WallTime(std::chrono::seconds(61));
  ASSERT_TRUE(pending_.Put(order));
  const auto items = pending_.Load();
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].order.verb, Verb::kStop);
  EXPECT_EQ(items[0].order.until, order.until);
  EXPECT_EQ(items[0].order.Subject(), Order("server01").Subject()) << "the next start finds it";
}

TEST_F(PendingTest, TwoPortsOfAHostAreTwoOrders) {
  PendingOrder order = Order("server01");
  ASSERT_TRUE(pending_.Put(order));
  order.order.value.port = 9200;
  ASSERT_TRUE(pending_.Put(order));
  EXPECT_EQ(pending_.Load().size(), 2U);
}

TEST_F(PendingTest, OrdersComeInTheOrderInWhichTheyWereGivenWhateverTheClockDoes) {
  ASSERT_TRUE(pending_.Put(Order("a", 5)));
  ASSERT_TRUE(pending_.Put(Order("b", 9)));
  ASSERT_TRUE(pending_.Put(Order("c", 1)));  // the clock was set back
  ASSERT_TRUE(pending_.Put(Order("d", 20)));
  std::string hosts;
  for (const auto& item : pending_.Load()) hosts += item.order.order.host;
  EXPECT_EQ(hosts, "abcd");
}

TEST_F(PendingTest, AnOrderThatWasReplacedMeanwhileIsNotCarriedOut) {
  ASSERT_TRUE(pending_.Put(Order("server01", 1)));
  const auto items = pending_.Load();
  ASSERT_TRUE(pending_.Put(Order("server01", 2)));
  EXPECT_FALSE(pending_.Claim(items[0]));
  const auto now = pending_.Load();
  {
    const auto claimed = pending_.Claim(now[0]);
    ASSERT_TRUE(claimed);
    pending_.Remove(now[0]);
  }
  EXPECT_FALSE(pending_.Claim(now[0])) << "it is gone";
  EXPECT_TRUE(pending_.Load().empty());
}

TEST_F(PendingTest, WhileAnOrderIsBeingSettledNobodyElseCarriesOutWhatWaitsAboutIt) {
  ASSERT_TRUE(pending_.Put(Order("server01")));
  ASSERT_TRUE(pending_.Put(Order("server02")));
  const auto items = pending_.Load();
  {
    const auto held = pending_.Hold(Order("server01").Subject());
    EXPECT_FALSE(pending_.Claim(items[0]));
    EXPECT_TRUE(pending_.Claim(items[1])) << "others may go on";
    EXPECT_TRUE(pending_.Drop(Order("server01").Subject()));
    EXPECT_FALSE(pending_.Drop(Order("server01").Subject()));
  }
  EXPECT_FALSE(pending_.Claim(items[0]));
}

TEST_F(PendingTest, ADirectoryInAFilesPlaceIsPassedOver) {
  ASSERT_TRUE(pending_.Put(Order("server01")));
  fs::create_directory(pending_.directory() / "odd.json");
  EXPECT_EQ(pending_.Load().size(), 1U);
}

TEST_F(PendingTest, TheDraftOfAKilledWriterIsWrittenOver) {
  ASSERT_TRUE(pending_.Put(Order("server01")));
  const std::string name = pending_.Load()[0].file.filename().string();
  std::ofstream(pending_.directory() / ("." + name + ".draft")) << "half an or";
  ASSERT_TRUE(pending_.Put(Order("server01", 2)));
  EXPECT_EQ(pending_.Load().size(), 1U);
  EXPECT_FALSE(fs::exists(pending_.directory() / ("." + name + ".draft")));
}

TEST_F(PendingTest, WhatCannotBeReadIsSetAsideAndNotLost) {
  ASSERT_TRUE(pending_.Put(Order("server01")));
  const char* broken[] = {"", "{", "[]", R"({"version":2,"verb":"register"})",
                          R"({"version":1,"verb":"register","value":"{"})",
                          R"({"version":1,"verb":"drop","value":"{}"})",
                          // A time beyond what a clock can hold.
                          (R"({"version":1,"verb":"register","since_us":9223372036854775807,)"
                           R"("service":"node","host":"a","value":"{}"})")};
  int number = 0;
  for (const char* text : broken) {
    std::ofstream(pending_.directory() / (std::to_string(number++) + ".json")) << text;
  }
  EXPECT_EQ(pending_.Load().size(), 1U);
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

TEST_F(PendingTest, AChangeOfWhatWaitsShowsWithoutReadingIt) {
  EXPECT_EQ(pending_.ChangedAt().error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(pending_.Put(Order("server01")));
  // As of long ago, for a file system's clock need not tell two changes in a row apart.
  const auto long_ago = *pending_.ChangedAt() - std::chrono::hours(1);
  const auto age = [&] { fs::last_write_time(pending_.directory(), long_ago); };
  age();
  EXPECT_EQ(*pending_.ChangedAt(), long_ago);
  const auto items = pending_.Load();
  EXPECT_EQ(*pending_.ChangedAt(), long_ago) << "reading changes nothing";
  ASSERT_TRUE(pending_.Put(Order("server01", 2)));
  EXPECT_NE(*pending_.ChangedAt(), long_ago) << "one in an other's place";
  age();
  pending_.Remove(items[0]);
  EXPECT_NE(*pending_.ChangedAt(), long_ago) << "one that went";
  EXPECT_EQ(Pending("/dev/null/pending").ChangedAt().error().code, ErrorCode::kRefused);
}

TEST_F(PendingTest, AGivenDirectoryIsTaken) {
  EXPECT_EQ(Pending::ChooseDirectory("/x/y"), "/x/y");
  setenv("ROLLCALL_PENDING_PATH", "/x/z", 1);
  EXPECT_EQ(Pending::ChooseDirectory("/x/y"), "/x/y");
  EXPECT_EQ(Pending::ChooseDirectory(""), "/x/z");
  unsetenv("ROLLCALL_PENDING_PATH");
}

}  // namespace
}  // namespace rollcall::app
