// What is kept, and what a start makes of it.
#include "catalog/last_known.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "catalog/last_known_start.h"
#include "store/store.h"

namespace rollcall::catalog {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FixedClock : public Clock {
 public:
  SteadyTime Now() const override { return {}; }
  WallTime WallNow() const override { return WallTime(seconds(now_)); }
  void Advance(seconds by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_{1'764'106'836};  // 2025-11-25T21:40:36Z
};

class LastKnownTest : public ::testing::Test {
 public:
  LastKnownTest() {
    std::string name = (std::filesystem::temp_directory_path() / "rollcall-XXXXXX").string();
    root_ = mkdtemp(name.data());
    options_.directory = root_ + "/data/last-known";
    options_.prefix = "/skydns";
    options_.interval = milliseconds(1);
    options_.retry = milliseconds(5);
  }
  ~LastKnownTest() override {
    last_known_.reset();
    std::filesystem::remove_all(root_);
  }

 protected:
  std::optional<LastKnownContents> Start() {
    last_known_.reset();
    LastKnownStart start = StartLastKnown(options_, clock_);
    last_known_ = std::move(start.last_known);
    return std::move(start.contents);
  }
  // As a start would, while nobody keeps it.
  std::optional<LastKnownContents> Look() {
    last_known_.reset();
    auto contents = ReadLastKnown(File(), options_.prefix);
    if (!contents) return std::nullopt;
    return *std::move(contents);
  }
  static std::map<std::string, std::string> ValuesOf(
      const std::optional<LastKnownContents>& contents) {
    std::map<std::string, std::string> values;
    if (!contents) return {{"nothing", "known"}};
    for (const store::KeyValue& kv : contents->records) values[kv.key] = kv.value;
    return values;
  }
  using Values = std::map<std::string, std::string>;

  static LastKnownHeader Header(store::Revision revision) {
    return {.cluster_id = 1, .revision = revision, .changed = revision};
  }
  void Put(const std::string& key, const std::string& value) {
    last_known_->Put({key, value, 1, 2, 3, 0});
  }
  void List(const Values& values, store::Revision revision) {
    last_known_->BeginList();
    for (const auto& [key, value] : values) Put(key, value);
    last_known_->Show(Header(revision), true);
  }
  template <typename Predicate>
  static bool Eventually(Predicate predicate) {
    const auto limit = steady_clock::now() + seconds(20);
    while (!predicate()) {
      if (steady_clock::now() > limit) return false;
      std::this_thread::sleep_for(milliseconds(1));
    }
    return true;
  }
  bool Commits() {
    const auto before = last_known_->figures().commits;
    return Eventually([&] { return last_known_->figures().commits > before; });
  }
  std::string File() const { return options_.directory + "/" + LastKnown::kFile; }
  std::vector<std::string> Aside() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("last-known.damaged")) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  void Garble() const { std::ofstream(File(), std::ios::trunc) << "something else\n"; }

  FixedClock clock_;
  LastKnownOptions options_;
  std::string root_;
  std::unique_ptr<LastKnown> last_known_;
};

TEST_F(LastKnownTest, OfWhatIsListedTheLastWordIsKept) {
  (void)Start();
  const auto show = [this](bool list_ended = false) { last_known_->Show(Header(5), list_ended); };
  last_known_->BeginList();
  Put("/skydns/h", "held");
  show();
  last_known_->Erase("/skydns/b");  // before its page
  Put("/skydns/c", "early");
  show();
  Put("/skydns/a", "1");
  Put("/skydns/b", "1");
  Put("/skydns/c", "1");
  Put("/skydns/d", "1");
  show();
  last_known_->Erase("/skydns/d");  // behind it
  Put("/skydns/a", "2");
  Put("/skydns/a", "3");
  show();
  Put("/skydns/h", "back");
  Put("/skydns/i", "1");
  show(true);
  EXPECT_EQ(ValuesOf(Look()), (Values{{"/skydns/a", "3"},
                                      {"/skydns/b", "1"},
                                      {"/skydns/c", "1"},
                                      {"/skydns/h", "back"},
                                      {"/skydns/i", "1"}}));
}

TEST_F(LastKnownTest, AStartFindsWhatWasShownLast) {
  EXPECT_FALSE(Start());
  List({{"/skydns/a", "1"}, {"/skydns/b", "1"}}, 5);
  Put("/skydns/c", "1");
  Put("/skydns/c", "2");
  last_known_->Erase("/skydns/a");
  last_known_->Erase("/skydns/d");
  last_known_->Show(Header(9));
  const auto found = Start();
  EXPECT_EQ(ValuesOf(found), (Values{{"/skydns/b", "1"}, {"/skydns/c", "2"}}));
  EXPECT_EQ(found->header.revision, 9);
  EXPECT_EQ(found->header.prefix, "/skydns");
  EXPECT_EQ(found->header.seen, clock_.WallNow());
}

TEST_F(LastKnownTest, WhatWasFoundStaysUntilAnotherListIsWhole) {
  (void)Start();
  List({{"/skydns/a", "1"}}, 5);
  ASSERT_TRUE(Start());
  EXPECT_TRUE(last_known_->needs_all());
  last_known_->BeginList();
  Put("/skydns/b", "1");
  last_known_->Show(Header(0));
  ASSERT_TRUE(Commits());
  // Killed here, the old one is what counts.
  EXPECT_EQ(ValuesOf(Start()), (Values{{"/skydns/a", "1"}}));
  List({{"/skydns/c", "1"}}, 7);
  EXPECT_EQ(ValuesOf(Start()), (Values{{"/skydns/c", "1"}}));
}

TEST_F(LastKnownTest, AListThatIsBegunAgainCountsAlone) {
  (void)Start();
  last_known_->BeginList();
  Put("/skydns/a", "1");
  last_known_->Show(Header(0));
  ASSERT_TRUE(Commits());
  Put("/skydns/b", "1");
  List({{"/skydns/c", "1"}}, 5);
  EXPECT_FALSE(last_known_->needs_all());
  EXPECT_EQ(ValuesOf(Start()), (Values{{"/skydns/c", "1"}}));
}

TEST_F(LastKnownTest, ALaterListNeedsToNameOnlyWhatChanged) {
  (void)Start();
  List({{"/skydns/a", "1"}, {"/skydns/b", "1"}}, 5);
  last_known_->BeginList();
  EXPECT_FALSE(last_known_->needs_all());
  Put("/skydns/b", "2");
  last_known_->Show(Header(8), true);
  EXPECT_EQ(ValuesOf(Start()), (Values{{"/skydns/a", "1"}, {"/skydns/b", "2"}}));
}

TEST_F(LastKnownTest, WhatIsNotShownYetIsNotKept) {
  (void)Start();
  List({{"/skydns/a", "1"}}, 5);
  last_known_->Erase("/skydns/a");  // the other half of its revision is to come
  EXPECT_EQ(ValuesOf(Start()), (Values{{"/skydns/a", "1"}}));
}

TEST_F(LastKnownTest, CommitsAtMostOncePerInterval) {
  options_.interval = milliseconds(100);
  (void)Start();
  const auto begun = steady_clock::now();
  List({}, 5);
  for (int i = 0; i < 1000; ++i) {
    Put("/skydns/" + std::to_string(i % 10), std::to_string(i));
    last_known_->Show(Header(6 + i));
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  const auto commits = last_known_->figures().commits;
  const auto took = steady_clock::now() - begun;
  EXPECT_LE(commits, static_cast<std::uint64_t>(took / options_.interval) + 1);
  EXPECT_GE(commits, 1U);
  EXPECT_EQ(Start()->header.revision, 1005);  // the end is never left out
}

TEST_F(LastKnownTest, NothingToSayIsNoCommit) {
  (void)Start();
  List({}, 5);
  ASSERT_TRUE(Commits() || last_known_->figures().commits == 1);
  ASSERT_TRUE(Eventually([&] { return last_known_->figures().commits == 1; }));
  std::this_thread::sleep_for(milliseconds(30));
  EXPECT_EQ(last_known_->figures().commits, 1U);
}

TEST_F(LastKnownTest, ThatItIsStillSoIsNotedNowAndThen) {
  options_.reseen = milliseconds(10);
  (void)Start();
  List({{"/skydns/a", "1"}}, 5);
  clock_.Advance(seconds(100));
  last_known_->Confirm();
  ASSERT_TRUE(Eventually([&] { return last_known_->figures().commits == 2; }));
  clock_.Advance(seconds(100));  // unconfirmed
  const auto found = Start();
  EXPECT_EQ(found->header.seen, clock_.WallNow() - seconds(100));
  EXPECT_EQ(found->records.size(), 1U);
}

TEST_F(LastKnownTest, AKillLeavesOneRevisionWhole) {
  constexpr int kKeys = 200;
  store::Revision reached = 0;
  for (int round = 0; round < 20; ++round) {
    std::array<int, 2> commits{};  // an octet for each
    ASSERT_EQ(pipe(commits.data()), 0);
    const pid_t writer = fork();
    if (writer == 0) {
      (void)Start();
      std::uint64_t told = 0;
      for (int i = 1;; ++i) {
        if (i == 1) last_known_->BeginList();
        for (int k = 0; k < kKeys; ++k) {
          Put("/skydns/" + std::to_string(k), std::to_string(i) + std::string(100, '.'));
        }
        // One that moves in each revision is always somewhere.
        Put("/skydns/at/" + std::to_string(i % 2), std::to_string(i));
        last_known_->Erase("/skydns/at/" + std::to_string((i + 1) % 2));
        last_known_->Show(Header(i), i == 1);
        for (; told < last_known_->figures().commits; ++told) (void)!write(commits[1], "!", 1);
        std::this_thread::sleep_for(std::chrono::microseconds(250));
      }
    }
    char octet = 0;
    for (int i = 0; i < 4 + round; ++i) ASSERT_EQ(read(commits[0], &octet, 1), 1);
    usleep(static_cast<useconds_t>(round) * 170);
    kill(writer, SIGKILL);
    waitpid(writer, nullptr, 0);
    for (const int end : commits) close(end);
    const auto left = ReadLastKnown(File(), options_.prefix);
    ASSERT_TRUE(left) << left.error().message;
    EXPECT_EQ(left->records.size(), kKeys + 1U);
    const std::string value = std::to_string(left->header.revision);
    for (const store::KeyValue& kv : left->records) {
      EXPECT_TRUE(kv.value == value || kv.value == value + std::string(100, '.')) << kv.value;
    }
    reached = std::max(reached, left->header.revision);
  }
  EXPECT_GT(reached, 3);
}

// --- what a start finds

TEST_F(LastKnownTest, ADamagedFileIsMovedAsideAndTheNewestFewStay) {
  std::vector<std::string> last;
  for (int round = 0; round < 5; ++round) {
    (void)Start();
    List({{"/skydns/a", "1"}}, 5);
    last_known_.reset();
    Garble();
    clock_.Advance(seconds(1));
    ::testing::internal::CaptureStderr();
    EXPECT_FALSE(Start());
    const std::string log = ::testing::internal::GetCapturedStderr();
    EXPECT_THAT(log, HasSubstr("is not to be trusted"));
    EXPECT_THAT(log, HasSubstr(File() + ": "));
  }
  EXPECT_THAT(Aside(), ElementsAre("last-known.damaged-20251125T214039Z",
                                   "last-known.damaged-20251125T214040Z",
                                   "last-known.damaged-20251125T214041Z"));
  std::ifstream aside(options_.directory + "/" + Aside().back());
  std::string text;
  std::getline(aside, text);
  EXPECT_EQ(text, "something else");
}

TEST_F(LastKnownTest, ThatOfAnotherPrefixIsMovedAside) {
  (void)Start();
  List({{"/skydns/a", "1"}}, 5);
  options_.prefix = "/other";
  EXPECT_FALSE(Start());
  EXPECT_EQ(Aside().size(), 1U);
  List({{"/other/a", "1"}}, 5);
  EXPECT_EQ(ValuesOf(Start()), (Values{{"/other/a", "1"}}));
}

TEST_F(LastKnownTest, OneProcessKeepsIt) {
  (void)Start();
  List({{"/skydns/a", "1"}}, 5);
  ASSERT_TRUE(Eventually([&] { return last_known_->figures().records == 1; }));
  ::testing::internal::CaptureStderr();
  const LastKnownStart second = StartLastKnown(options_, clock_);
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_FALSE(second.contents);
  EXPECT_FALSE(second.last_known);
  EXPECT_THAT(log, HasSubstr("is in use by process " + std::to_string(getpid())));
  EXPECT_THAT(Aside(), IsEmpty());
}

TEST_F(LastKnownTest, NobodyElseMayReadIt) {
  (void)Start();
  List({}, 5);
  last_known_.reset();
  for (const auto& [path, want] : {std::pair(options_.directory, 0700U), {File(), 0600U}}) {
    struct stat stat {};
    ASSERT_EQ(::stat(path.c_str(), &stat), 0);
    EXPECT_EQ(stat.st_mode & 0777U, want) << path;
  }
}

TEST_F(LastKnownTest, ADirectoryThatCannotBeMadeIsServedWithout) {
  std::ofstream(root_ + "/data") << "a file";
  ::testing::internal::CaptureStderr();
  const LastKnownStart start = StartLastKnown(options_, clock_);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("is not kept"));
  EXPECT_FALSE(start.contents);
  EXPECT_FALSE(start.last_known);
}

// --- a disk that does not go along

TEST_F(LastKnownTest, WhatIsTakenAwayIsMadeAnewFromAnotherList) {
  (void)Start();
  List({{"/skydns/a", "1"}}, 5);
  ASSERT_TRUE(Eventually([&] { return last_known_->figures().records == 1; }));
  EXPECT_FALSE(last_known_->wants_list());
  ::testing::internal::CaptureStderr();
  std::filesystem::remove_all(root_ + "/data");
  Put("/skydns/b", "1");
  last_known_->Show(Header(6));
  ASSERT_TRUE(Eventually([&] { return last_known_->wants_list(); }));
  EXPECT_GE(last_known_->figures().errors, 1U);
  Put("/skydns/c", "1");
  last_known_->Show(Header(7));  // of no use by itself
  List({{"/skydns/b", "1"}, {"/skydns/c", "1"}}, 7);
  EXPECT_FALSE(last_known_->wants_list());
  EXPECT_EQ(ValuesOf(Start()), (Values{{"/skydns/b", "1"}, {"/skydns/c", "1"}}));
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("was taken away"));
  EXPECT_THAT(log, HasSubstr("kept on the disk again"));
}

TEST_F(LastKnownTest, TooMuchNotedIsDroppedForAnotherList) {
  options_.most_noted = 10'000;
  (void)Start();
  List({{"/skydns/a", "1"}}, 5);
  ASSERT_TRUE(Eventually([&] { return last_known_->figures().records == 1; }));
  Put("/skydns/b", std::string(20'000, 'v'));
  last_known_->Show(Header(6));
  ASSERT_TRUE(Eventually([&] { return last_known_->wants_list(); }));
  EXPECT_EQ(last_known_->figures().errors, 1U);
  EXPECT_EQ(ValuesOf(ReadLastKnown(File(), "/skydns").value()), (Values{{"/skydns/a", "1"}}));
  List({{"/skydns/c", "1"}}, 7);
  EXPECT_EQ(ValuesOf(Start()), (Values{{"/skydns/c", "1"}}));
}

class SmallDisk : public LastKnownTest {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root to mount a small disk";
    disk_ = root_ + "/disk";
    std::filesystem::create_directory(disk_);
    if (mount("small", disk_.c_str(), "tmpfs", 0, "size=8m") != 0) {
      disk_.clear();
      GTEST_SKIP() << "may not mount";
    }
    options_.directory = disk_ + "/data/last-known";
  }
  void TearDown() override {
    last_known_.reset();
    if (!disk_.empty()) (void)umount2(disk_.c_str(), MNT_DETACH);
  }
  void Fill() const {
    std::ofstream filler(disk_ + "/filler", std::ios::binary);
    const std::string octets(4096, 'x');
    while (filler.write(octets.data(), 4096).flush()) {
    }
  }
  std::string disk_;
};

TEST_F(SmallDisk, AFullDiskIsToldOnceAndTriedAgain) {
  (void)Start();
  List({{"/skydns/a", "1"}}, 5);
  ASSERT_TRUE(Eventually([&] { return last_known_->figures().records == 1; }));
  Fill();
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 40; ++i) {
    Put("/skydns/" + std::to_string(i), std::string(50'000, 'v'));
    last_known_->Show(Header(6 + i));
  }
  ASSERT_TRUE(Eventually([&] { return last_known_->figures().errors >= 3; }));
  const auto kept = ReadLastKnown(File(), "/skydns");
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_LT(kept->header.revision, 45);
  EXPECT_EQ(static_cast<store::Revision>(kept->records.size()), kept->header.revision - 4);
  std::filesystem::remove(disk_ + "/filler");
  ASSERT_TRUE(Eventually([&] { return last_known_->figures().records == 41; }));
  EXPECT_FALSE(last_known_->wants_list());
  EXPECT_EQ(Start()->header.revision, 45);
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(log.find("cannot be kept"), log.rfind("cannot be kept")) << log;
  EXPECT_THAT(log, HasSubstr("No space left"));
  EXPECT_THAT(log, HasSubstr("kept on the disk again"));
}

TEST_F(SmallDisk, AReadOnlyDiskIsReadAndWrittenOnceItMayBe) {
  (void)Start();
  List({{"/skydns/a", "1"}}, 5);
  last_known_.reset();
  ASSERT_EQ(mount("", disk_.c_str(), "", MS_REMOUNT | MS_RDONLY, ""), 0);
  EXPECT_EQ(ValuesOf(Start()), (Values{{"/skydns/a", "1"}}));
  ASSERT_TRUE(last_known_);
  List({{"/skydns/b", "1"}}, 7);
  ASSERT_TRUE(Eventually([&] { return last_known_->figures().errors >= 2; }));
  ASSERT_EQ(mount("", disk_.c_str(), "", MS_REMOUNT, ""), 0);
  ASSERT_TRUE(Eventually([&] { return last_known_->wants_list(); }));
  List({{"/skydns/b", "1"}}, 7);
  EXPECT_EQ(ValuesOf(Start()), (Values{{"/skydns/b", "1"}}));
}

TEST_F(LastKnownTest, AHundredThousandRecords) {
  options_.interval = milliseconds(1000);
  (void)Start();
  const auto begun = steady_clock::now();
  last_known_->BeginList();
  const std::string value = R"({"host":"192.0.2.17","port":9100,"rollcall":{"owner":"agent:h"}})";
  for (int i = 0; i < 100'000; ++i) {
    Put("/skydns/internal/prom/node/server" + std::to_string(100'000 + i), value);
    if (i % 20'000 == 19'999) last_known_->Show(Header(0));
  }
  last_known_->Show(Header(5), true);
  const auto noted = steady_clock::now();
  last_known_.reset();
  const auto written = steady_clock::now();
  const auto octets = std::filesystem::file_size(File());
  EXPECT_EQ(Start()->records.size(), 100'000U);
  const auto read = steady_clock::now();
  const auto ms = [](auto time) {
    return static_cast<long>(std::chrono::duration_cast<milliseconds>(time).count());
  };
  std::printf(
      "100,000 records: noted in %ld ms, written in %ld ms, %ld octets each, read in %ld ms\n",
      ms(noted - begun), ms(written - noted), static_cast<long>(octets / 100'000),
      ms(read - written));
}

}  // namespace
}  // namespace rollcall::catalog
