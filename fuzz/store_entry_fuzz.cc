// Any octets as an entry of the store's log, once as they are and once under a hash that
// fits: a record that encodes to the same, or a reason why not.
#include <xxhash.h>

#include <cstring>
#include <string>
#include <string_view>

#include "require.h"
#include "store/embedded/format.h"

namespace {

void Decode(std::string_view key, std::string_view entry) {
  using namespace rollcall::store::embedded;
  const auto record = DecodeRecord(key, entry);
  if (!record) {
    REQUIRE(!record.error().message.empty());
    return;
  }
  REQUIRE(LogKey((*record)->mod_revision(), (*record)->place()) == key);
  std::string again;
  EncodeRecord(**record, key, again);
  REQUIRE(again == entry);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view key = input.substr(0, 12);
  std::string entry(input.substr(key.size()));
  Decode(key, entry);
  if (entry.size() < 8) return 0;
  const XXH64_hash_t hash =
      XXH3_64bits_withSeed(entry.data() + 8, entry.size() - 8, XXH3_64bits(key.data(), key.size()));
  std::memcpy(entry.data(), &hash, sizeof hash);
  Decode(key, entry);
  return 0;
}
