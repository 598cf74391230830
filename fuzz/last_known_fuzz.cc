// Any octets as an entry of the file of what was last served, once as they are and once
// under a hash that fits: what encodes to the same, or a reason why not.  The first octet
// is half the length of the key that follows; 0: the rest is a header.
#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/last_known_format.h"
#include "lmdb/octets.h"
#include "require.h"

namespace {

using namespace rollcall::catalog;

void DecodeRecord(std::string_view table_key, std::string_view entry) {
  const auto record = DecodeLastKnown(table_key, entry);
  if (!record) {
    REQUIRE(!record.error().message.empty());
    return;
  }
  REQUIRE(LastKnownTableKey(record->kv.key) == table_key);
  std::string again;
  REQUIRE(EncodeLastKnown(record->kv, table_key, again) == record->hash);
  REQUIRE(again == entry);
}

void DecodeHeader(std::string_view, std::string_view entry) {
  const auto header = DecodeLastKnownHeader(entry);
  if (!header) {
    REQUIRE(!header.error().message.empty());
    return;
  }
  REQUIRE(EncodeLastKnownHeader(*header) == entry);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const std::size_t key_size = 2 * std::size_t{data[0]};
  input.remove_prefix(1);
  const bool is_header = key_size == 0;
  const std::string_view key = is_header ? kLastKnownHeaderKey : input.substr(0, key_size);
  std::string entry(is_header ? input : input.substr(key.size()));
  const auto decode = is_header ? &DecodeHeader : &DecodeRecord;
  decode(key, entry);
  if (entry.size() < rollcall::lmdb::kHashSize) return 0;
  rollcall::lmdb::Seal(key, entry);
  decode(key, entry);
  return 0;
}
