// Finds outside the zones what an answer needs, and sends the answer then.
//
// Threads: one of its own, which does all the work.  Submit() may be called by any
// thread; what it hands over is bounded, as is what is asked of upstreams at once.
// Equal questions in flight are asked once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "answer/respond.h"
#include "catalog/publisher.h"
#include "serving/dns/address.h"
#include "serving/dns/counters.h"

namespace rollcall::serving::dns {

using StandingSource = std::function<catalog::Standing()>;

// A request that could not be answered from the view alone: its outcome was
// kForward or kNeedsOutside.
struct Deferred {
  std::vector<std::uint8_t> message;  // as received
  bool tcp = false;
  // Called once, on the forwarder's thread, with the reply; empty: there is none.
  std::function<void(std::span<const std::uint8_t> reply)> deliver;
};

class Forwarder {
 public:
  struct Options {
    std::vector<Address> upstreams;
    std::chrono::milliseconds timeout{1500};  // of a whole question, all tries
    std::size_t in_flight = 1'000;            // questions at upstreams
    std::size_t cache_entries = 10'000;
    std::size_t cache_octets = 32u << 20;
    answer::ResponderOptions responder;
  };
  // Borrows all but the options until destroyed.
  Forwarder(catalog::Publisher& publisher, const answer::Zones& zones, StandingSource standing,
            Options options);
  ~Forwarder();  // Stop()
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  // kInvalid: an upstream that is no address.
  [[nodiscard]] Result<void> Start();
  // Lets what is under way end, for at most a second; delivers nothing afterwards.
  void Stop();

  // False: too much is waiting already; the caller answers SERVFAIL.
  [[nodiscard]] bool Submit(Deferred deferred);

  [[nodiscard]] const ThreadCounters& counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::serving::dns
