// Entries of our files: integers in a row, under a hash.
//
// An octet that the disk got wrong is found when the entry is read, not when somebody
// misses a target.
//
// Pure.
#pragma once

#include <boost/endian/conversion.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace rollcall::lmdb {

inline constexpr std::size_t kHashSize = 8;

template <typename T>
void AppendLittle(std::string& to, T number) {
  boost::endian::native_to_little_inplace(number);
  to.append(reinterpret_cast<const char*>(&number), sizeof number);
}

template <typename T>
void AppendBig(std::string& to, T number) {
  boost::endian::native_to_big_inplace(number);
  to.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// Requires: that many octets are there.
template <typename T>
T TakeLittle(std::string_view& from) {
  const T number = boost::endian::endian_load<T, sizeof(T), boost::endian::order::little>(
      reinterpret_cast<const unsigned char*>(from.data()));
  from.remove_prefix(sizeof(T));
  return number;
}

template <typename T>
T TakeBig(std::string_view& from) {
  const T number = boost::endian::endian_load<T, sizeof(T), boost::endian::order::big>(
      reinterpret_cast<const unsigned char*>(from.data()));
  from.remove_prefix(sizeof(T));
  return number;
}

// Puts the hash, XXH3 of `key` and of what follows it, where kHashSize octets of room were
// left in front, and returns it.  An entry under the wrong key is a wrong entry.
std::uint64_t Seal(std::string_view key, std::string& entry);

// Takes the hash off `entry`; false: it is another one.
// Requires: kHashSize octets are there.
[[nodiscard]] bool Unseal(std::string_view key, std::string_view& entry);

}  // namespace rollcall::lmdb
