// What one thread counts for itself.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "wire/types.h"

namespace rollcall::serving::dns {

// A plain integer with one writer, its owner: a load and a store, no locked
// instruction.  Any thread may read it.
class Counter {
 public:
  void Add(std::uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// The types that are counted by name: all others, and what was no
// question, are the last.
inline constexpr std::array kCountedTypes = {
    wire::Type::kSrv, wire::Type::kA,   wire::Type::kAaaa, wire::Type::kSoa,   wire::Type::kNs,
    wire::Type::kPtr, wire::Type::kTxt, wire::Type::kMx,   wire::Type::kCname, wire::Type::kAny};
inline constexpr std::size_t kTypes = kCountedTypes.size() + 1;

// A table, since each query looks here.
inline constexpr auto kTypeIndexes = [] {
  std::array<std::uint8_t, 256> indexes{};
  indexes.fill(kTypes - 1);
  for (std::size_t i = 0; i < kCountedTypes.size(); ++i) {
    indexes[static_cast<std::size_t>(kCountedTypes[i])] = static_cast<std::uint8_t>(i);
  }
  return indexes;
}();
[[nodiscard]] inline std::size_t TypeIndex(wire::Type type) {
  const auto number = static_cast<std::size_t>(type);
  return number < kTypeIndexes.size() ? kTypeIndexes[number] : kTypes - 1;
}

// Summed over the threads when asked for.
struct Counters {
  std::uint64_t udp_queries = 0;
  std::uint64_t tcp_queries = 0;
  std::uint64_t tcp_connections = 0;  // accepted
  std::uint64_t dropped = 0;          // no reply at all
  std::uint64_t truncated = 0;
  std::uint64_t forwarded = 0;       // questions handed to the forwarder
  std::uint64_t forward_failed = 0;  // of those: answered SERVFAIL for want of a reply
  std::array<std::uint64_t, 32> rcodes{};
  // Of the queries, by TypeIndex().
  std::array<std::uint64_t, kTypes> udp_types{};
  std::array<std::uint64_t, kTypes> tcp_types{};
};

// On its own cache lines: threads do not disturb one another.
struct alignas(128) ThreadCounters {
  Counter udp_queries;
  Counter tcp_queries;
  Counter tcp_connections;
  Counter dropped;
  Counter truncated;
  Counter forwarded;
  Counter forward_failed;
  std::array<Counter, 32> rcodes;
  std::array<Counter, kTypes> udp_types;
  std::array<Counter, kTypes> tcp_types;

  // Of a message in which nothing was `asked` it is none.
  static void CountType(std::array<Counter, kTypes>& types, bool asked, wire::Type type) {
    types[asked ? TypeIndex(type) : kTypes - 1].Add(1);
  }
  void CountReply(wire::Rcode rcode, bool tc) {
    rcodes[std::min(static_cast<std::size_t>(rcode), rcodes.size() - 1)].Add(1);
    if (tc) truncated.Add(1);
  }
  void AddTo(Counters& sum) const {
    sum.udp_queries += udp_queries.Get();
    sum.tcp_queries += tcp_queries.Get();
    sum.tcp_connections += tcp_connections.Get();
    sum.dropped += dropped.Get();
    sum.truncated += truncated.Get();
    sum.forwarded += forwarded.Get();
    sum.forward_failed += forward_failed.Get();
    for (std::size_t i = 0; i < rcodes.size(); ++i) sum.rcodes[i] += rcodes[i].Get();
    for (std::size_t i = 0; i < kTypes; ++i) {
      sum.udp_types[i] += udp_types[i].Get();
      sum.tcp_types[i] += tcp_types[i].Get();
    }
  }
};

}  // namespace rollcall::serving::dns
