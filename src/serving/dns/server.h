// Serves the view by DNS: UDP workers and TCP, and a forwarder for names outside.
//
// A query takes no lock, allocates nothing it can avoid, and never touches the
// store.  Threads: see the README of this folder.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "answer/resolve.h"
#include "base/result.h"
#include "catalog/feed.h"
#include "catalog/publisher.h"

namespace rollcall::serving::dns {

struct Address {
  std::string host;  // IPv4 or IPv6 literal, without brackets
  std::uint16_t port = 0;
};
// "127.0.0.1:5300", "[::1]:5300".  kInvalid: says what is wrong.
[[nodiscard]] Result<Address> ParseAddress(std::string_view text);

struct Options {
  std::vector<Address> listen;        // UDP and TCP on each
  unsigned udp_workers = 0;           // per address; 0: one per core
  std::uint16_t max_udp_size = 1232;  // of our replies
  std::vector<Address> forward;       // none: names outside are REFUSED
  bool forward_for_all = false;       // false: loopback and private sources only
  std::string nsid;                   // told to those who ask (RFC 5001)
  std::chrono::milliseconds forward_timeout{1500};
  std::chrono::milliseconds tcp_idle{10'000};
  std::size_t tcp_connections = 10'000;
  std::size_t forward_in_flight = 1'000;
  std::size_t forward_cache = 10'000;  // entries
};

// Summed over the workers when asked for.
struct Counters {
  std::uint64_t udp_queries = 0;
  std::uint64_t tcp_queries = 0;
  std::uint64_t tcp_connections = 0;
  std::uint64_t dropped = 0;  // no reply at all
  std::uint64_t truncated = 0;
  std::uint64_t forwarded = 0;
  std::uint64_t forward_failed = 0;
  std::array<std::uint64_t, 32> rcodes{};
};

class Server {
 public:
  // Borrows all three until destroyed.
  Server(catalog::Publisher& publisher, const catalog::Feed& feed, const answer::Zones& zones,
         Options options);
  ~Server();  // Stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds every address, then serves from its own threads.  Error: which address
  // could not be bound and why; then nothing runs.
  [[nodiscard]] Result<void> Start();
  // Answers what was received, then ends; at most two seconds.
  void Stop();

  // The addresses really bound, in the order of Options::listen (for port 0).
  [[nodiscard]] std::vector<Address> bound() const;
  [[nodiscard]] Counters counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::serving::dns
