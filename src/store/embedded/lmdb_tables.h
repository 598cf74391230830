// The three tables of a store's file (format.h), for all who read or write one.
//
// Threads: as LMDB's transactions, one at a time each.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "lmdb/lmdb.h"
#include "store/embedded/disk.h"

namespace rollcall::store::embedded {

struct Tables {
  MDB_dbi log = 0;
  MDB_dbi lease = 0;
  MDB_dbi meta = 0;
};

// Damaged where we cannot see it is ours, or another program's: kInternal.
[[nodiscard]] tl::unexpected<Error> NotOurs(const std::string& file);

// In a transaction of that env.  None: there are none yet, the file is new.
// kRefused: a format above kFormat.  kInternal: NotOurs().
[[nodiscard]] Result<std::optional<Tables>> FindTables(MDB_txn* txn, const std::string& file);
[[nodiscard]] Result<Tables> MakeTables(MDB_txn* txn, const std::string& file);

[[nodiscard]] Result<Identity> ReadIdentity(MDB_txn* txn, const Tables& tables,
                                            const std::string& file);
[[nodiscard]] Result<void> WriteIdentity(MDB_txn* txn, const Tables& tables,
                                         const Identity& identity, const std::string& file);
[[nodiscard]] Result<Revision> ReadCompacted(MDB_txn* txn, const Tables& tables,
                                             const std::string& file);
// All of it; kInternal names the first entry that is damaged.
[[nodiscard]] Result<Contents> ReadContents(MDB_txn* txn, const Tables& tables,
                                            const std::string& file);
[[nodiscard]] Result<void> WriteNumber(MDB_txn* txn, MDB_dbi meta, std::string_view name,
                                       std::uint64_t number, const std::string& file);

// Another cluster's id, as for a store that is new or restored: its revisions do not go
// on from any that were seen.
[[nodiscard]] std::uint64_t DrawId();

}  // namespace rollcall::store::embedded
