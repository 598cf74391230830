// A cursor over an untrusted message, for ParseQuery() and DecodeResponse().
//
// The first failure sticks: from then on every read gives zeros or nothing and
// the position stays where the fault is, so a caller reads a whole structure and
// asks ok() once.  Never reads outside the message, in every build.
// Threads: a value; borrows the message.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "wire/name.h"

namespace rollcall::wire {

class Reader {
 public:
  enum class Pointers { kFollow, kRefuse };

  explicit Reader(std::span<const std::uint8_t> message) : message_(message) {}

  [[nodiscard]] bool ok() const { return error_ == nullptr; }
  [[nodiscard]] const char* error() const { return error_; }  // null: ok()
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::size_t left() const { return message_.size() - position_; }

  // Numbers are big-endian (RFC 1035 section 2.3.2).
  std::uint8_t U8() { return static_cast<std::uint8_t>(Number(1)); }
  std::uint16_t U16() { return static_cast<std::uint16_t>(Number(2)); }
  std::uint32_t U32() { return Number(4); }
  // Borrows from the message.
  std::string_view Octets(std::size_t count);
  void Skip(std::size_t count) { (void)Octets(count); }

  // A pointer has to lead to before the labels that it stands behind, so every
  // name ends (RFC 1035 section 4.1.4: "a prior occurrence").  On failure `name`
  // is the root.
  void ReadName(Pointers pointers, Name& name);
  // Does not follow a pointer, so it says nothing about what lies there.
  void SkipName();

  // Only the first call counts.  `what` is a literal.
  void Fail(const char* what) {
    if (ok()) error_ = what;
  }

 private:
  std::uint32_t Number(std::size_t octets);
  // Null: read.  Else what is wrong; `name` is then in pieces.
  [[nodiscard]] const char* TakeName(Pointers pointers, Name& name);

  std::span<const std::uint8_t> message_;
  std::size_t position_ = 0;
  const char* error_ = nullptr;
};

inline std::uint32_t Reader::Number(std::size_t octets) {
  if (!ok()) return 0;
  if (left() < octets) {
    Fail("the message ends too early");
    return 0;
  }
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < octets; ++i) number = number << 8 | message_[position_ + i];
  position_ += octets;
  return number;
}

inline std::string_view Reader::Octets(std::size_t count) {
  if (!ok()) return {};
  if (left() < count) {
    Fail("the message ends too early");
    return {};
  }
  const auto* start = reinterpret_cast<const char*>(message_.data()) + position_;
  position_ += count;
  return {start, count};
}

}  // namespace rollcall::wire
