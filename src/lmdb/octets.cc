#include "lmdb/octets.h"

#include <xxhash.h>

namespace rollcall::lmdb {
namespace {

// The key is the seed's part.
std::uint64_t HashOf(std::string_view key, std::string_view rest) {
  return XXH3_64bits_withSeed(rest.data(), rest.size(), XXH3_64bits(key.data(), key.size()));
}

}  // namespace

std::uint64_t Seal(std::string_view key, std::string& entry) {
  const std::uint64_t hash = HashOf(key, std::string_view(entry).substr(kHashSize));
  std::string octets;
  AppendLittle(octets, hash);
  entry.replace(0, kHashSize, octets);
  return hash;
}

bool Unseal(std::string_view key, std::string_view& entry) {
  const auto hash = TakeLittle<std::uint64_t>(entry);
  return hash == HashOf(key, entry);
}

}  // namespace rollcall::lmdb
