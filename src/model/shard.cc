#include "model/shard.h"

#include <cstdint>

#include "base/stable_hash.h"

namespace rollcall::model {
namespace {

std::uint64_t HashOf(wire::NameView name) {
  std::uint64_t hash = kStableHashStart;
  bool first = true;
  for (; !name.IsRoot(); name = name.Parent()) {
    if (!first) hash = AddToStableHash(hash, '.');
    first = false;
    for (const char c : name.FirstLabel()) hash = AddToStableHash(hash, wire::ToLower(c));
  }
  return hash;
}

std::uint64_t Score(std::uint64_t hash, unsigned shard) {
  std::uint64_t z = hash + (std::uint64_t{shard} + 1) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

}  // namespace

unsigned ShardOf(wire::NameView name, unsigned count) {
  const std::uint64_t hash = HashOf(name);
  unsigned best = 0;
  for (unsigned shard = 1; shard < count; ++shard) {
    if (Score(hash, shard) > Score(hash, best)) best = shard;
  }
  return best;
}

bool IsInShard(wire::NameView name, unsigned index, unsigned count) {
  const std::uint64_t hash = HashOf(name);
  const std::uint64_t own = Score(hash, index);
  for (unsigned shard = 0; shard < count; ++shard) {
    const std::uint64_t other = Score(hash, shard);
    if (other > own || (other == own && shard < index)) return false;
  }
  return true;
}

}  // namespace rollcall::model
