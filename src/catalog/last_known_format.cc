#include "catalog/last_known_format.h"

#include <xxhash.h>

#include "lmdb/octets.h"

namespace rollcall::catalog {
namespace {

using lmdb::AppendLittle;
using lmdb::kHashSize;
using lmdb::Seal;
using lmdb::TakeLittle;
using lmdb::Unseal;

constexpr std::size_t kLongestVerbatim = 400;
constexpr std::size_t kRecordHead = kHashSize + 8 + 8 + 8 + 8 + 4;
constexpr std::size_t kHeaderHead = kHashSize + 8 + 8 + 8 + 8 + 4 + 8 + 8 + 8 + 8 + 1 + 4;

tl::unexpected<Error> Damaged(std::string_view what) {
  return Fail(ErrorCode::kInternal, std::string(what) + " is damaged");
}

}  // namespace

std::string LastKnownTableKey(std::string_view key) {
  std::string table_key(key.substr(0, kLongestVerbatim));
  if (key.size() > kLongestVerbatim) {
    const XXH128_hash_t hash = XXH3_128bits(key.data(), key.size());
    lmdb::AppendBig(table_key, hash.high64);
    lmdb::AppendBig(table_key, hash.low64);
  }
  return table_key;
}

std::uint64_t EncodeLastKnown(const store::KeyValue& kv, std::string_view table_key,
                              std::string& entry) {
  const std::string_view key = kv.key;
  const auto rest = key.substr(std::min(key.size(), kLongestVerbatim));
  entry.assign(kHashSize, '\0');
  AppendLittle(entry, kv.create_revision);
  AppendLittle(entry, kv.mod_revision);
  AppendLittle(entry, kv.version);
  AppendLittle(entry, kv.lease);
  AppendLittle(entry, static_cast<std::uint32_t>(rest.size()));
  entry += rest;
  entry += kv.value;
  return Seal(table_key, entry);
}

Result<LastKnownRecord> DecodeLastKnown(std::string_view table_key, std::string_view entry) {
  const auto name = [&] { return "the record of " + std::string(table_key); };
  if (table_key.empty() || entry.size() < kRecordHead) return Damaged(name());
  LastKnownRecord record;
  std::string_view hash = entry;
  record.hash = TakeLittle<std::uint64_t>(hash);
  if (!Unseal(table_key, entry)) return Damaged(name());
  record.kv.create_revision = TakeLittle<store::Revision>(entry);
  record.kv.mod_revision = TakeLittle<store::Revision>(entry);
  record.kv.version = TakeLittle<std::int64_t>(entry);
  record.kv.lease = TakeLittle<store::LeaseId>(entry);
  const auto rest_size = TakeLittle<std::uint32_t>(entry);
  if (rest_size > entry.size()) return Damaged(name());
  record.kv.key = table_key.substr(0, kLongestVerbatim);
  record.kv.key += entry.substr(0, rest_size);
  record.kv.value = entry.substr(rest_size);
  if (LastKnownTableKey(record.kv.key) != table_key) return Damaged(name());
  return record;
}

std::string EncodeLastKnownHeader(const LastKnownHeader& header) {
  using std::chrono::floor;
  using std::chrono::milliseconds;
  std::string entry(kHashSize, '\0');
  AppendLittle(entry, kLastKnownFormat);
  AppendLittle(entry, header.cluster_id);
  AppendLittle(entry, header.revision);
  AppendLittle(entry, header.changed);
  AppendLittle(entry, header.serial_offset);
  AppendLittle(entry, std::int64_t{floor<milliseconds>(header.seen).time_since_epoch().count()});
  AppendLittle(entry, header.records);
  AppendLittle(entry, header.sum);
  AppendLittle(entry, header.last_revision);
  AppendLittle(entry, static_cast<std::uint8_t>(header.last_erased ? 1 : 0));
  AppendLittle(entry, static_cast<std::uint32_t>(header.prefix.size()));
  entry += header.prefix;
  entry += header.last_key;
  Seal(kLastKnownHeaderKey, entry);
  return entry;
}

Result<LastKnownHeader> DecodeLastKnownHeader(std::string_view entry) {
  constexpr std::string_view kName = "the header";
  if (entry.size() < kHashSize + 8 || !Unseal(kLastKnownHeaderKey, entry)) return Damaged(kName);
  if (const auto format = TakeLittle<std::uint64_t>(entry); format != kLastKnownFormat) {
    return Fail(ErrorCode::kRefused, "it is of format " + std::to_string(format) +
                                         ", this rollcall knows " +
                                         std::to_string(kLastKnownFormat));
  }
  if (entry.size() < kHeaderHead - kHashSize - 8) return Damaged(kName);
  LastKnownHeader header;
  header.cluster_id = TakeLittle<std::uint64_t>(entry);
  header.revision = TakeLittle<store::Revision>(entry);
  header.changed = TakeLittle<store::Revision>(entry);
  header.serial_offset = TakeLittle<std::uint32_t>(entry);
  // Far enough from the ends that nothing overflows that is counted from it.
  constexpr std::int64_t kMost = std::int64_t{1} << 42;
  const auto seen = TakeLittle<std::int64_t>(entry);
  if (seen < 0 || seen > kMost) return Damaged(kName);
  header.seen = WallTime(std::chrono::milliseconds(seen));
  header.records = TakeLittle<std::uint64_t>(entry);
  header.sum = TakeLittle<std::uint64_t>(entry);
  header.last_revision = TakeLittle<store::Revision>(entry);
  const auto erased = TakeLittle<std::uint8_t>(entry);
  const auto prefix_size = TakeLittle<std::uint32_t>(entry);
  if (erased > 1 || prefix_size > entry.size()) return Damaged(kName);
  header.last_erased = erased == 1;
  header.prefix = entry.substr(0, prefix_size);
  header.last_key = entry.substr(prefix_size);
  const bool makes_sense = header.changed >= 0 && header.revision >= header.changed;
  return makes_sense ? Result<LastKnownHeader>(std::move(header)) : Damaged(kName);
}

}  // namespace rollcall::catalog
