// What an answer was made from, besides the question, the configuration and the standing of the
// view: as long as none of it changes, the same question has the same answer, but for the serial
// of an SOA.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/clock.h"
#include "catalog/tree.h"

namespace rollcall::answer {

class Basis {
 public:
  // Most answers stand on one name; one that stands on more than this is not worth keeping.
  static constexpr std::size_t kMostNames = 8;

  // A name was looked up, whether it was there or not.
  void AddName(catalog::Tree::Stamp stamp) {
    const auto end = names_.begin() + count_;
    if (std::find(names_.begin(), end, stamp) != end) return;
    if (count_ == kMostNames) return AddUnknown();
    names_[count_++] = stamp;
  }
  // Something of which nobody is told when it changes.
  void AddUnknown() { complete_ = false; }
  // It is another answer from then on, by itself.
  void EndsAt(SteadyTime end) { end_ = std::min(end_, end); }

  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] SteadyTime end() const { return end_; }
  [[nodiscard]] std::span<const catalog::Tree::Stamp> names() const {
    return {names_.data(), count_};
  }

 private:
  std::array<catalog::Tree::Stamp, kMostNames> names_;  // the first count_ of them
  std::uint8_t count_ = 0;
  bool complete_ = true;
  SteadyTime end_ = SteadyTime::max();
};

}  // namespace rollcall::answer
