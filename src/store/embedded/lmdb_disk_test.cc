// The file: what comes back after a restart, and what is refused.
#include "store/embedded/lmdb_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "store/embedded/engine.h"
#include "store/embedded/format.h"
#include "store/embedded/lmdb_file.h"
#include "store/embedded/lmdb_tables.h"

namespace rollcall::store::embedded {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What `work()` returns on a thread that may not make hard links.
template <typename WorkCall>
int WithoutHardLinks(WorkCall work) {
  int result = -1;
  std::thread([&] {
    sock_filter refuse[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_linkat, 1, 0),
#ifdef SYS_link
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_link, 0, 1),
#else
        BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
#endif
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{std::size(refuse), refuse};
    ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
    result = work();
  }).join();
  return result;
}

class LmdbDiskTest : public ::testing::Test {
 public:
  LmdbDiskTest() {
    std::string name = (std::filesystem::temp_directory_path() / "rollcall-XXXXXX").string();
    root_ = mkdtemp(name.data());
    directory_ = root_ + "/data";
  }
  ~LmdbDiskTest() override {
    engine_.reset();
    std::filesystem::remove_all(root_);
  }

 protected:
  Result<void> TryStart(EngineOptions options = {}) {
    engine_.reset();
    options.directory = directory_;
    options.timer = false;
    auto engine = Engine::Open(options);
    if (!engine) return Fail(engine.error());
    engine_ = *std::move(engine);
    return {};
  }
  void Start() {
    const auto started = TryStart();
    ASSERT_TRUE(started) << started.error().message;
  }
  template <typename T, typename Call>
  Result<T> Await(Call call) {
    std::promise<Result<T>> promise;
    call([&promise](Result<T> done) { promise.set_value(std::move(done)); });
    return promise.get_future().get();
  }
  Result<TxnDone> Do(std::vector<Operation> operations) {
    return Await<TxnDone>([&](Engine::Done<TxnDone> done) {
      engine_->Apply({{}, std::move(operations), {}}, std::move(done));
    });
  }
  Result<TxnDone> PutOne(std::string key, std::string value, LeaseId lease = 0) {
    return Do({Put{.key = std::move(key), .value = std::move(value), .lease = lease}});
  }
  Result<TxnDone> DeleteOne(std::string key) {
    return Do({Delete{.keys = KeyRange::Single(std::move(key))}});
  }
  void Compact(Revision revision) {
    ASSERT_TRUE(Await<Revision>(
        [&](Engine::Done<Revision> done) { engine_->Compact(revision, std::move(done)); }));
  }
  // "key=value@create/mod v version l lease"
  std::vector<std::string> All(Revision revision = 0) {
    std::vector<std::string> all;
    const auto found = engine_->Range({.keys = KeyRange::All(), .revision = revision});
    if (!found) return {found.error().message};
    for (const Record& record : found->records) {
      all.push_back(std::string(record->key()) + "=" + std::string(record->value()) + "@" +
                    std::to_string(record->create_revision()) + "/" +
                    std::to_string(record->mod_revision()) + " v" +
                    std::to_string(record->version()) + " l" + std::to_string(record->lease()));
    }
    return all;
  }
  std::string File() const { return directory_ + "/" + kStoreFile; }
  static std::string Read(const std::string& file) {
    std::string octets(std::filesystem::file_size(file), '\0');
    std::ifstream(file, std::ios::binary)
        .read(octets.data(), static_cast<std::streamsize>(octets.size()));
    return octets;
  }
  static void Write(const std::string& file, const std::string& octets) {
    std::ofstream(file, std::ios::binary) << octets;
  }
  // Changes an octet of the file wherever it holds `text`.
  void Damage(const std::string& text) {
    std::string octets = Read(File());
    std::size_t found = 0;
    for (std::size_t at = 0; (at = octets.find(text, at)) != std::string::npos; ++at, ++found) {
      octets[at] = static_cast<char>(octets[at] ^ 1);
    }
    ASSERT_GT(found, 0U);
    Write(File(), octets);
  }

  std::string root_;
  std::string directory_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(LmdbDiskTest, ARestartBringsBackAllOfIt) {
  Start();
  const Identity identity = engine_->identity();
  ASSERT_TRUE(Await<Lease>(
      [&](Engine::Done<Lease> done) { engine_->Grant(seconds(60), 7, std::move(done)); }));
  ASSERT_TRUE(PutOne("a", "1"));
  ASSERT_TRUE(PutOne("a", "2", 7));
  ASSERT_TRUE(PutOne("b", std::string(100'000, 'v')));
  ASSERT_TRUE(DeleteOne("b"));
  ASSERT_TRUE(Do({Put{.key = "c", .value = ""}, Put{.key = "d", .value = "\n\\0"}}));
  const auto before = All();
  const auto then = All(4);
  for (int restart = 1; restart <= 2; ++restart) {
    Start();
    EXPECT_EQ(All(), before);
    EXPECT_EQ(All(4), then);
    EXPECT_EQ(engine_->revision(), 6);
    EXPECT_EQ(engine_->identity().cluster_id, identity.cluster_id);
    EXPECT_EQ(engine_->identity().member_id, identity.member_id);
    EXPECT_EQ(engine_->identity().term, identity.term + static_cast<std::uint64_t>(restart));
    EXPECT_THAT(engine_->TimeToLive(7, true)->keys, ElementsAre("a"));
    EXPECT_GE(engine_->TimeToLive(7, false)->left, seconds(58));
  }
  // Watches go on where they were.
  const auto watcher = engine_->Watch({.ranges = {KeyRange::All()}, .start = 2}, [] {});
  EXPECT_EQ(watcher->Take().changes.size(), 6U);
  EXPECT_EQ(PutOne("a", "3")->revision, 7);
  EXPECT_THAT(All().front(), HasSubstr("a=3@2/7 v3"));
}

TEST_F(LmdbDiskTest, ARevokedLeaseAndItsKeysStayGone) {
  Start();
  for (const LeaseId id : {7, 8}) {
    ASSERT_TRUE(Await<Lease>(
        [&](Engine::Done<Lease> done) { engine_->Grant(seconds(60), id, std::move(done)); }));
  }
  ASSERT_TRUE(PutOne("a", "1", 7));
  ASSERT_TRUE(
      Await<Revision>([&](Engine::Done<Revision> done) { engine_->Revoke(7, std::move(done)); }));
  Start();
  EXPECT_THAT(All(), IsEmpty());
  EXPECT_THAT(engine_->Leases(), ElementsAre(8));
  EXPECT_EQ(engine_->revision(), 3);
}

TEST_F(LmdbDiskTest, CompactionIsKeptAndItsGarbageGoes) {
  Start();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(PutOne("a", std::to_string(i)));
  ASSERT_TRUE(PutOne("b", "1"));
  ASSERT_TRUE(DeleteOne("b"));
  Compact(302);
  Start();  // perhaps before the garbage was gone
  EXPECT_THAT(All(301), ElementsAre("mvcc: required revision has been compacted"));
  EXPECT_THAT(All(302), ElementsAre("a=299@2/301 v300 l0", "b=1@302/302 v1 l0"));
  EXPECT_THAT(All(), ElementsAre("a=299@2/301 v300 l0"));
  Compact(303);
  EXPECT_THAT(All(303), ElementsAre("a=299@2/301 v300 l0"));
  // The deletion at the compacted revision is still told.
  const auto watcher = engine_->Watch({.ranges = {KeyRange::All()}, .start = 303}, [] {});
  EXPECT_EQ(watcher->Take().changes.size(), 1U);
  ASSERT_TRUE(PutOne("c", "1"));
  // The writer deletes what is doomed when nothing else waits.
  const auto changes = [&] { return CheckFile(File())->changes; };
  const auto limit = std::chrono::steady_clock::now() + seconds(20);
  while (changes() > 3 && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  EXPECT_EQ(changes(), 3U);  // a, the deletion of b, c
  Start();
  EXPECT_EQ(engine_->revision(), 304);
  EXPECT_EQ(All().size(), 2U);
}

TEST_F(LmdbDiskTest, GarbageLeftByACrashGoesAfterTheStart) {
  // As a server leaves it that dies right after a compaction was acknowledged.
  {
    auto opened = OpenDisk(directory_);
    ASSERT_TRUE(opened) << opened.error().message;
    Core core({});
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(core.Apply({{}, {Put{.key = "a", .value = std::to_string(i)}}, {}}, {}));
    }
    ASSERT_TRUE(opened->disk->Commit(core.staged(), {}));
    core.Publish();
    ASSERT_TRUE(core.Compact(101));
    ASSERT_TRUE(opened->disk->Commit(core.staged(), {}));
  }
  EXPECT_EQ(CheckFile(File())->changes, 100U);
  Start();
  EXPECT_EQ(engine_->figures().compacted, 101);
  const auto limit = std::chrono::steady_clock::now() + seconds(20);
  while (CheckFile(File())->changes > 1 && std::chrono::steady_clock::now() < limit) {
    std::this_thread::yield();
  }
  EXPECT_EQ(CheckFile(File())->changes, 1U);
}

TEST_F(LmdbDiskTest, OneProcessHoldsADirectory) {
  Start();
  EngineOptions options;
  options.directory = directory_;
  const auto second = Engine::Open(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_THAT(second.error().message,
              HasSubstr("is in use by process " + std::to_string(getpid())));
}

TEST_F(LmdbDiskTest, NobodyElseMayReadIt) {
  Start();
  const auto mode = [](const std::string& file) {
    struct stat stat {};
    EXPECT_EQ(::stat(file.c_str(), &stat), 0);
    return stat.st_mode & 0777U;
  };
  EXPECT_EQ(mode(directory_), 0700U);
  EXPECT_EQ(mode(File()), 0600U);
}

TEST_F(LmdbDiskTest, ANewerFormatIsRefusedAndLeftAlone) {
  Start();
  ASSERT_TRUE(PutOne("a", "1"));
  engine_.reset();
  {
    const auto env = lmdb::Open(File(), 0);
    auto txn = lmdb::Begin(*env, 0, "");
    const auto tables = FindTables(txn->get(), File());
    ASSERT_TRUE(WriteNumber(txn->get(), (*tables)->meta, "format", kFormat + 1, ""));
    ASSERT_TRUE(lmdb::Commit(*std::move(txn), ""));
  }
  const std::string before = Read(File());
  const auto refused = TryStart();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
  EXPECT_THAT(refused.error().message, HasSubstr("newer rollcall (format 2, this one knows 1)"));
  EXPECT_TRUE(Read(File()) == before);
}

TEST_F(LmdbDiskTest, AnotherProgramsFileIsRefusedAndLeftAlone) {
  std::filesystem::create_directory(directory_);
  Write(File(), std::string(10'000, 'x'));
  EXPECT_FALSE(TryStart());
  EXPECT_EQ(Read(File()), std::string(10'000, 'x'));

  std::filesystem::remove(File());
  {
    const auto env = lmdb::Open(File(), 0);
    auto txn = lmdb::Begin(*env, 0, "");
    MDB_dbi table = 0;
    ASSERT_EQ(mdb_dbi_open(txn->get(), "somebody's", MDB_CREATE, &table), 0);
    ASSERT_TRUE(lmdb::Commit(*std::move(txn), ""));
  }
  const auto refused = TryStart();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInternal);
  EXPECT_THAT(refused.error().message, HasSubstr("no file of rollcall's store"));
}

TEST_F(LmdbDiskTest, AnOctetThatTheDiskGotWrongIsFound) {
  Start();
  ASSERT_TRUE(PutOne("a", "1"));
  ASSERT_TRUE(PutOne("b", "needle in the file"));
  ASSERT_TRUE(PutOne("c", "1"));
  engine_.reset();
  Damage("needle");
  const auto damaged = TryStart();
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, ErrorCode::kInternal);
  EXPECT_THAT(damaged.error().message, HasSubstr("the change of revision 3 is damaged"));
  const auto checked = CheckFile(File());
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("the change of revision 3 is damaged"));
}

TEST_F(LmdbDiskTest, AFullDiskIsFoundOutBeforeAPageIsWritten) {
  Start();
  ASSERT_TRUE(PutOne("a", "1"));
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{40 << 20, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  int done = 0;
  Result<TxnDone> put = PutOne("k", "v");
  while (put && done < 100) put = PutOne("k" + std::to_string(++done), std::string(1 << 20, 'v'));
  EXPECT_EQ(engine_->health().state, Health::State::kFull);
  const auto keys = All().size();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::signal(SIGXFSZ, old_handler);

  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, ErrorCode::kExhausted);
  EXPECT_GT(done, 5);
  EXPECT_EQ(keys, static_cast<std::size_t>(done) + 1);  // a, k, and all that were acknowledged
  ASSERT_TRUE(PutOne("again", "v"));
  EXPECT_EQ(engine_->health().state, Health::State::kGood);
  Start();
  EXPECT_EQ(All().size(), keys + 1);
}

// --- copies

TEST_F(LmdbDiskTest, ABackupIsTakenWhileServingAndRestoredAsAnotherCluster) {
  Start();
  ASSERT_TRUE(Await<Lease>(
      [&](Engine::Done<Lease> done) { engine_->Grant(seconds(60), 7, std::move(done)); }));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(PutOne("k" + std::to_string(i), "v", 7));
  const auto before = All();
  const std::string file = root_ + "/backup";
  const auto facts = Backup(directory_, file);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->revision, 101);
  EXPECT_EQ(facts->changes, 100U);
  EXPECT_EQ(facts->leases, 1U);
  EXPECT_EQ(Backup(directory_, file).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(PutOne("later", "v"));
  const std::uint64_t cluster = engine_->identity().cluster_id;

  const auto refused = Restore(file, directory_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);  // a server runs there
  engine_.reset();
  EXPECT_THAT(Restore(file, directory_).error().message, HasSubstr("not empty"));

  directory_ = root_ + "/restored";
  std::filesystem::create_directories(directory_ + "/last-known");  // the server's, to see by
  const auto restored = Restore(file, directory_);
  ASSERT_TRUE(restored) << restored.error().message;
  Start();
  EXPECT_EQ(All(), before);
  EXPECT_EQ(engine_->revision(), 101);
  EXPECT_NE(engine_->identity().cluster_id, cluster);
  EXPECT_THAT(engine_->Leases(), ElementsAre(7));
}

TEST_F(LmdbDiskTest, ABackupWorksWhereThereAreNoHardLinks) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "a child of a program with threads is more than the thread sanitizer follows";
#endif
  Start();
  ASSERT_TRUE(PutOne("a", "1"));
  const std::string file = root_ + "/backup";
  const auto backup = [&] {
    const auto facts = Backup(directory_, file);
    if (facts) return 0;
    return facts.error().code == ErrorCode::kConflict ? 1 : 2;
  };
  EXPECT_EQ(WithoutHardLinks(backup), 0);
  EXPECT_TRUE(CheckFile(file));
  EXPECT_EQ(std::filesystem::hard_link_count(file), 1U);
  EXPECT_FALSE(std::filesystem::exists(file + ".partial"));
  EXPECT_EQ(WithoutHardLinks(backup), 1);
}

TEST_F(LmdbDiskTest, TheLockIsThoseWhoseTheStoreIs) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can look into somebody else's store";
  constexpr uid_t kSomebody = 65534;
  Start();
  ASSERT_TRUE(PutOne("a", "1"));
  engine_.reset();
  ASSERT_EQ(chown(File().c_str(), kSomebody, kSomebody), 0);
  for (const bool check : {true, false}) {
    std::filesystem::remove(File() + "-lock");
    if (check) {
      EXPECT_TRUE(CheckFile(File(), /*written=*/true));
    } else {
      EXPECT_TRUE(Backup(directory_, root_ + "/backup"));
    }
    struct stat lock {};
    ASSERT_EQ(stat((File() + "-lock").c_str(), &lock), 0);
    EXPECT_EQ(lock.st_uid, kSomebody);
  }
}

TEST_F(LmdbDiskTest, WhatIsNoBackupIsNotRestored) {
  const std::string file = root_ + "/no-backup";
  EXPECT_EQ(Restore(file, directory_).error().code, ErrorCode::kUnavailable);
  Write(file, "not a store's file");
  EXPECT_FALSE(Restore(file, directory_));
  EXPECT_FALSE(std::filesystem::exists(File()));
}

TEST_F(LmdbDiskTest, ARefusedRestoreLeavesNothingInTheDirectory) {
  Start();
  const std::string file = root_ + "/backup";
  ASSERT_TRUE(Backup(directory_, file));
  const std::string theirs = root_ + "/theirs";
  std::filesystem::create_directory(theirs);
  Write(theirs + "/notes", "x");
  EXPECT_THAT(Restore(file, theirs).error().message, HasSubstr("not empty"));
  EXPECT_FALSE(std::filesystem::exists(theirs + "/lock"));
}

// --- octets

TEST(Format, DecodesWhatItEncodes) {
  const Record record = RecordBody::Make("key", std::string("val\0ue", 6),
                                         {.create_revision = 3,
                                          .mod_revision = 0x0102030405060708,
                                          .version = 5,
                                          .lease = -1,
                                          .place = 9});
  const std::string key = LogKey(record->mod_revision(), record->place());
  EXPECT_EQ(key, std::string("\1\2\3\4\5\6\7\10\0\0\0\11", 12));
  std::string entry;
  EncodeRecord(*record, key, entry);
  const auto decoded = DecodeRecord(key, entry);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(ToKeyValue(**decoded), ToKeyValue(*record));
  EXPECT_EQ((*decoded)->place(), 9U);
  // No octet of either may change, or be missing.
  for (std::size_t i = 0; i < entry.size(); ++i) {
    std::string wrong = entry;
    wrong[i] = static_cast<char>(wrong[i] ^ 0x10);
    EXPECT_FALSE(DecodeRecord(key, wrong)) << i;
    EXPECT_FALSE(DecodeRecord(key, std::string_view(entry).substr(0, i))) << i;
  }
  EXPECT_FALSE(DecodeRecord(LogKey(1, 0), entry));
  EXPECT_FALSE(DecodeRecord("short", entry));
}

TEST(Format, LeasesToo) {
  const Lease lease{-7, seconds(30)};
  const auto decoded = DecodeLease(LeaseKey(lease.id), EncodeLease(lease));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->id, -7);
  EXPECT_EQ(decoded->ttl, seconds(30));
  EXPECT_FALSE(DecodeLease(LeaseKey(8), EncodeLease(lease)));
  EXPECT_FALSE(DecodeLease(LeaseKey(-7), "short"));
}

}  // namespace
}  // namespace rollcall::store::embedded
