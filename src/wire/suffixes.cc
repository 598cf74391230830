#include "wire/suffixes.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace rollcall::wire {
namespace {

// A pointer has 14 bits.

// Where each label of `name` begins, the root's octet not counted.
std::size_t FindLabels(NameView name, std::array<std::uint8_t, kMaxLabels>& starts) {
  const std::string_view wire = name.wire();
  std::size_t count = 0;
  for (std::size_t at = 0; wire[at] != 0; at += 1 + static_cast<unsigned char>(wire[at])) {
    starts[count++] = static_cast<std::uint8_t>(at);
  }
  return count;
}

template <typename Number>
std::uint64_t Load(const char* at) {
  Number number;
  std::memcpy(&number, at, sizeof number);
  return number;
}

// All of 1 to 8 octets, some of them twice: a copy of so many as it happens would be a call.
std::uint64_t Word(const char* at, std::size_t size) {
  if (size == 8) return Load<std::uint64_t>(at);
  if (size >= 4) return Load<std::uint32_t>(at) << 32 | Load<std::uint32_t>(at + size - 4);
  return Load<std::uint8_t>(at) << 16 | Load<std::uint8_t>(at + size / 2) << 8 |
         Load<std::uint8_t>(at + size - 1);
}

std::size_t Hash(std::uint16_t parent, std::string_view label) {
  constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;  // 2^64 / the golden ratio
  std::uint64_t hash = (parent + label.size() * 65536) * kFactor;
  while (!label.empty()) {
    const std::size_t size = std::min<std::size_t>(label.size(), 8);
    hash = (std::rotl(hash, 29) ^ Word(label.data(), size)) * kFactor;
    label.remove_prefix(size);
  }
  // The last octets of a label sit in the high bits, which a product never brings
  // down, and they are what tells "server17" from "server18".
  return ((hash ^ hash >> 32) * kFactor) >> 48;
}

}  // namespace

Suffixes::Suffixes(const std::uint8_t* message, std::size_t names)
    : message_(message), mask_(std::bit_ceil(std::clamp(3 * names, kMinSlots, kMaxSlots)) - 1) {
  std::memset(slots_.data(), 0, (mask_ + 1) * sizeof(Slot));  // all free; a loop otherwise
}

bool Suffixes::Matches(const Slot& slot, std::uint16_t parent, std::string_view label) const {
  return slot.parent == parent && message_[slot.offset] == label.size() &&
         std::memcmp(message_ + slot.offset + 1, label.data(), label.size()) == 0;
}

Suffixes::Slot* Suffixes::Probe(std::uint16_t parent, std::string_view label) {
  std::size_t index = Hash(parent, label) & mask_;
  for (std::size_t i = 0; i < kMaxProbes; ++i, index = (index + 1) & mask_) {
    Slot& slot = slots_[index];
    if (slot.offset == 0 || Matches(slot, parent, label)) return &slot;
  }
  return nullptr;
}

void Suffixes::Remember(Slot* slot, std::uint16_t parent, std::size_t offset) {
  *slot = {static_cast<std::uint16_t>(offset), parent};
  latest_[size_++] = static_cast<std::uint16_t>(slot - slots_.data());
}

Suffixes::Match Suffixes::Place(NameView name, std::size_t at) {
  if (name.IsRoot()) return {0, 0};
  const std::string_view wire = name.wire();
  const std::string_view tail = name.Parent().wire();
  std::array<std::uint8_t, kMaxLabels> starts;
  std::size_t left = 0;  // labels not yet looked at
  Match match;
  bool held = true;  // the message holds all that was looked at
  if (tail == last_tail_ && last_tail_offset_ != 0) {
    match = {1 + name.FirstLabel().size(), last_tail_offset_};
    starts[0] = 0;
    left = 1;
  } else {
    match = {wire.size() - 1, 0};
    left = FindLabels(name, starts);
  }

  std::uint16_t parent = match.offset;
  while (left > 0) {
    const std::size_t start = starts[--left];
    if (left == 0) {
      last_tail_ = tail;
      last_tail_offset_ = parent;
    }
    const auto length = static_cast<unsigned char>(wire[start]);
    Slot* slot = Probe(parent, wire.substr(start + 1, length));
    if (slot == nullptr) break;
    if (slot->offset == 0) {
      held = false;
      if (at + start > kMaxOffset || size_ > mask_ - mask_ / 4) break;
      Remember(slot, parent, at + start);
    } else if (held) {
      match = {start, slot->offset};
    }
    parent = slot->offset;
  }
  return match;
}

void Suffixes::Forget(std::size_t count) {
  while (size_ > count) slots_[latest_[--size_]].offset = 0;
  last_tail_ = {};
}

}  // namespace rollcall::wire
