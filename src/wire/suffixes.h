// Which names, and ends of names, a message under construction already holds:
// what name compression points to (RFC 1035 section 4.1.4).
//
// A trie kept in an open-addressed hash table of fixed size: an entry says "this
// label, in front of the suffix at that offset, stands at this offset".  Nothing
// is allocated, and a name costs one probe a label.  What does not fit is not
// compressed against: at most some octets are lost, never correctness.
//
// Octets are compared as they are, not without regard to case: a name comes out in
// the case it was given, whatever else is in the message (RFC 4343 section 4.1).
// Threads: a value for one message.
#pragma once

#include <array>
#include <cstdint>

#include "wire/name.h"

namespace rollcall::wire {

inline constexpr std::size_t kMaxOffset = 0x3fff;  // that a pointer's 14 bits can say

class Suffixes {
 public:
  // How to write a name: its first `labels` octets as they are, then a pointer to
  // `offset`, or, if that is 0, the octet 0 of the root.
  struct Match {
    std::size_t labels = 0;
    std::uint16_t offset = 0;
  };

  // `names`: about how many will be looked up; only as much of the table is used
  // (and has to be cleared) as that asks for.  Borrows the message.
  Suffixes(const std::uint8_t* message, std::size_t names);

  // The longest end of `name` that the message holds.  Remembers the rest of it as
  // standing, uncompressed or in front of the pointer, at offset `at`: the caller
  // writes it there or takes it back by Forget().
  Match Place(NameView name, std::size_t at);

  // Forgets the latest entries until `count` are left.
  [[nodiscard]] std::size_t size() const { return size_; }
  void Forget(std::size_t count);

 private:
  struct Slot {
    std::uint16_t offset;  // of the label; 0: free
    std::uint16_t parent;  // offset of the suffix behind it; 0: the root
  };
  static constexpr std::size_t kMinSlots = 64;
  static constexpr std::size_t kMaxSlots = 2048;
  // Bounds the cost whatever names are registered.
  static constexpr std::size_t kMaxProbes = 16;

  [[nodiscard]] bool Matches(const Slot& slot, std::uint16_t parent, std::string_view label) const;
  // The entry's slot, or a free one to put it in; null: neither is near.
  Slot* Probe(std::uint16_t parent, std::string_view label);
  void Remember(Slot* slot, std::uint16_t parent, std::size_t offset);

  const std::uint8_t* message_;
  std::size_t mask_;
  std::size_t size_ = 0;
  std::array<Slot, kMaxSlots> slots_;
  std::array<std::uint16_t, kMaxSlots> latest_;  // the slots filled, in order

  // The last name's end behind its first label: neighbours mostly share it.
  std::string_view last_tail_;
  std::uint16_t last_tail_offset_ = 0;
};

}  // namespace rollcall::wire
