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
  }
};

}  // namespace rollcall::serving::dns
