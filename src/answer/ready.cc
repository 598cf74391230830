#include "answer/ready.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <random>

#include "wire/writer.h"

namespace rollcall::answer {
namespace {

// A question with a name of usual length and an OPT; who asks at greater length waits a
// microsecond longer.
constexpr std::size_t kMostRequest = 300;
constexpr std::size_t kIdSize = 2;
// A bucket for so many octets of the ring: about as many places as small replies.
constexpr std::size_t kOctetsPerBucket = 1024;
constexpr std::size_t kWord = sizeof(std::uint64_t);

// So that nobody can aim at a bucket.
std::uint64_t Seed() {
  static const std::uint64_t seed = [] {
    std::random_device device;
    return static_cast<std::uint64_t>(device()) << 32 | device();
  }();
  return seed;
}

std::span<const std::uint8_t> WithoutId(std::span<const std::uint8_t> message) {
  return message.subspan(kIdSize);
}

}  // namespace

// Followed by the names of its basis, the request and the reply, both without their ids.
struct Ready::Entry {
  SteadyTime until;
  std::uint64_t made = 0;  // the publication it was last known to hold in
  Facts facts;
  std::uint16_t request_size = 0;
  std::uint16_t reply_size = 0;
  std::uint32_t room = 0;  // octets of the ring, this struct included
  Terms terms;
  std::uint8_t name_count = 0;

  [[nodiscard]] catalog::Tree::Stamp* names() {
    return reinterpret_cast<catalog::Tree::Stamp*>(this + 1);
  }
  [[nodiscard]] std::uint8_t* octets() {
    return reinterpret_cast<std::uint8_t*>(names() + name_count);
  }
};

Ready::Ready(std::size_t octets)
    : size_(octets),
      end_(size_),
      mask_(std::max<std::size_t>(1, octets / kOctetsPerBucket) - 1),
      ring_(std::make_unique_for_overwrite<std::uint64_t[]>(size_ / kWord)),
      // Zeroes of the kernel's, which cost nothing until they are used.
      buckets_(
          static_cast<Bucket*>(std::calloc(mask_ + 1, sizeof(Bucket)))) {  // NOLINT(*-no-malloc)
  assert(std::has_single_bit(octets));
  if (buckets_ == nullptr) throw std::bad_alloc();
}

std::size_t Ready::OctetsFor(std::size_t registrations, std::size_t most) {
  constexpr std::size_t kLeast = 4 << 20;
  constexpr std::size_t kPerRegistration = 128;
  return std::bit_floor(
      std::min(most, std::max(kLeast, std::bit_ceil(registrations * kPerRegistration))));
}

bool Ready::Takes(std::span<const std::uint8_t> request) {
  return request.size() > wire::kHeaderSize && request.size() <= kMostRequest;
}

std::uint64_t Ready::HashOf(std::span<const std::uint8_t> request) {
  const auto key = WithoutId(request);
  const std::uint64_t hash = XXH3_64bits_withSeed(key.data(), key.size(), Seed());
  return hash == 0 ? 1 : hash;
}

Ready::Entry& Ready::EntryAt(std::uint64_t at) const {
  return *std::launder(reinterpret_cast<Entry*>(&ring_[(at & (size_ - 1)) / kWord]));
}

bool Ready::Holds(Entry& entry, const catalog::View& view, SteadyTime now) {
  if (now >= entry.until) return false;
  if (entry.made == view.changes) return true;
  const bool holds = std::all_of(
      entry.names(), entry.names() + entry.name_count,
      [&](catalog::Tree::Stamp stamp) { return view.tree.touched(stamp) <= entry.made; });
  if (holds) entry.made = view.changes;  // the next look is shorter
  return holds;
}

void Ready::FetchReply(std::uint64_t hash) const {
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kLines = 5;  // of a small reply; the processor sees where a long one goes
  for (const Place& place : BucketOf(hash)) {
    if (place.hash != hash) continue;
    const auto* const entry = reinterpret_cast<const char*>(&EntryAt(place.at));
    for (std::size_t i = 0; i < kLines; ++i) __builtin_prefetch(entry + i * kLine);
    return;
  }
}

std::optional<Ready::Kept> Ready::Find(std::span<const std::uint8_t> request, std::uint64_t hash,
                                       const Terms& terms, const catalog::View& view,
                                       SteadyTime now, std::span<std::uint8_t> out) {
  const auto key = WithoutId(request);
  for (const Place& place : BucketOf(hash)) {
    if (place.hash != hash || !Lives(place)) continue;
    Entry& entry = EntryAt(place.at);
    const std::uint8_t* const octets = entry.octets();
    if (entry.request_size != key.size() || entry.terms != terms ||
        std::memcmp(octets, key.data(), key.size()) != 0 || !Holds(entry, view, now)) {
      continue;
    }
    assert(out.size() >= kIdSize + entry.reply_size);
    std::copy_n(request.data(), kIdSize, out.data());
    std::memcpy(&out[kIdSize], octets + entry.request_size, entry.reply_size);
    if (entry.facts.serial_at != 0) wire::StoreU32(&out[entry.facts.serial_at], view.serial());
    return Kept{entry.facts, kIdSize + entry.reply_size};
  }
  return std::nullopt;
}

// The place of an older reply to the same request, if its entry has the room; else one that is
// free, or else the oldest.
Ready::Place& Ready::PlaceFor(std::uint64_t hash, std::size_t size) {
  Bucket& bucket = BucketOf(hash);
  const auto same = std::find_if(bucket.begin(), bucket.end(),
                                 [&](const Place& place) { return place.hash == hash; });
  if (same != bucket.end()) {
    if (!Lives(*same) || EntryAt(same->at).room < size) *same = {Claim(size), hash};
    return *same;
  }
  Place& oldest = *std::min_element(bucket.begin(), bucket.end(),
                                    [](const Place& a, const Place& b) { return a.at < b.at; });
  return oldest = {Claim(size), hash};
}

// Room in one piece.
std::uint64_t Ready::Claim(std::size_t size) {
  const std::size_t left = size_ - (end_ & (size_ - 1));
  if (left < size) end_ += left;
  const std::uint64_t at = end_;
  end_ += size;
  auto* const entry = new (&ring_[(at & (size_ - 1)) / kWord]) Entry();
  entry->room = static_cast<std::uint32_t>(size);
  return at;
}

void Ready::Keep(std::span<const std::uint8_t> request, std::uint64_t hash, const Terms& terms,
                 const catalog::View& view, const Basis& basis, std::span<const std::uint8_t> reply,
                 const Facts& facts) {
  const auto key = WithoutId(request);
  const auto rest = WithoutId(reply);
  const auto names = basis.names();
  const std::size_t octets = sizeof(Entry) + names.size_bytes() + key.size() + rest.size();
  const std::size_t size = (octets + kWord - 1) / kWord * kWord;
  if (size > size_ / 4) return;  // it would drive out all others
  Entry& entry = EntryAt(PlaceFor(hash, size).at);
  entry.until = basis.end();
  entry.made = view.changes;
  entry.facts = facts;
  entry.terms = terms;
  entry.request_size = static_cast<std::uint16_t>(key.size());
  entry.reply_size = static_cast<std::uint16_t>(rest.size());
  entry.name_count = static_cast<std::uint8_t>(names.size());
  std::copy(names.begin(), names.end(), entry.names());
  std::copy(key.begin(), key.end(), entry.octets());
  std::copy(rest.begin(), rest.end(), entry.octets() + key.size());
}

}  // namespace rollcall::answer
