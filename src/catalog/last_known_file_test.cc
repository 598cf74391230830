// The file: what comes back, and what is refused whole.
#include "catalog/last_known_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "lmdb/lmdb.h"
#include "lmdb/octets.h"

namespace rollcall::catalog {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kPageSize = 4096;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kForksAreDear = true;
#else
constexpr bool kForksAreDear = false;
#endif

class LastKnownFileTest : public ::testing::Test {
 public:
  LastKnownFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "rollcall-XXXXXX").string();
    root_ = mkdtemp(name.data());
    path_ = root_ + "/file";
  }
  ~LastKnownFileTest() override { std::filesystem::remove_all(root_); }

 protected:
  using Records = std::map<std::string, store::KeyValue>;

  static store::KeyValue Kv(const std::string& key, const std::string& value,
                            store::Revision revision = 7) {
    return {key, value, 2, revision, 3, 4};
  }
  static LastKnownHeader Header(store::Revision revision) {
    return {.cluster_id = 1, .revision = revision, .changed = revision, .prefix = "/skydns"};
  }
  void Make() {
    auto file = LastKnownFile::Make(path_);
    ASSERT_TRUE(file) << file.error().message;
    file_.emplace(*std::move(file));
  }
  // All at once; a key without value goes.
  Result<void> TryWrite(const std::map<std::string, std::optional<std::string>>& changes,
                        store::Revision revision) {
    std::vector<store::KeyValue> kept;
    kept.reserve(changes.size());
    std::vector<LastKnownChange> list;
    for (const auto& [key, value] : changes) {
      if (value) kept.push_back(Kv(key, *value, revision));
      list.push_back({key, value ? &kept.back() : nullptr});
    }
    return file_->Write(std::move(list), Header(revision));
  }
  void Write(const std::map<std::string, std::optional<std::string>>& changes,
             store::Revision revision) {
    const auto ok = TryWrite(changes, revision);
    ASSERT_TRUE(ok) << ok.error().message;
  }
  Result<LastKnownContents> Read() const { return ReadLastKnown(path_, "/skydns"); }
  static Records RecordsOf(const LastKnownContents& contents) {
    Records records;
    for (const store::KeyValue& kv : contents.records) records[kv.key] = kv;
    EXPECT_EQ(records.size(), contents.records.size());
    return records;
  }
  std::string Octets() const {
    std::string octets(std::filesystem::file_size(path_), '\0');
    std::ifstream(path_, std::ios::binary)
        .read(octets.data(), static_cast<std::streamsize>(octets.size()));
    return octets;
  }
  void Replace(const std::string& octets) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << octets;
  }
  // Some hundred records in several pages, of two revisions.
  void MakeSample() {
    Make();
    std::map<std::string, std::optional<std::string>> all;
    for (int i = 0; i < 80; ++i) all["/skydns/a/" + std::to_string(i)] = std::string(100, 'v');
    Write(all, 10);
    before_ = *Read();
    Write({{"/skydns/a/7", std::string(9000, 'w')}, {"/skydns/a/9", std::nullopt}}, 11);
    after_ = *Read();
    file_.reset();
  }
  // Refused, or as of a commit: never anything else.
  ::testing::AssertionResult IsWholeOrRefused(int* refused) const {
    const auto read = Read();
    if (!read) {
      ++*refused;
      return ::testing::AssertionSuccess();
    }
    for (const auto* commit : {&after_, &before_}) {
      if (read->header == commit->header && RecordsOf(*read) == RecordsOf(*commit)) {
        return ::testing::AssertionSuccess();
      }
    }
    return ::testing::AssertionFailure() << read->records.size() << " records were read";
  }

  std::string root_;
  std::string path_;
  std::optional<LastKnownFile> file_;
  LastKnownContents before_;
  LastKnownContents after_;
};

TEST_F(LastKnownFileTest, NothingThereIsNotDamaged) {
  EXPECT_EQ(Read().error().code, ErrorCode::kNotFound);
}

TEST_F(LastKnownFileTest, WhatIsWrittenIsReadWhileWeWriteAndAfterwards) {
  Make();
  const std::string long_key(3000, 'k');
  Write({{"/skydns/b", "1"}, {"/skydns/a", ""}, {long_key, "2"}}, 5);
  Write({{"/skydns/b", "3"}, {"/skydns/c", std::string(100'000, 'v')}}, 6);
  Write({{"/skydns/a", std::nullopt}, {"/skydns/never", std::nullopt}}, 8);
  const Records want = {{"/skydns/b", Kv("/skydns/b", "3", 6)},
                        {"/skydns/c", Kv("/skydns/c", std::string(100'000, 'v'), 6)},
                        {long_key, Kv(long_key, "2", 5)}};
  for (int turn = 0; turn < 2; ++turn) {
    const auto read = Read();
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(RecordsOf(*read), want);
    EXPECT_EQ(read->header.revision, 8);
    EXPECT_EQ(read->header.records, 3U);
    file_.reset();
  }
}

TEST_F(LastKnownFileTest, WritingTheSameAgainIsTheSame) {
  Make();
  Write({{"/skydns/a", "1"}, {"/skydns/b", "1"}}, 5);
  const auto before = Read();
  Write({{"/skydns/a", "1"}}, 5);
  EXPECT_EQ(Read()->header, before->header);
}

TEST_F(LastKnownFileTest, ManyChangesComeInSeveralTransactionsThatNeverShowLess) {
  std::map<std::string, std::optional<std::string>> one;
  std::map<std::string, std::optional<std::string>> other;
  for (int i = 0; i < 21'000; ++i) {
    one["/skydns/a/" + std::to_string(i)] = "v";
    other["/skydns/a/" + std::to_string(i)] = std::nullopt;
    other["/skydns/b/" + std::to_string(i)] = "v";
  }
  std::map<store::Revision, int> seen;
  for (int round = 0; round < 6; ++round) {
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(pipe(pipe_ends.data()), 0);
    const pid_t writer = fork();
    if (writer == 0) {
      Make();
      Write(one, 5);
      (void)!write(pipe_ends[1], "!", 1);
      Write(other, 6);
      _exit(0);
    }
    char octet = 0;
    ASSERT_EQ(read(pipe_ends[0], &octet, 1), 1);
    usleep(static_cast<useconds_t>(round) * 10'000);
    kill(writer, SIGKILL);
    waitpid(writer, nullptr, 0);
    for (const int end : pipe_ends) close(end);
    const auto left = Read();
    ASSERT_TRUE(left) << left.error().message;
    EXPECT_GE(left->records.size(), 21'000U);
    if (left->header.revision == 6) {
      EXPECT_EQ(left->records.size(), 21'000U);
    }
    ++seen[left->header.revision];
  }
  EXPECT_GT(seen[5], 0);
}

TEST_F(LastKnownFileTest, WhatIsErasedLeavesRoomForWhatComes) {
  Make();
  std::uint64_t first = 0;
  for (int round = 0; round < 60; ++round) {
    std::map<std::string, std::optional<std::string>> changes;
    for (int i = 0; i < 500; ++i) {
      changes["/skydns/" + std::to_string(round) + "/" + std::to_string(i)] = std::string(200, 'v');
      if (round == 0) continue;
      changes["/skydns/" + std::to_string(round - 1) + "/" + std::to_string(i)] = std::nullopt;
    }
    Write(changes, round + 2);
    if (round == 5) first = file_->octets();
  }
  EXPECT_EQ(file_->records(), 500U);
  EXPECT_LE(file_->octets(), first + (1U << 20));
}

TEST_F(LastKnownFileTest, AnotherPrefixIsRefused) {
  Make();
  Write({{"/skydns/a", "1"}}, 5);
  const auto read = ReadLastKnown(path_, "/other");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kRefused);
  EXPECT_THAT(read.error().message, HasSubstr("of the prefix /skydns, not of /other"));
}

TEST_F(LastKnownFileTest, ANewerFormatIsRefused) {
  Make();
  Write({{"/skydns/a", "1"}}, 5);
  file_.reset();
  {
    const auto env = lmdb::Open(path_, MDB_NOLOCK);
    auto txn = lmdb::Begin(*env, 0, "");
    MDB_dbi table = 0;
    ASSERT_EQ(mdb_dbi_open(txn->get(), "header", 0, &table), 0);
    MDB_val key = lmdb::ToVal("header");
    MDB_val value{};
    ASSERT_EQ(mdb_get(txn->get(), table, &key, &value), 0);
    std::string entry(lmdb::FromVal(value));
    entry[lmdb::kHashSize] = 2;
    lmdb::Seal("header", entry);
    value = lmdb::ToVal(entry);
    ASSERT_EQ(mdb_put(txn->get(), table, &key, &value, 0), 0);
    ASSERT_TRUE(lmdb::Commit(*std::move(txn), ""));
  }
  const auto read = Read();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kRefused);
  EXPECT_THAT(read.error().message, HasSubstr(path_ + ": it is of format 2"));
}

TEST_F(LastKnownFileTest, WhatIsNoSuchFileIsRefused) {
  for (const std::string& text : {std::string(), std::string("not LMDB\n"),
                                  std::string(100'000, 'x'), std::string(100'000, '\0')}) {
    Replace(text);
    const auto read = Read();
    ASSERT_FALSE(read) << text.size();
    EXPECT_EQ(read.error().code, ErrorCode::kInternal) << read.error().message;
    EXPECT_EQ(Octets(), text);
  }
  std::filesystem::remove(path_);
  const auto env = lmdb::Open(path_, MDB_NOLOCK);
  auto txn = lmdb::Begin(*env, 0, "");
  MDB_dbi table = 0;
  ASSERT_EQ(mdb_dbi_open(txn->get(), "somebody's", MDB_CREATE, &table), 0);
  ASSERT_TRUE(lmdb::Commit(*std::move(txn), ""));
  EXPECT_EQ(Read().error().code, ErrorCode::kInternal);
}

TEST_F(LastKnownFileTest, ARecordThatIsMissingIsMissed) {
  MakeSample();
  {
    const auto env = lmdb::Open(path_, MDB_NOLOCK);
    auto txn = lmdb::Begin(*env, 0, "");
    MDB_dbi table = 0;
    ASSERT_EQ(mdb_dbi_open(txn->get(), "record", 0, &table), 0);
    MDB_val key = lmdb::ToVal("/skydns/a/50");
    ASSERT_EQ(mdb_del(txn->get(), table, &key, nullptr), 0);
    ASSERT_TRUE(lmdb::Commit(*std::move(txn), ""));
  }
  const auto read = Read();
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("records are missing"));
}

TEST_F(LastKnownFileTest, AWrongOctetInAnyPageIsRefusedOrChangesNothing) {
  MakeSample();
  const std::string good = Octets();
  const std::size_t used = good.find_last_not_of('\0') + 1;
  ASSERT_GT(used, 10 * kPageSize);
  std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
  const auto write_octet = [&file](std::size_t at, char octet) {
    file.seekp(static_cast<std::streamoff>(at)).put(octet).flush();
  };
  int refused = 0;
  for (std::size_t page = 0; page < used; page += kPageSize) {
    // The page's own head and its first pointers; then some of the rest.
    constexpr std::size_t kNear = kForksAreDear ? 4 : 1;
    constexpr std::size_t kFar = kForksAreDear ? 1019 : 251;
    for (std::size_t at = 0; at < kPageSize; at += at < 20 ? kNear : kFar) {
      const char right = good[page + at];
      write_octet(page + at, static_cast<char>(right ^ (at % 2 == 0 ? 0x01 : 0x80)));
      EXPECT_TRUE(IsWholeOrRefused(&refused)) << "octet " << at << " of page " << page / kPageSize;
      write_octet(page + at, right);
    }
  }
  EXPECT_EQ(Octets(), good);
  // Pages that an earlier commit used and the last one did not may be wrong.
  EXPECT_GT(refused, kForksAreDear ? 20 : 100);
}

TEST_F(LastKnownFileTest, AFileCutShortAnywhereIsRefusedOrWhole) {
  MakeSample();
  const std::string good = Octets();
  const std::size_t used = good.find_last_not_of('\0') + 1;
  std::vector<std::size_t> sizes = {0, 1, 100, kPageSize - 1, kPageSize, 2 * kPageSize};
  for (std::size_t size = 3 * kPageSize; size < used; size += kPageSize) {
    sizes.push_back(size);
    sizes.push_back(size + 1);
    sizes.push_back(size - 2000);
  }
  int refused = 0;
  for (const std::size_t size : sizes) {
    Replace(good.substr(0, size));
    EXPECT_TRUE(IsWholeOrRefused(&refused)) << size;
  }
  EXPECT_GT(refused, 10);
}

TEST_F(LastKnownFileTest, AFullDiskIsToldAndMayBeTriedAgain) {
  Make();
  Write({{"/skydns/a", "1"}}, 5);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4 << 20, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  std::map<std::string, std::optional<std::string>> big;
  for (int i = 0; i < 10; ++i) big["/skydns/" + std::to_string(i)] = std::string(1 << 20, 'v');
  const auto full = TryWrite(big, 6);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kExhausted);
  EXPECT_EQ(Read()->header.revision, 5);
  EXPECT_EQ(Read()->records.size(), 1U);
  Write(big, 6);
  EXPECT_EQ(Read()->records.size(), 11U);
}

TEST_F(LastKnownFileTest, ANewOneTakesTheNameOfTheOldOne) {
  Make();
  Write({{"/skydns/old", "1"}}, 5);
  auto other = LastKnownFile::Make(root_ + "/new");
  ASSERT_TRUE(other);
  const store::KeyValue kv = Kv("/skydns/new", "1");
  ASSERT_TRUE(other->Write({{kv.key, &kv}}, Header(6)));
  EXPECT_TRUE(file_->IsThere());
  ASSERT_TRUE(other->Rename(path_));
  EXPECT_FALSE(file_->IsThere());
  EXPECT_TRUE(other->IsThere());
  EXPECT_EQ(Read()->records.front().key, "/skydns/new");
  // And goes on under it.
  ASSERT_TRUE(other->Write({{kv.key, nullptr}}, Header(7)));
  EXPECT_EQ(Read()->header.revision, 7);
  std::filesystem::remove(path_);
  EXPECT_FALSE(other->IsThere());
}

}  // namespace
}  // namespace rollcall::catalog
