// The book of consumers: who asks for which name, how often, and which revision he was last told.
//
// Bounded: who asked longest ago is forgotten first, and long texts are cut.
//
// Threads: any may call anything; one lock, never held for long, and none on the way of a DNS
// query (see tap.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "serving/seen/tap.h"

namespace rollcall::serving::seen {

enum class Mechanism : std::uint8_t { kDns, kHttpSd, kConsulSd, kApi };
[[nodiscard]] std::string_view ToString(Mechanism mechanism);  // "dns", "http_sd", ...

// One ask, or several that were counted together.
struct Ask {
  std::string client;  // its address, as text without the port
  Mechanism mechanism = Mechanism::kHttpSd;
  std::string name;             // as asked, selectors and all; without the dot at its end
  std::string user_agent = {};  // "": none told
  std::string transport = {};   // "udp", "tcp", "http", "https"
  std::int64_t revision = 0;    // of the view that it was answered from
  // Between two asks, if the client says so (X-Prometheus-Refresh-Interval-Seconds).
  std::optional<std::chrono::milliseconds> interval = {};
  std::uint64_t count = 1;
};

struct Consumer {
  std::string client = {};
  Mechanism mechanism = Mechanism::kHttpSd;
  std::string name = {};
  std::string user_agent = {};
  std::string transport = {};  // of the last ask
  WallTime first_seen{};
  WallTime last_seen{};
  std::uint64_t asks = 0;
  // As it says, or as it was seen; none: not known yet.
  std::optional<std::chrono::milliseconds> interval = {};
  std::int64_t revision = 0;
  bool silent = false;  // has not asked for three intervals
};

struct BookOptions {
  std::size_t most = 10'000;  // consumers
  // That is taken for the interval of one that asked only once.
  std::chrono::milliseconds interval{60'000};
};

class Book {
 public:
  // Borrows `clock` until destroyed.
  explicit Book(BookOptions options = {}, const Clock& clock = SystemClock());

  void Note(Ask ask);

  // For one DNS worker; the book goes on reading it until it is let go and empty.
  [[nodiscard]] std::shared_ptr<Tap> AddTap();
  // Takes what the taps have; to be called every few seconds, so that none runs full.
  void Drain();

  // The one that asked last first.  Drains before.
  [[nodiscard]] std::vector<Consumer> List();

  struct Counters {
    std::size_t consumers = 0;
    std::uint64_t forgotten = 0;  // for want of room
    std::uint64_t dropped = 0;    // asks that a tap could not tell
  };
  [[nodiscard]] Counters counters();

 private:
  struct Entry {
    Consumer consumer;
    SteadyTime first{};
    SteadyTime last{};
    bool told = false;  // the interval is the client's own word
  };
  using Entries = std::list<Entry>;  // the one that asked last first
  struct Pages {
    Entries entries;
    std::map<std::string, Entries::iterator, std::less<>> by_key;
    std::vector<std::shared_ptr<Tap>> taps;
    std::uint64_t forgotten = 0;
    std::uint64_t dropped = 0;  // of taps that are gone
  };

  void Enter(Pages& pages, Ask ask, SteadyTime at);
  void DrainInto(Pages& pages);

  const BookOptions options_;
  const Clock& clock_;
  Guarded<Pages> pages_;
};

}  // namespace rollcall::serving::seen
