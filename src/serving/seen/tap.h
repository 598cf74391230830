// What one DNS worker notes of those who ask it, on the way of a query.
//
// Pairs of client and name lie in a table with one place for each hash; a pair that is there is
// counted and no more.  Once a second at most it is told to the book, through a ring.
//
// Threads: Note() by the one worker; Take() by one thread at a time, at the same time as that.
// Neither locks, allocates or does an atomic read-modify-write.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.h"

namespace rollcall::serving::seen {

// Some asks of one client for one name.  Without initializers, so that a ring of them costs no
// memory until it is used.
struct Sighting {
  std::array<std::uint8_t, 16> address;  // IPv4: the first four
  bool v6;
  bool tcp;  // the last of them
  std::uint8_t name_size;
  std::array<char, 255> name;  // in wire form, as asked
  std::uint32_t count;
  std::int64_t revision;  // that the last of them was told
  SteadyTime at;          // of the last
};

struct Asker {
  const std::uint8_t* address = nullptr;  // 16 octets if v6, else 4
  bool v6 = false;
  bool tcp = false;
};

class Tap {
 public:
  static constexpr std::size_t kPlaces = 512;
  static constexpr std::size_t kRing = 512;
  static constexpr std::chrono::seconds kPause{1};

  Tap();

  // `name`: one whole name in wire form.  Time does not go back.
  void Note(const Asker& asker, std::string_view name, std::int64_t revision, SteadyTime now);

  // The oldest that has not been taken.  False: there is none.
  [[nodiscard]] bool Take(Sighting& sighting);

  // Asks that the book was never told of, the ring being full; any thread.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  // What a query touches; the rest is looked at once a second.
  struct Place {
    std::uint64_t hash = 0;  // 0: free
    SteadyTime told{};
    std::int64_t revision = 0;
    std::uint32_t count = 0;  // since then
    bool tcp = false;
  };
  struct Who {
    std::array<std::uint8_t, 16> address;
    bool v6;
    std::uint8_t name_size;
    std::array<char, 255> name;
  };

  [[nodiscard]] std::uint64_t Hash(const Asker& asker, std::string_view name) const;
  void Settle(std::size_t at, const Asker& asker, std::string_view name, std::uint64_t hash);
  void Tell(std::size_t at, SteadyTime now);

  const std::uint64_t seed_;  // so that nobody can aim at a place
  std::array<Place, kPlaces> places_{};
  const std::unique_ptr<Who[]> who_;
  const std::unique_ptr<Sighting[]> ring_;
  std::uint64_t taken_ = 0;                         // first_, as the writer last saw it
  alignas(64) std::atomic<std::uint64_t> next_{0};  // to be written
  std::atomic<std::uint64_t> dropped_{0};
  alignas(64) std::atomic<std::uint64_t> first_{0};  // to be taken
};

}  // namespace rollcall::serving::seen
