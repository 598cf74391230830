// LMDB, with owners instead of pairs of calls, and values instead of out-parameters.
//
// What is not said here is as in LMDB's documentation.
#pragma once

#include <lmdb.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::lmdb {

// `code` as an error of what was done to `what`.  kExhausted: no room on the disk or in
// the map; kUnavailable: not to be written or read by us; else kInternal.
[[nodiscard]] tl::unexpected<Error> FailOf(int code, const std::string& what);

inline MDB_val ToVal(std::string_view octets) {
  return {octets.size(), const_cast<char*>(octets.data())};
}
inline std::string_view FromVal(const MDB_val& val) {
  return {static_cast<const char*>(val.mv_data), val.mv_size};
}

struct CloseEnv {
  void operator()(MDB_env* env) const { mdb_env_close(env); }
};
struct AbortTxn {
  void operator()(MDB_txn* txn) const { mdb_txn_abort(txn); }
};
struct CloseCursor {
  void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
};
using Env = std::unique_ptr<MDB_env, CloseEnv>;
using Txn = std::unique_ptr<MDB_txn, AbortTxn>;
using Cursor = std::unique_ptr<MDB_cursor, CloseCursor>;

// `flags`: MDB_RDONLY, MDB_NOLOCK; MDB_NOSUBDIR is set.  The map is large and sparse.
[[nodiscard]] Result<Env> Open(const std::string& file, unsigned flags);
[[nodiscard]] Result<Txn> Begin(const Env& env, unsigned flags, const std::string& what);
[[nodiscard]] Result<void> Commit(Txn txn, const std::string& what);

// Octets of its file, and of those the part that is in use.
struct FileSize {
  std::uint64_t file = 0;
  std::uint64_t used = 0;
};
[[nodiscard]] FileSize SizeOf(const Env& env);
// Takes `room` octets behind what is in use, and `step` more where there are, before they
// are needed: a full disk is found out before a page is written, so that what fails in the
// midst of writing is never "only" a full disk.  kExhausted: it is full.
[[nodiscard]] Result<void> TakeRoom(const Env& env, const std::string& file, std::uint64_t room,
                                    std::uint64_t step);

// Calls `visit(key, value)` for each entry in order until it returns an error.
template <typename Visit>
Result<void> ForEach(MDB_txn* txn, MDB_dbi table, const std::string& what, Visit visit) {
  MDB_cursor* raw = nullptr;
  if (const int code = mdb_cursor_open(txn, table, &raw); code != 0) return FailOf(code, what);
  const Cursor cursor(raw);
  MDB_val key{};
  MDB_val value{};
  int code = 0;
  while ((code = mdb_cursor_get(raw, &key, &value, MDB_NEXT)) == 0) {
    if (Result<void> ok = visit(FromVal(key), FromVal(value)); !ok) return ok;
  }
  return code == MDB_NOTFOUND ? Result<void>{} : FailOf(code, what);
}

}  // namespace rollcall::lmdb
