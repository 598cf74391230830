// A message under construction, within a budget: numbers, names, whole records.
//
// What does not fit sets a sticky overflow and writes nothing more; Undo() goes
// back to a Mark, with the compression table, as if nothing had been tried.
// Threads: a value for one message.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "wire/record.h"
#include "wire/suffixes.h"

namespace rollcall::wire {

class Writer {
 public:
  struct Mark {
    std::size_t size;
    std::size_t suffixes;
  };

  // Borrows `out`, all of which may be written.  `names`: see Suffixes.
  Writer(std::span<std::uint8_t> out, std::size_t names)
      : out_(out.data()), limit_(out.size()), suffixes_(out.data(), names) {}

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t left() const { return limit_ - size_; }
  [[nodiscard]] bool overflow() const { return overflow_; }
  // Keeps room free at the end / gives it back.  Requires: `octets` <= left().
  void Reserve(std::size_t octets) { limit_ -= octets; }
  void Release(std::size_t octets) { limit_ += octets; }

  [[nodiscard]] Mark mark() const { return {size_, suffixes_.size()}; }
  void Undo(Mark mark);

  void U8(std::uint8_t value);
  void U16(std::uint16_t value);
  void U32(std::uint32_t value);
  void Octets(std::string_view octets);
  // Over what is already there.  Requires: `at` + 2 <= size().
  void PatchU16(std::size_t at, std::uint16_t value);

  void CompressedName(NameView name);
  // In full; later names may point into it.
  void PlainName(NameView name);
  void PutRecord(const Record& record);

 private:
  // Room for `octets` more; null: overflow.
  std::uint8_t* Claim(std::size_t octets);
  void PutRdata(const Record& record);
  void PutText(std::string_view text);

  std::uint8_t* out_;
  std::size_t limit_;
  std::size_t size_ = 0;
  bool overflow_ = false;
  Suffixes suffixes_;

  // The name written last by CompressedName(): a record mostly has its
  // neighbour's owner.  0: none.
  NameView last_;
  std::uint16_t last_offset_ = 0;
};

inline std::uint8_t* Writer::Claim(std::size_t octets) {
  if (overflow_ || limit_ - size_ < octets) {
    overflow_ = true;
    return nullptr;
  }
  std::uint8_t* room = out_ + size_;
  size_ += octets;
  return room;
}

inline void StoreU16(std::uint8_t* at, std::uint16_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

inline void StoreU32(std::uint8_t* at, std::uint32_t value) {
  StoreU16(at, static_cast<std::uint16_t>(value >> 16));
  StoreU16(at + 2, static_cast<std::uint16_t>(value));
}

inline void Writer::U8(std::uint8_t value) {
  if (std::uint8_t* room = Claim(1)) *room = value;
}

inline void Writer::U16(std::uint16_t value) {
  if (std::uint8_t* room = Claim(2)) StoreU16(room, value);
}

inline void Writer::U32(std::uint32_t value) {
  if (std::uint8_t* room = Claim(4)) StoreU32(room, value);
}

inline void Writer::Octets(std::string_view octets) {
  if (octets.empty()) return;
  if (std::uint8_t* room = Claim(octets.size())) std::memcpy(room, octets.data(), octets.size());
}

inline void Writer::PatchU16(std::size_t at, std::uint16_t value) {
  StoreU16(out_ + at, value);
}

}  // namespace rollcall::wire
