// Replies of upstream resolvers, kept for as long as they allow.
//
// Bounded by entries and by octets; what was used longest ago goes first.
// Threads: none of its own, one user at a time (the forwarder's thread).
#pragma once

#include <absl/container/flat_hash_map.h>

#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "wire/decode.h"

namespace rollcall::serving::dns {

// What is asked of an upstream: all that changes its reply.  Class IN.
struct OutsideQuestion {
  wire::Name name;
  wire::Type type = wire::Type::kA;
  bool dnssec_ok = false;
  bool checking_disabled = false;

  // Equal questions have equal keys; case does not count.
  [[nodiscard]] std::string Key() const;
};

// A reply of an upstream.  Immutable, shared.
struct OutsideReply {
  wire::Response message;
  SteadyTime received;
  // It did not fit into UDP, by the upstream's measure; `message` is what TCP gave,
  // or if message.truncated, the part that UDP gave since TCP failed.
  bool truncated_by_udp = false;
  std::size_t octets = 0;  // of the message
};
using OutsideReplyPtr = std::shared_ptr<const OutsideReply>;

// For how long `reply` may be used again: the lowest TTL of a positive answer; the
// lower of TTL and minimum of the SOA of a negative one (RFC 2308 section 5), at
// most five minutes; a day at most.  Zero: not at all (other rcodes, truncated,
// negative without SOA).
[[nodiscard]] std::chrono::seconds CacheTime(const wire::Response& reply);

// `records` with `age` taken off their TTLs.
[[nodiscard]] std::vector<wire::Record> Aged(const std::vector<wire::Record>& records,
                                             std::chrono::seconds age);

class Cache {
 public:
  Cache(std::size_t max_entries, std::size_t max_octets)
      : max_entries_(max_entries), max_octets_(max_octets) {}

  // Null: not there, or no longer good at `now`.
  [[nodiscard]] OutsideReplyPtr Find(const std::string& key, SteadyTime now);
  // Keeps `reply` for CacheTime(), if that is above ten seconds.  Less is not worth
  // it: Prometheus asks for each name every 30 s, and for all names on one tick,
  // which merging of equal questions in flight serves already.  Keeping an answer
  // for less would save nothing and show changes late.
  void Put(const std::string& key, OutsideReplyPtr reply);

  [[nodiscard]] std::size_t entries() const { return index_.size(); }
  [[nodiscard]] std::size_t octets() const { return octets_; }

 private:
  struct Entry {
    std::string key;
    OutsideReplyPtr reply;
    SteadyTime expires;
    std::size_t octets = 0;
  };
  using Order = std::list<Entry>;  // used last comes first

  void Erase(Order::iterator entry);

  std::size_t max_entries_;
  std::size_t max_octets_;
  std::size_t octets_ = 0;
  Order order_;
  absl::flat_hash_map<std::string, Order::iterator> index_;
};

}  // namespace rollcall::serving::dns
