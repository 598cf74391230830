#include "lmdb/lmdb.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace rollcall::lmdb {
namespace {

// Addresses, not memory and not disk: the file grows only with what is in it.  Less,
// where a limit of the process (ulimit -v) does not leave as much.
constexpr std::size_t kMapSizes[] = {std::size_t{256} << 30, std::size_t{16} << 30,
                                     std::size_t{2} << 30};
constexpr unsigned kTables = 4;

ErrorCode CodeOf(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case MDB_MAP_FULL:
      return ErrorCode::kExhausted;
    case EROFS:
    case EACCES:
    case EPERM:
    case ENOENT:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kInternal;
  }
}

// LMDB makes its lock's file for whoever comes first.  Made for root, who looks through a
// store or takes a backup of it, it would keep the server from writing from then on.
void MakeLockOf(const std::string& file) {
  struct stat store {};
  if (stat(file.c_str(), &store) != 0 || store.st_uid == geteuid()) return;
  const std::string lock = file + "-lock";
  const int fd = open(lock.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return;
  if (fchown(fd, store.st_uid, store.st_gid) != 0) (void)unlink(lock.c_str());
  (void)close(fd);
}

Result<Env> OpenMapped(const std::string& file, unsigned flags, std::size_t map_size) {
  MDB_env* raw = nullptr;
  if (const int code = mdb_env_create(&raw); code != 0) return FailOf(code, file);
  Env env(raw);
  int code = mdb_env_set_mapsize(raw, map_size);
  if (code == 0) code = mdb_env_set_maxdbs(raw, kTables);
  if (code == 0) code = mdb_env_open(raw, file.c_str(), flags, S_IRUSR | S_IWUSR);
  if (code == ENOMEM) return Fail(ErrorCode::kExhausted, file + ": no addresses left");
  if (code != 0) return FailOf(code, file);
  return env;
}

}  // namespace

tl::unexpected<Error> FailOf(int code, const std::string& what) {
  return Fail(CodeOf(code), what + ": " + mdb_strerror(code));
}

Result<Env> Open(const std::string& file, unsigned flags) {
  if ((flags & MDB_NOLOCK) == 0) MakeLockOf(file);
  Result<Env> env = Fail(ErrorCode::kInternal, "");
  for (const std::size_t map_size : kMapSizes) {
    env = OpenMapped(file, flags | MDB_NOSUBDIR | MDB_NOTLS, map_size);
    if (env || env.error().code != ErrorCode::kExhausted) break;
  }
  return env;
}

Result<Txn> Begin(const Env& env, unsigned flags, const std::string& what) {
  MDB_txn* raw = nullptr;
  const int code = mdb_txn_begin(env.get(), nullptr, flags, &raw);
  if (code != 0) return FailOf(code, what);
  return Txn(raw);
}

Result<void> Commit(Txn txn, const std::string& what) {
  const int code = mdb_txn_commit(txn.release());
  return code == 0 ? Result<void>{} : FailOf(code, what);
}

FileSize SizeOf(const Env& env) {
  struct stat stat {};
  int fd = -1;
  if (mdb_env_get_fd(env.get(), &fd) == 0) (void)fstat(fd, &stat);
  MDB_stat pages{};
  (void)mdb_env_stat(env.get(), &pages);
  MDB_envinfo info{};
  (void)mdb_env_info(env.get(), &info);
  return {static_cast<std::uint64_t>(stat.st_size), (info.me_last_pgno + 1) * pages.ms_psize};
}

Result<void> TakeRoom(const Env& env, const std::string& file, std::uint64_t room,
                      std::uint64_t step) {
  const FileSize size = SizeOf(env);
  const std::uint64_t wanted = size.used + room;
  if (wanted <= size.file) return {};
  int fd = -1;
  int code = mdb_env_get_fd(env.get(), &fd);
  if (code != 0) return FailOf(code, file);
  for (const std::uint64_t end : {wanted + step, wanted}) {
    code = posix_fallocate(fd, 0, static_cast<off_t>(end));
    if (code == 0 || (code != ENOSPC && code != EDQUOT && code != EFBIG)) break;
  }
  // Where a file system cannot promise room, writing will show.
  if (code == 0 || code == EOPNOTSUPP || code == EINVAL) return {};
  if (code == EFBIG) code = ENOSPC;
  return FailOf(code, file);
}

}  // namespace rollcall::lmdb
