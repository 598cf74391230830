// Domain names in uncompressed wire form (RFC 1035 section 3.1).
//
// Case is kept and never counts (RFC 4343).  Threads: values, no shared state.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/result.h"

namespace rollcall::wire {

inline constexpr std::size_t kMaxNameSize = 255;  // octets, the root's included
inline constexpr std::size_t kMaxLabelSize = 63;
inline constexpr std::size_t kMaxLabels = 127;

// A borrowed name: well-formed by promise of who made it.  Two words; pass it by
// value.  Valid as long as the octets it points to.
class NameView {
 public:
  NameView() : wire_("\0", 1) {}  // the root
  // Requires: `wire` is one whole name, at most kMaxNameSize octets.
  explicit NameView(std::string_view wire) : wire_(wire) {}

  [[nodiscard]] std::string_view wire() const { return wire_; }
  [[nodiscard]] std::size_t size() const { return wire_.size(); }
  [[nodiscard]] bool IsRoot() const { return wire_.size() == 1; }
  // The first (leftmost) label, without its length octet.  Requires: !IsRoot().
  [[nodiscard]] std::string_view FirstLabel() const {
    return wire_.substr(1, static_cast<unsigned char>(wire_[0]));
  }
  // The name without its first label.  Requires: !IsRoot().
  [[nodiscard]] NameView Parent() const {
    return NameView(wire_.substr(1 + static_cast<unsigned char>(wire_[0])));
  }
  [[nodiscard]] std::size_t LabelCount() const;  // 0 for the root
  [[nodiscard]] bool IsAtOrBelow(NameView ancestor) const;
  // Presentation form with a final dot, special octets escaped as in RFC 4343
  // section 2.1 (`\.`, `\032`).
  [[nodiscard]] std::string ToText() const;

  friend bool operator==(NameView a, NameView b);  // without regard to case

 private:
  std::string_view wire_;
};

// Declared here too, so that a Name is found to be equal to a Name.
[[nodiscard]] bool operator==(NameView a, NameView b);

// An owned name.  No allocation; 256 octets on the stack.
class Name {
 public:
  Name() = default;  // the root
  explicit Name(NameView view) : size_(static_cast<std::uint8_t>(view.size())) {
    std::memcpy(wire_.data(), view.wire().data(), view.size());
  }

  // From presentation form; the final dot is optional, `\.` and `\DDD` are
  // undone.  kInvalid, saying which label: empty label, label over 63 octets,
  // name over 255, broken escape.
  [[nodiscard]] static Result<Name> FromText(std::string_view text);

  [[nodiscard]] NameView view() const { return NameView(std::string_view(wire_.data(), size_)); }
  operator NameView() const { return view(); }  // NOLINT(google-explicit-constructor)
  [[nodiscard]] std::string ToText() const { return view().ToText(); }

  // Puts a label in front / takes it off again.  False, unchanged: it would be
  // too long, or `label` is empty or over 63 octets.
  [[nodiscard]] bool PrependLabel(std::string_view label);
  // Turns A-Z into a-z.
  void ToLower();

 private:
  friend class Reader;
  std::uint8_t size_ = 1;
  std::array<char, kMaxNameSize> wire_{};
};

using rollcall::ToLower;

}  // namespace rollcall::wire
