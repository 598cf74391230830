// Serves the view by DNS: UDP workers and TCP, and a forwarder for names outside.
//
// A query takes no lock, allocates nothing it can avoid, and never touches the
// store.  Threads: see the README of this folder.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "answer/resolve.h"
#include "base/result.h"
#include "catalog/feed.h"
#include "catalog/publisher.h"
#include "serving/dns/address.h"
#include "serving/dns/counters.h"
#include "serving/seen/book.h"

namespace rollcall::serving::dns {

struct Options {
  std::vector<Address> listen;        // UDP and TCP on each
  unsigned udp_workers = 0;           // per address; 0: one per processor that is ours
  std::uint16_t max_udp_size = 1232;  // of our replies; at least 512
  std::vector<Address> forward;       // none: names outside are REFUSED
  bool forward_for_all = false;       // false: loopback and private sources only
  std::string nsid;                   // told to those who ask (RFC 5001)
  std::chrono::milliseconds forward_timeout{1500};
  std::chrono::milliseconds tcp_idle{10'000};
  std::size_t tcp_connections = 10'000;
  std::size_t forward_in_flight = 1'000;
  std::size_t forward_cache = 10'000;  // entries
  // Who asks is remembered there; borrowed until the server is destroyed.  Null: nowhere.
  seen::Book* book = nullptr;
};

class Server {
 public:
  // How sure the view is of itself; called by every worker, once per batch, so it
  // must not lock.
  using StandingSource = std::function<catalog::Standing()>;

  // Borrows the publisher and the zones, and what `standing` borrows, until
  // destroyed.
  Server(catalog::Publisher& publisher, StandingSource standing, const answer::Zones& zones,
         Options options);
  Server(catalog::Publisher& publisher, const catalog::Feed& feed, const answer::Zones& zones,
         Options options)
      : Server(
            publisher, [&feed] { return feed.standing(); }, zones, std::move(options)) {}
  ~Server();  // Stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds every address, then serves from its own threads.  Error: which address
  // could not be bound and why; then nothing runs.  Lifts the soft limit of open
  // files to the hard one.  Requires: called once.
  [[nodiscard]] Result<void> Start();
  // Answers what was received, then ends; at most two seconds.
  void Stop();

  // The addresses really bound, in the order of Options::listen (for port 0).
  [[nodiscard]] std::vector<Address> bound() const;
  // Any thread.  Stays readable after Stop().
  [[nodiscard]] Counters counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::serving::dns
