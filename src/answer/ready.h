// Replies that were made before, kept as octets: the same question is answered by a copy.
//
// A reply is found by the octets of its request, all but the id, and is good as long as what it
// was made from has not changed (Basis): one name's change makes one name's replies anew, not
// all.  Kept in a ring that the newest overwrite the oldest of, so that no question, and no flood
// of them, takes more memory or more than a few steps.
//
// Pure but for its own memory.  Threads: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>

#include "answer/basis.h"
#include "base/clock.h"
#include "catalog/view.h"
#include "wire/types.h"

namespace rollcall::answer {

class Ready {
 public:
  // `octets`: of the ring, a power of two; memory is taken as it fills.
  explicit Ready(std::size_t octets);
  // What is worth keeping for so many registrations: whose replies are about this long.
  [[nodiscard]] static std::size_t OctetsFor(std::size_t registrations, std::size_t most);
  [[nodiscard]] std::size_t octets() const { return size_; }

  // What else the reply to a request hangs on.
  struct Terms {
    catalog::Standing standing = catalog::Standing::kSynced;
    bool tcp = false;
    bool outside = false;  // the client may use a forwarder
    friend bool operator==(const Terms&, const Terms&) = default;
  };
  // What whoever sends a reply wants to know of it.
  struct Facts {
    wire::Type type = wire::Type::kA;
    wire::Rcode rcode = wire::Rcode::kNoError;
    bool truncated = false;
    bool several = false;         // see Responded
    std::uint8_t name_size = 1;   // of the question's name
    std::uint16_t serial_at = 0;  // of the SOA's serial in the reply; 0: there is none
  };
  struct Kept {
    Facts facts;
    std::size_t size = 0;  // of the reply
  };

  // Whether a reply to it may be kept at all: a question, and not too long.
  [[nodiscard]] static bool Takes(std::span<const std::uint8_t> request);
  // Requires of all `request`s: Takes().  Not 0; the same for all of this process.
  [[nodiscard]] static std::uint64_t HashOf(std::span<const std::uint8_t> request);

  // For who has several requests at hand: first all of them the one, then the other, then
  // Find(), which then does not wait for memory.
  void FetchPlace(std::uint64_t hash) const { __builtin_prefetch(&BucketOf(hash)); }
  void FetchReply(std::uint64_t hash) const;

  // Copies the reply to `out`, with the request's id and the view's serial.
  // Requires: `hash` is HashOf(request); `out` has room for a reply to it.
  [[nodiscard]] std::optional<Kept> Find(std::span<const std::uint8_t> request, std::uint64_t hash,
                                         const Terms& terms, const catalog::View& view,
                                         SteadyTime now, std::span<std::uint8_t> out);

  // Requires: `reply` was made for it from `view` on `basis`.
  void Keep(std::span<const std::uint8_t> request, std::uint64_t hash, const Terms& terms,
            const catalog::View& view, const Basis& basis, std::span<const std::uint8_t> reply,
            const Facts& facts);

 private:
  static constexpr std::size_t kWays = 4;

  struct Entry;
  // Where an entry lies, counted from the ring's first octet ever; it is gone once the ring has
  // gone around since.
  struct Place {
    std::uint64_t at = 0;
    std::uint64_t hash = 0;  // 0: free
  };
  using Bucket = std::array<Place, kWays>;

  [[nodiscard]] Bucket& BucketOf(std::uint64_t hash) const { return buckets_[hash & mask_]; }
  [[nodiscard]] bool Lives(const Place& place) const {
    return place.hash != 0 && place.at + size_ >= end_;
  }
  [[nodiscard]] Entry& EntryAt(std::uint64_t at) const;
  [[nodiscard]] static bool Holds(Entry& entry, const catalog::View& view, SteadyTime now);
  [[nodiscard]] Place& PlaceFor(std::uint64_t hash, std::size_t size);
  [[nodiscard]] std::uint64_t Claim(std::size_t size);

  const std::size_t size_;
  std::uint64_t end_;  // of what was written; begins behind a first round, where all is free
  const std::size_t mask_;
  std::unique_ptr<std::uint64_t[]> ring_;
  struct Free {
    void operator()(void* memory) const { std::free(memory); }  // NOLINT(*-no-malloc)
  };
  std::unique_ptr<Bucket[], Free> buckets_;
};

}  // namespace rollcall::answer
