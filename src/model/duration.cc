#include "model/duration.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <limits>

namespace rollcall::model {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr std::array<Unit, 6> kUnits = {{{"w", 604'800'000},
                                         {"d", 86'400'000},
                                         {"h", 3'600'000},
                                         {"m", 60'000},
                                         {"s", 1000},
                                         {"ms", 1}}};

// So that nanoseconds, the steady clock's unit, can still hold it.
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 1'000'000;

const Unit* FindUnit(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

tl::unexpected<Error> BadDuration(std::string_view text, std::string_view why) {
  return Fail(ErrorCode::kInvalid, fmt::format("duration \"{}\": {}", text, why));
}

}  // namespace

Result<milliseconds> ParseDuration(std::string_view text) {
  std::int64_t total = 0;
  for (std::string_view rest = text; !rest.empty();) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    const auto digits = static_cast<std::size_t>(end - rest.data());
    if (digits == 0) return BadDuration(text, "want numbers with units, such as 30s or 1h30m");
    const bool bare = digits == text.size();
    rest.remove_prefix(digits);

    const std::string_view name = rest.substr(0, rest.find_first_of("0123456789"));
    const Unit* const unit = FindUnit(bare ? "s" : name);
    if (unit == nullptr) return BadDuration(text, "the units are ms, s, m, h, d and w");
    rest.remove_prefix(name.size());

    const auto room = static_cast<std::uint64_t>((kMost - total) / unit->milliseconds);
    if (error != std::errc() || number > room) return BadDuration(text, "too long");
    total += static_cast<std::int64_t>(number) * unit->milliseconds;
  }
  return milliseconds(total);
}

std::string FormatDuration(milliseconds duration) {
  std::string text;
  std::int64_t left = duration.count();
  for (const Unit& unit : kUnits) {
    if (unit.name == "w" || unit.name == "d") continue;
    const std::int64_t number = left / unit.milliseconds;
    left %= unit.milliseconds;
    if (number > 0) fmt::format_to(std::back_inserter(text), "{}{}", number, unit.name);
  }
  return text.empty() ? "0s" : text;
}

}  // namespace rollcall::model
