// The octets of the store's file, apart from the B+tree that they lie in.
//
// Three tables (LMDB databases), integers of keys big-endian so that their order is that
// of the octets, integers of values little-endian:
//
//   log     revision:8 place:4  ->  hash:8 create:8 version:8 lease:8 key_size:4 key value
//   lease   id:8                ->  hash:8 ttl_seconds:8
//   meta    name                ->  number:8
//
// A deletion is a log entry of version 0 without a value.  `hash` is XXH3 of the entry's
// key and of all that follows the hash, so that an octet that the disk got wrong is
// found when the file is read, not when somebody misses a target.
// meta holds: format, cluster, member, term, compacted (see Identity and Contents).
//
// Pure functions.  Decoding takes any octets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/embedded/core.h"

namespace rollcall::store::embedded {

// Raised when a program that knows only an older one could not read the file, or would
// lose something of it.  A higher one than this is refused.
inline constexpr std::uint64_t kFormat = 1;

[[nodiscard]] std::string LogKey(Revision revision, std::uint32_t place);
// Into `entry`, whose memory is kept from one to the next.
void EncodeRecord(const RecordBody& record, std::string_view log_key, std::string& entry);
// kInternal: says what is wrong with it.
[[nodiscard]] Result<Record> DecodeRecord(std::string_view log_key, std::string_view entry);

[[nodiscard]] std::string LeaseKey(LeaseId id);
[[nodiscard]] std::string EncodeLease(const Lease& lease);
[[nodiscard]] Result<Lease> DecodeLease(std::string_view key, std::string_view entry);

[[nodiscard]] std::string EncodeNumber(std::uint64_t number);
[[nodiscard]] Result<std::uint64_t> DecodeNumber(std::string_view entry);

}  // namespace rollcall::store::embedded
