#include "answer/rrset.h"

#include <absl/hash/hash.h>

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <variant>

namespace rollcall::answer {
namespace {

// Octets that stand for the whole rdata, or for enough of it to spread well.
std::string_view Octets(const wire::Rdata& rdata) {
  return std::visit(
      [](const auto& data) -> std::string_view {
        using T = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<T, wire::A> || std::is_same_v<T, wire::Aaaa>) {
          return {reinterpret_cast<const char*>(data.address.data()), data.address.size()};
        } else if constexpr (std::is_same_v<T, wire::Txt>) {
          return data.text;
        } else if constexpr (std::is_same_v<T, wire::NameData>) {
          return data.name.wire();
        } else {
          return {};
        }
      },
      rdata);
}

}  // namespace

std::size_t HashOf(const wire::Rdata& rdata) {
  return absl::Hash<std::string_view>()(Octets(rdata));
}

void EvenTtl(std::span<wire::Record> rrset) {
  if (rrset.size() < 2) return;
  const auto lowest =
      std::min_element(rrset.begin(), rrset.end(),
                       [](const wire::Record& a, const wire::Record& b) { return a.ttl < b.ttl; });
  const std::uint32_t ttl = lowest->ttl;
  for (wire::Record& record : rrset) record.ttl = ttl;
}

void EvenTtlByRrset(std::span<wire::Record> records, Index& index) {
  const bool even = std::all_of(records.begin(), records.end(), [&](const wire::Record& record) {
    return record.ttl == records.front().ttl;
  });
  if (even) return;
  // Twice: first each set's first record collects the lowest, then it hands it out.
  for (int pass = 0; pass < 2; ++pass) {
    index.Reset(records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
      wire::Record& record = records[i];
      const std::string_view owner = record.owner.wire();
      const std::size_t first = index.FindOrAdd([&] { return absl::HashOf(owner, record.type); }, i,
                                                [&](std::size_t at) {
                                                  return records[at].type == record.type &&
                                                         records[at].owner.wire() == owner;
                                                });
      if (pass == 0)
        records[first].ttl = std::min(records[first].ttl, record.ttl);
      else
        record.ttl = records[first].ttl;
    }
  }
}

}  // namespace rollcall::answer
