#include "store/embedded/lmdb_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "lmdb/directory.h"
#include "store/embedded/format.h"
#include "store/embedded/lmdb_disk.h"
#include "store/embedded/lmdb_tables.h"
#include "store/embedded/order.h"

namespace rollcall::store::embedded {
namespace {

tl::unexpected<Error> FailOfErrno(const std::string& what) {
  const ErrorCode code = errno == EEXIST   ? ErrorCode::kConflict
                         : errno == ENOSPC ? ErrorCode::kExhausted
                                           : ErrorCode::kUnavailable;
  return Fail(code, what + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) (void)close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  const int fd_;
};

// Without hard links, as on FAT or a share of Windows.
bool RenameIfFree(const std::string& partial, const std::string& file) {
  if (renameat2(AT_FDCWD, partial.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) == 0) {
    return true;
  }
  // Nor with that: what is left is to look first.
  if (errno != EINVAL && errno != ENOSYS) return false;
  struct stat taken {};
  errno = EEXIST;
  return lstat(file.c_str(), &taken) != 0 && rename(partial.c_str(), file.c_str()) == 0;
}

// Gives a file that is whole its name, durably, unless that is taken.
Result<void> Reveal(const std::string& partial, const std::string& file) {
  if (link(partial.c_str(), file.c_str()) == 0) {
    (void)unlink(partial.c_str());
  } else if ((errno != EPERM && errno != EOPNOTSUPP) || !RenameIfFree(partial, file)) {
    return FailOfErrno(file);
  }
  const auto parent = std::filesystem::path(file).parent_path();
  return lmdb::SyncDirectory(parent.empty() ? "." : parent.string());
}

Result<void> WalkFreePages(MDB_txn* txn, const std::string& file) {
  constexpr MDB_dbi kFree = 0;
  return lmdb::ForEach(txn, kFree, file,
                       [](std::string_view, std::string_view) -> Result<void> { return {}; });
}

Result<FileFacts> CheckTables(MDB_txn* txn, const Tables& tables, const std::string& file) {
  FileFacts facts;
  const auto identity = ReadIdentity(txn, tables, file);
  if (!identity) return Fail(identity.error());
  facts.identity = *identity;
  const auto compacted = ReadCompacted(txn, tables, file);
  if (!compacted) return Fail(compacted.error());
  facts.compacted = *compacted;
  OrderCheck order(facts.compacted);
  auto ok = lmdb::ForEach(txn, tables.log, file,
                          [&](std::string_view key, std::string_view entry) -> Result<void> {
                            const auto record = DecodeRecord(key, entry);
                            if (!record) return Fail(record.error());
                            ++facts.changes;
                            return order.Next((*record)->mod_revision(), (*record)->place());
                          });
  if (ok) ok = order.End();
  if (ok) {
    ok = lmdb::ForEach(txn, tables.lease, file,
                       [&](std::string_view key, std::string_view entry) -> Result<void> {
                         ++facts.leases;
                         const auto lease = DecodeLease(key, entry);
                         return lease ? Result<void>{} : Fail(lease.error());
                       });
  }
  if (ok) ok = WalkFreePages(txn, file);
  if (!ok) return Fail(ok.error().code, ok.error().message);
  facts.revision = order.last();
  return facts;
}

// Durably; `to` must not be there.
Result<void> CopyFile(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::copy_file(from, to, error);
  if (error) return Fail(ErrorCode::kUnavailable, to + ": " + error.message());
  const Descriptor copy(open(to.c_str(), O_RDWR | O_CLOEXEC));
  if (copy.get() < 0 || fchmod(copy.get(), S_IRUSR | S_IWUSR) != 0 || fsync(copy.get()) != 0) {
    return FailOfErrno(to);
  }
  return {};
}

// Another identity, in a file that nobody else knows yet.
Result<void> Rename(const std::string& file) {
  auto env = lmdb::Open(file, MDB_NOLOCK);
  if (!env) return Fail(std::move(env.error()));
  auto txn = lmdb::Begin(*env, 0, file);
  if (!txn) return Fail(std::move(txn.error()));
  const auto tables = FindTables(txn->get(), file);
  if (!tables) return Fail(tables.error());
  if (!*tables) return NotOurs(file);
  const Identity identity{DrawId(), DrawId(), 0};
  if (auto ok = WriteIdentity(txn->get(), **tables, identity, file); !ok) return ok;
  return lmdb::Commit(*std::move(txn), file);
}

// But for the lock, and for what a server keeps there besides the store: by what it last
// answered it sees what a backup does not have.
bool IsEmpty(const std::string& directory) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const auto name = entry.path().filename();
    if (name != "lock" && name != "last-known") return false;
  }
  return true;
}

// Removes what an error left behind.
class Leftover {
 public:
  explicit Leftover(std::string file) : file_(std::move(file)) {}
  Leftover(const Leftover&) = delete;
  Leftover& operator=(const Leftover&) = delete;
  ~Leftover() { (void)unlink(file_.c_str()); }

 private:
  const std::string file_;
};

}  // namespace

Result<FileFacts> CheckFile(const std::string& file, bool written) {
  const auto with_name = [&](const Error& error) {
    const bool named = error.message.starts_with(file);
    return Fail(error.code, named ? error.message : file + ": " + error.message);
  };
  if (access(file.c_str(), R_OK) != 0) return FailOfErrno(file);
  auto env = lmdb::Open(file, MDB_RDONLY | (written ? 0U : MDB_NOLOCK));
  if (!env) return Fail(std::move(env.error()));
  auto txn = lmdb::Begin(*env, MDB_RDONLY, file);
  if (!txn) return Fail(std::move(txn.error()));
  const auto tables = FindTables(txn->get(), file);
  if (!tables) return with_name(tables.error());
  if (!*tables) return NotOurs(file);
  auto facts = CheckTables(txn->get(), **tables, file);
  if (!facts) return with_name(facts.error());
  return facts;
}

Result<FileFacts> Backup(const std::string& directory, const std::string& to) {
  const std::string from = directory + "/" + kStoreFile;
  if (access(from.c_str(), F_OK) != 0) return FailOfErrno(from);
  if (access(to.c_str(), F_OK) == 0) return Fail(ErrorCode::kConflict, to + " is there already");
  auto env = lmdb::Open(from, MDB_RDONLY);
  if (!env) return Fail(std::move(env.error()));
  const std::string partial = to + ".partial";
  {
    (void)unlink(partial.c_str());
    const Descriptor out(
        open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (out.get() < 0) return FailOfErrno(partial);
    const Leftover leftover(partial);
    const int code = mdb_env_copyfd2(env->get(), out.get(), MDB_CP_COMPACT);
    if (code != 0) return lmdb::FailOf(code, partial);
    if (fsync(out.get()) != 0) return FailOfErrno(partial);
    auto facts = CheckFile(partial);
    if (!facts) return facts;
    if (auto ok = Reveal(partial, to); !ok) return Fail(std::move(ok.error()));
    return facts;
  }
}

Result<FileFacts> Restore(const std::string& from, const std::string& path) {
  if (auto facts = CheckFile(from); !facts) return facts;
  const auto not_empty = [&] {
    return Fail(ErrorCode::kConflict, path + " is not empty: a backup is restored into an empty " +
                                          "directory only; move what is there aside first");
  };
  // First, so that no lock is made in a directory that is not a store's.
  std::error_code error;
  if (!std::filesystem::exists(path + "/lock", error) && !IsEmpty(path)) {
    return not_empty();
  }
  auto directory = lmdb::Directory::Hold(path);
  if (!directory) return Fail(std::move(directory.error()));
  if (!IsEmpty(path)) return not_empty();
  const std::string partial = directory->File("restoring");
  const Leftover leftover(partial);
  auto ok = CopyFile(from, partial);
  if (ok) ok = Rename(partial);
  if (!ok) return Fail(std::move(ok.error()));
  auto facts = CheckFile(partial);
  if (!facts) return facts;
  if (auto done = Reveal(partial, directory->File(kStoreFile)); !done) {
    return Fail(std::move(done.error()));
  }
  return facts;
}

}  // namespace rollcall::store::embedded
