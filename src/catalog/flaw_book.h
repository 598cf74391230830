// The keys of the store that have something wrong with them now: counted by
// reason, and logged once for each key and cause - not again when the same value
// is listed again - and once more when mended.
//
// Threads: none of its own.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/service.h"

namespace rollcall::catalog {

class FlawBook {
 public:
  // `key` has this flaw now; null: none.
  void Note(std::string_view key, const model::Invalid* invalid);
  // `key` is no longer there.
  void Erase(std::string_view key);

  [[nodiscard]] std::uint64_t count(model::Flaw flaw) const {
    return counts_[static_cast<std::size_t>(flaw)];
  }
  [[nodiscard]] std::vector<std::string> Keys() const;

 private:
  std::map<std::string, model::Invalid, std::less<>> flaws_;
  std::array<std::uint64_t, 4> counts_{};
};

}  // namespace rollcall::catalog
