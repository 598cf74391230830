// A hash that is the same in every build and on every machine, so that a newer rollcall
// finds again what an older one wrote.  Not against those who mean harm.
#pragma once

#include <cstdint>
#include <string_view>

namespace rollcall {

// FNV-1a, octet by octet.
inline constexpr std::uint64_t kStableHashStart = 0xcbf29ce484222325U;
[[nodiscard]] constexpr std::uint64_t AddToStableHash(std::uint64_t hash, char c) {
  return (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
}

[[nodiscard]] constexpr std::uint64_t StableHash(std::string_view text) {
  std::uint64_t hash = kStableHashStart;
  for (const char c : text) hash = AddToStableHash(hash, c);
  return hash;
}

static_assert(StableHash("a") == 0xaf63dc4c8601ec8cU);  // its authors' own example

}  // namespace rollcall
