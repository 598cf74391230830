#include "store/embedded/lmdb_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "lmdb/directory.h"
#include "store/embedded/format.h"
#include "store/embedded/lmdb_tables.h"

namespace rollcall::store::embedded {
namespace {

// Beyond what a commit may need: the paths from its leaves to the roots, the list of
// free pages, the pages of the tables.
constexpr std::uint64_t kSpare = 1 << 20;
constexpr std::uint64_t kStep = 16 << 20;  // the file grows by this much, where there is room

class LmdbDisk final : public Disk {
 public:
  LmdbDisk(lmdb::Directory directory, lmdb::Env env, Tables tables, std::optional<Error> unwritable)
      : directory_(std::move(directory)),
        file_(directory_.File(kStoreFile)),
        env_(std::move(env)),
        tables_(tables),
        unwritable_(std::move(unwritable)) {
    MDB_stat stat{};
    (void)mdb_env_stat(env_.get(), &stat);
    page_size_ = stat.ms_psize;
  }

  Result<void> Commit(const Staged& staged, std::span<const Doomed> doomed) override {
    if (unwritable_) return Fail(ErrorCode::kUnavailable, unwritable_->message + " (at start)");
    if (auto ok = lmdb::TakeRoom(env_, file_, RoomFor(staged, doomed), kStep); !ok) return ok;
    // A process that read the file and was killed would keep its pages for ever.
    (void)mdb_reader_check(env_.get(), nullptr);
    auto txn = lmdb::Begin(env_, 0, file_);
    if (!txn) return Fail(std::move(txn.error()));
    if (auto ok = Write(txn->get(), staged, doomed); !ok) return ok;
    return lmdb::Commit(*std::move(txn), file_);
  }

  Size size() const override {
    const auto size = lmdb::SizeOf(env_);
    return {size.file, size.used};
  }

 private:
  // At most, in octets.  Each entry that goes may lie in a leaf of its own.
  [[nodiscard]] std::uint64_t RoomFor(const Staged& staged, std::span<const Doomed> doomed) const {
    std::uint64_t room = kSpare;
    for (const Record& record : staged.records) room += 2 * record->size() + 64;
    // One that needs more than half a page gets whole ones.
    return room + (doomed.size() + staged.removed.size() + staged.granted.size()) * 2 * page_size_;
  }

  Result<void> Write(MDB_txn* txn, const Staged& staged, std::span<const Doomed> doomed) {
    const auto failed = [this](int code) { return lmdb::FailOf(code, file_); };
    for (const Record& record : staged.records) {
      const std::string log_key = LogKey(record->mod_revision(), record->place());
      EncodeRecord(*record, log_key, entry_);
      MDB_val key = lmdb::ToVal(log_key);
      MDB_val value = lmdb::ToVal(entry_);
      // Revisions only grow, so the page at the end is filled and no other touched.
      const int code = mdb_put(txn, tables_.log, &key, &value, MDB_APPEND);
      if (code != 0) return failed(code);
    }
    for (const Doomed& version : doomed) {
      const std::string log_key = LogKey(version.revision, version.place);
      MDB_val key = lmdb::ToVal(log_key);
      const int code = mdb_del(txn, tables_.log, &key, nullptr);
      if (code != 0 && code != MDB_NOTFOUND) return failed(code);
    }
    for (const Lease& lease : staged.granted) {
      const std::string lease_key = LeaseKey(lease.id);
      const std::string entry = EncodeLease(lease);
      MDB_val key = lmdb::ToVal(lease_key);
      MDB_val value = lmdb::ToVal(entry);
      const int code = mdb_put(txn, tables_.lease, &key, &value, 0);
      if (code != 0) return failed(code);
    }
    for (const LeaseId id : staged.removed) {
      const std::string lease_key = LeaseKey(id);
      MDB_val key = lmdb::ToVal(lease_key);
      const int code = mdb_del(txn, tables_.lease, &key, nullptr);
      if (code != 0 && code != MDB_NOTFOUND) return failed(code);
    }
    if (!staged.compacted) return {};
    return WriteNumber(txn, tables_.meta, "compacted",
                       static_cast<std::uint64_t>(*staged.compacted), file_);
  }

  const lmdb::Directory directory_;
  const std::string file_;
  const lmdb::Env env_;
  const Tables tables_;
  const std::optional<Error> unwritable_;  // until the next start
  std::uint64_t page_size_ = 4096;
  std::string entry_;
};

// The tables and who the store is; a new file gets both.
struct Opened {
  Tables tables;
  Identity identity;
  bool is_new = false;
};

Result<Opened> OpenOrMake(MDB_txn* txn, const std::string& file) {
  Opened opened;
  auto found = FindTables(txn, file);
  if (!found) return Fail(std::move(found.error()));
  opened.is_new = !*found;
  if (opened.is_new) {
    auto made = MakeTables(txn, file);
    if (!made) return Fail(std::move(made.error()));
    opened.tables = *made;
    opened.identity = {DrawId(), DrawId(), 0};
  } else {
    opened.tables = **found;
    auto identity = ReadIdentity(txn, opened.tables, file);
    if (!identity) return Fail(std::move(identity.error()));
    opened.identity = *identity;
  }
  ++opened.identity.term;
  auto ok = WriteIdentity(txn, opened.tables, opened.identity, file);
  if (!ok) return Fail(std::move(ok.error()));
  return opened;
}

// LMDB's own lock, for who reads the file while we write it (a backup), is a table in a
// mapped file: without room behind it the first touch would kill us.
Result<void> TakeRoomForLock(const std::string& file) {
  constexpr off_t kLockSize = 8192;
  const std::string name = file + "-lock";
  const int fd = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return lmdb::FailOf(errno, name);
  const int code = posix_fallocate(fd, 0, kLockSize);
  (void)close(fd);
  return code == ENOSPC || code == EDQUOT ? lmdb::FailOf(code, name) : Result<void>{};
}

struct Readied {
  lmdb::Env env;
  Opened opened;
  std::optional<Error> unwritable;  // it can be read, for now
};

Result<Readied> ReadyToWrite(const std::string& file) {
  if (auto ok = TakeRoomForLock(file); !ok) return Fail(std::move(ok.error()));
  auto env = lmdb::Open(file, 0);
  if (!env) return Fail(std::move(env.error()));
  auto txn = lmdb::Begin(*env, 0, file);
  if (!txn) return Fail(std::move(txn.error()));
  auto opened = OpenOrMake(txn->get(), file);
  if (!opened) return Fail(std::move(opened.error()));
  if (auto ok = lmdb::Commit(*std::move(txn), file); !ok) return Fail(std::move(ok.error()));
  return Readied{*std::move(env), *std::move(opened), std::nullopt};
}

// What is there is served, even from a file that cannot be written to.
Result<Readied> ReadyToRead(const std::string& file, Error why) {
  auto env = lmdb::Open(file, MDB_RDONLY | MDB_NOLOCK);
  if (!env) return Fail(std::move(why));
  auto txn = lmdb::Begin(*env, MDB_RDONLY, file);
  if (!txn) return Fail(std::move(txn.error()));
  auto tables = FindTables(txn->get(), file);
  if (!tables) return Fail(std::move(tables.error()));
  if (!*tables) return Fail(std::move(why));
  auto identity = ReadIdentity(txn->get(), **tables, file);
  if (!identity) return Fail(std::move(identity.error()));
  // Keeps the tables open.
  if (auto ok = lmdb::Commit(*std::move(txn), file); !ok) return Fail(std::move(ok.error()));
  return Readied{*std::move(env), {**tables, *identity, false}, std::move(why)};
}

Result<Readied> Ready(const std::string& file) {
  auto ready = ReadyToWrite(file);
  if (ready) return ready;
  const bool may_be_read =
      ready.error().code == ErrorCode::kExhausted || ready.error().code == ErrorCode::kUnavailable;
  return may_be_read ? ReadyToRead(file, std::move(ready.error())) : std::move(ready);
}

}  // namespace

Result<OpenedDisk> OpenDisk(const std::string& path) {
  auto directory = lmdb::Directory::Hold(path);
  if (!directory) return Fail(std::move(directory.error()));
  const std::string file = directory->File(kStoreFile);
  auto ready = Ready(file);
  if (!ready) return Fail(std::move(ready.error()));
  auto reading = lmdb::Begin(ready->env, MDB_RDONLY, file);
  if (!reading) return Fail(std::move(reading.error()));
  auto contents = ReadContents(reading->get(), ready->opened.tables, file);
  if (!contents) return Fail(contents.error().code, file + ": " + contents.error().message);
  reading->reset();
  const Opened& opened = ready->opened;
  return OpenedDisk{std::make_unique<LmdbDisk>(*std::move(directory), std::move(ready->env),
                                               opened.tables, std::move(ready->unwritable)),
                    opened.identity, *std::move(contents)};
}

}  // namespace rollcall::store::embedded
