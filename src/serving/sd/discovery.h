// Discovery over HTTP: /sd/NAME for http_sd, and what consul_sd reads.
//
// Answers come from memory, whatever the store is doing.  What each is to do to Prometheus's
// target list decides what is said (rules H1-H12): 200 with an array, maybe empty, only if we
// know that those are all; otherwise a status that makes it keep what it has.
//
// Threads: any may call the handlers; two of its own (worker.h, waiting.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "answer/zones.h"
#include "base/clock.h"
#include "catalog/publisher.h"
#include "serving/http/exchange.h"
#include "serving/sd/answers.h"
#include "serving/sd/waiting.h"

namespace rollcall::serving::sd {

struct Options {
  Answers::Options answers;
  WaitingOptions waiting;
  std::string node = "rollcall";  // how Consul's clients are told this server is called
};

// Only grow, but for `waiting`.
struct Counters {
  std::uint64_t made = 0;      // answers rendered
  std::uint64_t kept = 0;      // answers sent again
  std::uint64_t spared = 0;    // times that none was made, since too much was being sent
  std::uint64_t left_out = 0;  // targets that no answer could have, each time
  std::uint64_t waiting = 0;   // blocking queries
};

class Discovery {
 public:
  // Borrows all until destroyed.  Requires: `zones` has a zone.
  Discovery(catalog::Publisher& publisher, const answer::Zones& zones, StandingSource standing,
            const Clock& clock, Options options);
  ~Discovery();
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;

  // They, and what they told an exchange, borrow this: it goes after the server that has them.
  [[nodiscard]] std::vector<http::Route> Routes();
  // Lets those go who wait for a change.
  void Stop();
  [[nodiscard]] Counters counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::serving::sd
