#include "serving/seen/tap.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

namespace rollcall::serving::seen {
namespace {

constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15U;

std::uint64_t Draw() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

// Mixes some octets in, eight at a time.  `fold`: upper case counts as lower; that other
// octets fold too makes two names one now and then in the table, which does no harm.
std::uint64_t Mix(std::uint64_t hash, const void* octets, std::size_t size, std::uint64_t fold) {
  const auto* at = static_cast<const char*>(octets);
  for (; size > 0; at += 8, size -= std::min<std::size_t>(size, 8)) {
    std::uint64_t word = 0;
    if (size >= 8) {
      std::memcpy(&word, at, 8);
    } else {
      std::memcpy(&word, at, size);
    }
    hash = (hash ^ word ^ (~word & fold)) * kOdd;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

Tap::Tap()
    : seed_(Draw()),
      who_(std::make_unique_for_overwrite<Who[]>(kPlaces)),
      ring_(std::make_unique_for_overwrite<Sighting[]>(kRing)) {
}

std::uint64_t Tap::Hash(const Asker& asker, std::string_view name) const {
  std::uint64_t hash = Mix(seed_ + name.size(), asker.address, asker.v6 ? 16 : 4, 0);
  hash = Mix(hash, name.data(), name.size(), 0x2020202020202020U);
  return hash == 0 ? 1 : hash;
}

void Tap::Note(const Asker& asker, std::string_view name, std::int64_t revision, SteadyTime now) {
  const std::uint64_t hash = Hash(asker, name);
  const std::size_t at = hash % kPlaces;
  Place& place = places_[at];
  const bool known = place.hash == hash;
  if (!known) {
    if (place.count != 0) Tell(at, place.told);
    Settle(at, asker, name, hash);
  }
  ++place.count;
  place.revision = revision;
  place.tcp = asker.tcp;
  if (!known || now - place.told >= kPause) Tell(at, now);
}

void Tap::Settle(std::size_t at, const Asker& asker, std::string_view name, std::uint64_t hash) {
  places_[at] = {.hash = hash};
  Who& who = who_[at];
  who.v6 = asker.v6;
  std::memcpy(who.address.data(), asker.address, asker.v6 ? 16 : 4);
  who.name_size = static_cast<std::uint8_t>(std::min(name.size(), who.name.size()));
  std::memcpy(who.name.data(), name.data(), who.name_size);
}

void Tap::Tell(std::size_t at, SteadyTime now) {
  Place& place = places_[at];
  const std::uint32_t count = std::exchange(place.count, 0);
  place.told = now;
  const std::uint64_t next = next_.load(std::memory_order_relaxed);
  if (next - taken_ == kRing) taken_ = first_.load(std::memory_order_acquire);
  if (next - taken_ == kRing) {
    dropped_.store(dropped_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    return;
  }
  const Who& who = who_[at];
  Sighting& sighting = ring_[next % kRing];
  sighting.v6 = who.v6;
  std::memcpy(sighting.address.data(), who.address.data(), who.v6 ? 16 : 4);
  sighting.tcp = place.tcp;
  sighting.name_size = who.name_size;
  std::memcpy(sighting.name.data(), who.name.data(), who.name_size);
  sighting.count = count;
  sighting.revision = place.revision;
  sighting.at = now;
  next_.store(next + 1, std::memory_order_release);
}

bool Tap::Take(Sighting& sighting) {
  const std::uint64_t first = first_.load(std::memory_order_relaxed);
  if (first == next_.load(std::memory_order_acquire)) return false;
  sighting = ring_[first % kRing];
  first_.store(first + 1, std::memory_order_release);
  return true;
}

}  // namespace rollcall::serving::seen
