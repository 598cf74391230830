#include "catalog/last_known_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "lmdb/directory.h"
#include "lmdb/lmdb.h"
#include "lmdb/octets.h"
#include "lmdb/spared.h"

namespace rollcall::catalog {
namespace {

constexpr const char* kRecordTable = "record";
constexpr const char* kHeaderTable = "header";

// Of one transaction.
constexpr std::size_t kMostChanges = 20'000;
constexpr std::size_t kMostOctets = std::size_t{16} << 20;

// Beyond what the changes need: the paths to the roots, the list of free pages.
constexpr std::uint64_t kSpareRoom = std::uint64_t{256} << 10;
constexpr std::uint64_t kRoomStep = std::uint64_t{1} << 20;

struct LastKnownTables {
  MDB_dbi record = 0;
  MDB_dbi header = 0;
};

// LMDB's own code.
int OpenLastKnownTables(MDB_txn* txn, unsigned flags, LastKnownTables& tables) {
  const int code = mdb_dbi_open(txn, kRecordTable, flags, &tables.record);
  return code == 0 ? mdb_dbi_open(txn, kHeaderTable, flags, &tables.header) : code;
}

using Visitor = std::function<void(store::KeyValue)>;

tl::unexpected<Error> Wrong(const std::string& file, const Error& error) {
  const bool named = error.message.starts_with(file);
  return Fail(error.code, named ? error.message : file + ": " + error.message);
}

Result<LastKnownHeader> ReadHeader(MDB_txn* txn, MDB_dbi table, std::string_view prefix) {
  MDB_val key = lmdb::ToVal(kLastKnownHeaderKey);
  MDB_val value{};
  if (const int code = mdb_get(txn, table, &key, &value); code != 0) {
    return Fail(ErrorCode::kInternal, std::string("the header: ") + mdb_strerror(code));
  }
  auto header = DecodeLastKnownHeader(lmdb::FromVal(value));
  if (header && header->prefix != prefix) {
    return Fail(ErrorCode::kRefused,
                "it is of the prefix " + header->prefix + ", not of " + std::string(prefix));
  }
  return header;
}

Result<LastKnownHeader> ReadAll(const std::string& file, std::string_view prefix,
                                const Visitor& visit) {
  auto env = lmdb::Open(file, MDB_RDONLY | MDB_NOLOCK);
  if (!env) return Fail(std::move(env.error()));
  auto txn = lmdb::Begin(*env, MDB_RDONLY, file);
  if (!txn) return Fail(std::move(txn.error()));
  LastKnownTables tables;
  if (const int code = OpenLastKnownTables(txn->get(), 0, tables); code != 0) {
    return Fail(ErrorCode::kInternal,
                std::string("no file of what was served: ") + mdb_strerror(code));
  }
  auto header = ReadHeader(txn->get(), tables.header, prefix);
  if (!header) return header;
  std::uint64_t records = 0;
  std::uint64_t sum = 0;
  const auto ok = lmdb::ForEach(txn->get(), tables.record, file,
                                [&](std::string_view key, std::string_view entry) -> Result<void> {
                                  auto record = DecodeLastKnown(key, entry);
                                  if (!record) return Fail(std::move(record.error()));
                                  sum += record->hash;
                                  // A damaged page may lead round in a circle.
                                  if (++records > header->records) {
                                    return Fail(ErrorCode::kInternal, "more records than written");
                                  }
                                  visit(std::move(record->kv));
                                  return {};
                                });
  if (!ok) return Fail(ok.error());
  if (records != header->records || sum != header->sum) {
    return Fail(ErrorCode::kInternal, "records are missing, or are older ones");
  }
  return header;
}

}  // namespace

Result<LastKnownContents> ReadLastKnown(const std::string& file, std::string_view prefix,
                                        const std::function<void()>& meanwhile) {
  struct stat stat {};
  if (::stat(file.c_str(), &stat) != 0) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable;
    return Fail(code, file + ": " + std::strerror(errno));
  }
  // LMDB would take it for a new one.
  if (stat.st_size == 0) return Fail(ErrorCode::kInternal, file + " is empty");
  constexpr int kSurvived = 0;
  const auto read = [&] {
    (void)ReadAll(file, prefix, [](const store::KeyValue&) {});
    return kSurvived;
  };
  const auto spared = lmdb::InSparedProcess(file, read, meanwhile);
  if (!spared) return Fail(spared.error());
  if (*spared != kSurvived) {
    return Fail(ErrorCode::kInternal, file + ": " + std::string(lmdb::kKills));
  }
  LastKnownContents contents;
  auto header = ReadAll(
      file, prefix, [&contents](store::KeyValue kv) { contents.records.push_back(std::move(kv)); });
  if (!header) return Wrong(file, header.error());
  contents.header = *std::move(header);
  return contents;
}

// --- writing

struct LastKnownFile::State {
  std::string file;
  lmdb::Env env;
  LastKnownTables tables;
  LastKnownHeader written;   // as last committed
  std::string greatest_key;  // of the table, ever
  std::string entry;

  Result<void> WriteSome(std::span<const LastKnownChange> changes, const LastKnownHeader& header);
  Result<void> Put(MDB_txn* txn, const store::KeyValue& kv, LastKnownHeader& header);
  Result<void> Erase(MDB_txn* txn, std::string_view key, LastKnownHeader& header);
  // Takes what lies there out of the count and the sum.  True: it is `same`.
  Result<bool> Uncount(MDB_txn* txn, MDB_val& key, std::string_view same, LastKnownHeader& header);
  [[nodiscard]] std::uint64_t RoomFor(std::span<const LastKnownChange> changes) const;
};

LastKnownFile::LastKnownFile(std::unique_ptr<State> state) : state_(std::move(state)) {
}
LastKnownFile::LastKnownFile(LastKnownFile&&) noexcept = default;
LastKnownFile& LastKnownFile::operator=(LastKnownFile&&) noexcept = default;
LastKnownFile::~LastKnownFile() = default;

Result<LastKnownFile> LastKnownFile::Make(const std::string& file) {
  if (unlink(file.c_str()) != 0 && errno != ENOENT) return lmdb::FailOf(errno, file);
  auto state = std::make_unique<State>();
  state->file = file;
  // Whoever makes it holds the directory; nobody reads it meanwhile.
  auto env = lmdb::Open(file, MDB_NOLOCK);
  if (!env) return Fail(std::move(env.error()));
  state->env = *std::move(env);
  if (auto room = lmdb::TakeRoom(state->env, file, kSpareRoom, kRoomStep); !room) {
    return Fail(std::move(room.error()));
  }
  auto txn = lmdb::Begin(state->env, 0, file);
  if (!txn) return Fail(std::move(txn.error()));
  if (const int code = OpenLastKnownTables(txn->get(), MDB_CREATE, state->tables); code != 0) {
    return lmdb::FailOf(code, file);
  }
  if (auto ok = lmdb::Commit(*std::move(txn), file); !ok) return Fail(std::move(ok.error()));
  return LastKnownFile(std::move(state));
}

Result<void> LastKnownFile::Write(std::vector<LastKnownChange> changes,
                                  const LastKnownHeader& header) {
  // In the order of the keys, which fills one page after the other.
  const auto before = [](const auto& a, const auto& b) {
    return std::pair(a.put == nullptr, a.key) < std::pair(b.put == nullptr, b.key);
  };
  if (!std::is_sorted(changes.begin(), changes.end(), before)) {
    std::sort(changes.begin(), changes.end(), before);
  }
  std::span<const LastKnownChange> rest = changes;
  for (;;) {
    std::size_t count = 0;
    for (std::size_t octets = 0; count < rest.size() && count < kMostChanges; ++count) {
      const store::KeyValue* put = rest[count].put;
      octets += rest[count].key.size() + (put ? put->value.size() : 0);
      if (octets > kMostOctets && count > 0) break;
    }
    const bool last = count == rest.size();
    if (auto ok = state_->WriteSome(rest.first(count), last ? header : state_->written); !ok) {
      return ok;
    }
    if (last) return {};
    rest = rest.subspan(count);
  }
}

Result<void> LastKnownFile::State::WriteSome(std::span<const LastKnownChange> changes,
                                             const LastKnownHeader& as) {
  LastKnownHeader header = as;
  header.records = written.records;
  header.sum = written.sum;
  if (auto ok = lmdb::TakeRoom(env, file, RoomFor(changes), kRoomStep); !ok) return ok;
  auto txn = lmdb::Begin(env, 0, file);
  if (!txn) return Fail(std::move(txn.error()));
  for (const LastKnownChange& change : changes) {
    auto ok =
        change.put ? Put(txn->get(), *change.put, header) : Erase(txn->get(), change.key, header);
    if (!ok) return ok;
  }
  entry = EncodeLastKnownHeader(header);
  MDB_val key = lmdb::ToVal(kLastKnownHeaderKey);
  MDB_val value = lmdb::ToVal(entry);
  if (const int code = mdb_put(txn->get(), tables.header, &key, &value, 0); code != 0) {
    return lmdb::FailOf(code, file);
  }
  auto ok = lmdb::Commit(*std::move(txn), file);
  if (ok) written = std::move(header);
  return ok;
}

Result<bool> LastKnownFile::State::Uncount(MDB_txn* txn, MDB_val& key, std::string_view same,
                                           LastKnownHeader& header) {
  MDB_val old{};
  const int code = mdb_get(txn, tables.record, &key, &old);
  if (code == MDB_NOTFOUND) return false;
  if (code != 0) return lmdb::FailOf(code, file);
  std::string_view octets = lmdb::FromVal(old);
  if (octets == same) return true;
  --header.records;
  header.sum -= lmdb::TakeLittle<std::uint64_t>(octets);
  return false;
}

Result<void> LastKnownFile::State::Put(MDB_txn* txn, const store::KeyValue& kv,
                                       LastKnownHeader& header) {
  std::string table_key = LastKnownTableKey(kv.key);
  const std::uint64_t hash = EncodeLastKnown(kv, table_key, entry);
  MDB_val key = lmdb::ToVal(table_key);
  MDB_val value = lmdb::ToVal(entry);
  const bool append = table_key > greatest_key;
  if (!append) {
    const auto same = Uncount(txn, key, entry, header);
    if (!same) return Fail(same.error());
    if (*same) return {};
  }
  // Without the flag, pages that are filled in order are left half empty.
  const int code = mdb_put(txn, tables.record, &key, &value, append ? MDB_APPEND : 0);
  if (code != 0) return lmdb::FailOf(code, file);
  ++header.records;
  header.sum += hash;
  // Also if the transaction fails: it then only says less than it might.
  if (append) greatest_key = std::move(table_key);
  return {};
}

Result<void> LastKnownFile::State::Erase(MDB_txn* txn, std::string_view erased,
                                         LastKnownHeader& header) {
  const std::string table_key = LastKnownTableKey(erased);
  MDB_val key = lmdb::ToVal(table_key);
  const auto same = Uncount(txn, key, {}, header);
  if (!same) return Fail(same.error());
  const int code = mdb_del(txn, tables.record, &key, nullptr);
  return code == 0 || code == MDB_NOTFOUND ? Result<void>{} : lmdb::FailOf(code, file);
}

// At most, in octets: the entries, and a copy of each page that one of them lies in.
std::uint64_t LastKnownFile::State::RoomFor(std::span<const LastKnownChange> changes) const {
  constexpr std::uint64_t kPage = 4096;
  constexpr std::uint64_t kHead = 128;
  std::uint64_t room = kSpareRoom;
  for (const auto& [key, put] : changes) {
    if (put) room += 2 * (key.size() + put->value.size() + kHead);
  }
  return room + std::min(changes.size() * 2 * kPage, lmdb::SizeOf(env).used);
}

Result<void> LastKnownFile::Rename(const std::string& file) {
  if (std::rename(state_->file.c_str(), file.c_str()) != 0) return lmdb::FailOf(errno, file);
  state_->file = file;
  return lmdb::SyncDirectory(std::filesystem::path(file).parent_path().string());
}

bool LastKnownFile::IsThere() const {
  struct stat named {};
  struct stat ours {};
  int fd = -1;
  return mdb_env_get_fd(state_->env.get(), &fd) == 0 && fstat(fd, &ours) == 0 &&
         stat(state_->file.c_str(), &named) == 0 && named.st_ino == ours.st_ino &&
         named.st_dev == ours.st_dev;
}

std::uint64_t LastKnownFile::records() const {
  return state_->written.records;
}

std::uint64_t LastKnownFile::octets() const {
  return lmdb::SizeOf(state_->env).file;
}

}  // namespace rollcall::catalog
