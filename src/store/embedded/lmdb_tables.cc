#include "store/embedded/lmdb_tables.h"

#include <random>

#include "store/embedded/format.h"

namespace rollcall::store::embedded {
namespace {

constexpr const char* kLog = "log";
constexpr const char* kLease = "lease";
constexpr const char* kMeta = "meta";

// LMDB's own code.
int OpenTables(MDB_txn* txn, unsigned flags, Tables& tables) {
  int code = mdb_dbi_open(txn, kLog, flags, &tables.log);
  if (code == 0) code = mdb_dbi_open(txn, kLease, flags, &tables.lease);
  if (code == 0) code = mdb_dbi_open(txn, kMeta, flags, &tables.meta);
  return code;
}

Result<std::optional<std::uint64_t>> ReadNumber(MDB_txn* txn, MDB_dbi meta, std::string_view name,
                                                const std::string& file) {
  MDB_val key = lmdb::ToVal(name);
  MDB_val value{};
  const int code = mdb_get(txn, meta, &key, &value);
  if (code == MDB_NOTFOUND) return std::nullopt;
  if (code != 0) return lmdb::FailOf(code, file);
  const auto number = DecodeNumber(lmdb::FromVal(value));
  if (!number) return Fail(number.error().code, file + ": " + number.error().message);
  return *number;
}

// Requires: it has to be there.
Result<std::uint64_t> NeedNumber(MDB_txn* txn, MDB_dbi meta, std::string_view name,
                                 const std::string& file) {
  const auto number = ReadNumber(txn, meta, name, file);
  if (!number) return Fail(number.error());
  if (!*number)
    return Fail(ErrorCode::kInternal, file + ": `" + std::string(name) + "` is missing");
  return **number;
}

}  // namespace

tl::unexpected<Error> NotOurs(const std::string& file) {
  return Fail(ErrorCode::kInternal, file + " is damaged, or no file of rollcall's store");
}

Result<std::optional<Tables>> FindTables(MDB_txn* txn, const std::string& file) {
  MDB_dbi root = 0;
  MDB_stat stat{};
  int code = mdb_dbi_open(txn, nullptr, 0, &root);
  if (code == 0) code = mdb_stat(txn, root, &stat);
  if (code != 0) return lmdb::FailOf(code, file);
  if (stat.ms_entries == 0) return std::nullopt;
  Tables tables;
  code = OpenTables(txn, 0, tables);
  if (code != 0 && code != MDB_NOTFOUND) return lmdb::FailOf(code, file);
  const auto format = code == 0 ? ReadNumber(txn, tables.meta, "format", file)
                                : Result<std::optional<std::uint64_t>>(std::nullopt);
  if (!format) return Fail(format.error());
  if (!*format) return NotOurs(file);
  if (**format > kFormat) {
    return Fail(ErrorCode::kRefused, file + " was written by a newer rollcall (format " +
                                         std::to_string(**format) + ", this one knows " +
                                         std::to_string(kFormat) +
                                         "): use that one; nothing was changed");
  }
  return tables;
}

Result<Tables> MakeTables(MDB_txn* txn, const std::string& file) {
  Tables tables;
  if (const int code = OpenTables(txn, MDB_CREATE, tables); code != 0) {
    return lmdb::FailOf(code, file);
  }
  if (auto ok = WriteNumber(txn, tables.meta, "format", kFormat, file); !ok) {
    return Fail(std::move(ok.error()));
  }
  return tables;
}

Result<void> WriteNumber(MDB_txn* txn, MDB_dbi meta, std::string_view name, std::uint64_t number,
                         const std::string& file) {
  MDB_val key = lmdb::ToVal(name);
  const std::string entry = EncodeNumber(number);
  MDB_val value = lmdb::ToVal(entry);
  const int code = mdb_put(txn, meta, &key, &value, 0);
  return code == 0 ? Result<void>{} : lmdb::FailOf(code, file);
}

Result<Identity> ReadIdentity(MDB_txn* txn, const Tables& tables, const std::string& file) {
  const auto cluster = NeedNumber(txn, tables.meta, "cluster", file);
  const auto member = NeedNumber(txn, tables.meta, "member", file);
  const auto term = NeedNumber(txn, tables.meta, "term", file);
  for (const auto* number : {&cluster, &member, &term}) {
    if (!*number) return Fail(number->error());
  }
  return Identity{*cluster, *member, *term};
}

Result<void> WriteIdentity(MDB_txn* txn, const Tables& tables, const Identity& identity,
                           const std::string& file) {
  auto ok = WriteNumber(txn, tables.meta, "cluster", identity.cluster_id, file);
  if (ok) ok = WriteNumber(txn, tables.meta, "member", identity.member_id, file);
  if (ok) ok = WriteNumber(txn, tables.meta, "term", identity.term, file);
  return ok;
}

Result<Revision> ReadCompacted(MDB_txn* txn, const Tables& tables, const std::string& file) {
  const auto compacted = ReadNumber(txn, tables.meta, "compacted", file);
  if (!compacted) return Fail(compacted.error());
  return *compacted ? static_cast<Revision>(**compacted) : kNeverCompacted;
}

Result<Contents> ReadContents(MDB_txn* txn, const Tables& tables, const std::string& file) {
  Contents contents;
  const auto compacted = ReadCompacted(txn, tables, file);
  if (!compacted) return Fail(compacted.error());
  contents.compacted = *compacted;
  MDB_stat log{};
  if (const int code = mdb_stat(txn, tables.log, &log); code != 0) return lmdb::FailOf(code, file);
  contents.records.reserve(log.ms_entries);
  auto ok = lmdb::ForEach(txn, tables.log, file,
                          [&](std::string_view key, std::string_view entry) -> Result<void> {
                            auto record = DecodeRecord(key, entry);
                            if (!record) return Fail(record.error());
                            contents.records.push_back(*std::move(record));
                            return {};
                          });
  if (ok) {
    ok = lmdb::ForEach(txn, tables.lease, file,
                       [&](std::string_view key, std::string_view entry) -> Result<void> {
                         const auto lease = DecodeLease(key, entry);
                         if (!lease) return Fail(lease.error());
                         contents.leases.push_back(*lease);
                         return {};
                       });
  }
  if (!ok) return Fail(std::move(ok.error()));
  return contents;
}

std::uint64_t DrawId() {
  std::mt19937_64 random{std::random_device{}()};
  std::uint64_t id = 0;
  while (id == 0) id = random();
  return id;
}

}  // namespace rollcall::store::embedded
