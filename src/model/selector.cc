#include "model/selector.h"

#include <algorithm>
#include <charconv>

#include "wire/name.h"

namespace rollcall::model {
namespace {

constexpr unsigned kMaxShards = 1024;

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  const bool there = text.size() >= prefix.size() &&
                     std::equal(prefix.begin(), prefix.end(), text.begin(),
                                [](char wanted, char is) { return wanted == wire::ToLower(is); });
  if (there) text.remove_prefix(prefix.size());
  return there;
}

// Plain decimal as one would write it: no sign, no leading zero.
std::optional<unsigned> TakeNumber(std::string_view& text) {
  const char* const end = text.data() + text.size();
  unsigned value = 0;
  const auto [behind, error] = std::from_chars(text.data(), end, value);
  const auto size = static_cast<std::size_t>(behind - text.data());
  if (error != std::errc() || (size > 1 && text[0] == '0')) return std::nullopt;
  text.remove_prefix(size);
  return value;
}

}  // namespace

std::optional<Selector> ParseSelector(std::string_view label) {
  if (label.empty() || label[0] != '_') return std::nullopt;
  std::string_view rest = label;
  if (TakePrefix(rest, "_healthy")) {
    if (rest.empty()) return Selector{};
    return std::nullopt;
  }
  if (!TakePrefix(rest, "_shard")) return std::nullopt;
  const auto index = TakeNumber(rest);
  if (!index || !TakePrefix(rest, "of")) return std::nullopt;
  const auto count = TakeNumber(rest);
  if (!count || !rest.empty() || *index >= *count || *count > kMaxShards) return std::nullopt;
  return Selector{Selector::Kind::kShard, *index, *count};
}

}  // namespace rollcall::model
