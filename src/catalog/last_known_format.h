// The octets of the file in which the catalog keeps what it serves (last_known_file.h),
// apart from the B+tree that they lie in.
//
// Two tables (LMDB databases), integers little-endian:
//
//   record  key  ->  hash:8 create:8 mod:8 version:8 lease:8 rest_size:4 rest value
//   header  "header"  ->  hash:8 format:8 cluster:8 revision:8 changed:8 serial_offset:4
//                         seen:8 records:8 sum:8 last_revision:8 last_erased:1
//                         prefix_size:4 prefix last_key
//
// LMDB takes keys of 511 octets at most: one of more than 400 is cut there, its 128-bit
// hash stands for what follows, and `rest` has it.  `hash` is lmdb::Seal()'s; `sum` is
// that of the hashes of all records, so that one that is missing, or is an older one of
// the same key, is found as well as one that is damaged.
//
// Pure.  Decoding takes any octets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace rollcall::catalog {

// One that differs is refused: what is kept is made anew from the store.
inline constexpr std::uint64_t kLastKnownFormat = 1;

struct LastKnownHeader {
  // What the view was of.
  std::uint64_t cluster_id = 0;
  store::Revision revision = 0;  // up to where nothing is missing
  store::Revision changed = 0;   // View::revision: makes the serial
  std::uint32_t serial_offset = 0;
  std::string last_key = {};  // of a change that it holds, to know the store by again; "": none
  store::Revision last_revision = 0;
  bool last_erased = false;

  // Of the file; filled in by who writes it.
  std::string prefix = {};
  WallTime seen{};            // when this was known to be so, to the millisecond
  std::uint64_t records = 0;  // how many
  std::uint64_t sum = 0;      // of their hashes

  friend bool operator==(const LastKnownHeader&, const LastKnownHeader&) = default;
};

// Where a key's record lies.
[[nodiscard]] std::string LastKnownTableKey(std::string_view key);

// Into `entry`, whose memory is kept from one to the next.  Returns its hash.
std::uint64_t EncodeLastKnown(const store::KeyValue& kv, std::string_view table_key,
                              std::string& entry);
struct LastKnownRecord {
  store::KeyValue kv;
  std::uint64_t hash = 0;
};
// kInternal: says what is wrong with it.
[[nodiscard]] Result<LastKnownRecord> DecodeLastKnown(std::string_view table_key,
                                                      std::string_view entry);

inline constexpr std::string_view kLastKnownHeaderKey = "header";
[[nodiscard]] std::string EncodeLastKnownHeader(const LastKnownHeader& header);
// kRefused: of another format.  kInternal: damaged.
[[nodiscard]] Result<LastKnownHeader> DecodeLastKnownHeader(std::string_view entry);

}  // namespace rollcall::catalog
