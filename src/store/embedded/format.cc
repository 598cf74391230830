#include "store/embedded/format.h"

#include "lmdb/octets.h"

namespace rollcall::store::embedded {
namespace {

using lmdb::AppendBig;
using lmdb::AppendLittle;
using lmdb::kHashSize;
using lmdb::Seal;
using lmdb::TakeBig;
using lmdb::TakeLittle;
using lmdb::Unseal;

constexpr std::size_t kRecordHead = kHashSize + 8 + 8 + 8 + 4;

tl::unexpected<Error> Damaged(const std::string& what) {
  return Fail(ErrorCode::kInternal, what + " is damaged");
}

}  // namespace

std::string LogKey(Revision revision, std::uint32_t place) {
  std::string key;
  AppendBig(key, revision);
  AppendBig(key, place);
  return key;
}

void EncodeRecord(const RecordBody& record, std::string_view log_key, std::string& entry) {
  entry.assign(kHashSize, '\0');
  AppendLittle(entry, record.create_revision());
  AppendLittle(entry, record.version());
  AppendLittle(entry, record.lease());
  AppendLittle(entry, static_cast<std::uint32_t>(record.key().size()));
  entry += record.key();
  entry += record.value();
  Seal(log_key, entry);
}

Result<Record> DecodeRecord(std::string_view log_key, std::string_view entry) {
  const std::string_view whole_key = log_key;
  if (log_key.size() != 12) return Damaged("a key of the log");
  RecordBody::Facts facts;
  facts.mod_revision = TakeBig<Revision>(log_key);
  facts.place = TakeBig<std::uint32_t>(log_key);
  const auto name = [&] { return "the change of revision " + std::to_string(facts.mod_revision); };
  if (entry.size() < kRecordHead || !Unseal(whole_key, entry)) return Damaged(name());
  facts.create_revision = TakeLittle<Revision>(entry);
  facts.version = TakeLittle<std::int64_t>(entry);
  facts.lease = TakeLittle<LeaseId>(entry);
  const auto key_size = TakeLittle<std::uint32_t>(entry);
  const bool makes_sense = key_size > 0 && key_size <= entry.size() && facts.mod_revision > 1 &&
                           facts.version >= 0 && facts.create_revision >= 0 &&
                           facts.create_revision <= facts.mod_revision;
  if (!makes_sense) return Damaged(name());
  return RecordBody::Make(entry.substr(0, key_size), entry.substr(key_size), facts);
}

std::string LeaseKey(LeaseId id) {
  std::string key;
  AppendBig(key, id);
  return key;
}

std::string EncodeLease(const Lease& lease) {
  std::string entry(kHashSize, '\0');
  AppendLittle(entry, static_cast<std::int64_t>(lease.ttl.count()));
  Seal(LeaseKey(lease.id), entry);
  return entry;
}

Result<Lease> DecodeLease(std::string_view key, std::string_view entry) {
  const std::string_view whole_key = key;
  if (key.size() != 8) return Damaged("a key of the leases");
  Lease lease;
  lease.id = TakeBig<LeaseId>(key);
  if (entry.size() != kHashSize + 8 || !Unseal(whole_key, entry)) {
    return Damaged("lease " + std::to_string(lease.id));
  }
  lease.ttl = std::chrono::seconds(TakeLittle<std::int64_t>(entry));
  const bool makes_sense = lease.id != 0 && lease.ttl.count() > 0 && lease.ttl <= Leases::kMostTtl;
  if (!makes_sense) return Damaged("lease " + std::to_string(lease.id));
  return lease;
}

std::string EncodeNumber(std::uint64_t number) {
  std::string entry;
  AppendLittle(entry, number);
  return entry;
}

Result<std::uint64_t> DecodeNumber(std::string_view entry) {
  if (entry.size() != 8) return Damaged("a number of the table `meta`");
  return TakeLittle<std::uint64_t>(entry);
}

}  // namespace rollcall::store::embedded
