// How much the API lets its clients use.  Beyond it they are refused, with
// RESOURCE_EXHAUSTED and a sentence, but for the size of a request (as etcd's).
#pragma once

#include <chrono>
#include <cstddef>

namespace rollcall::etcdapi {

struct Limits {
  std::size_t request_octets = std::size_t{3} << 19;  // 1.5 MiB, etcd's default
  // Of requests that are being read, and what else gRPC holds.
  std::size_t transport_octets = std::size_t{512} << 20;
  // Of large answers, and of watches' messages, that are on their way to clients.
  std::size_t answer_octets = std::size_t{256} << 20;
  std::size_t watch_octets = std::size_t{256} << 20;
  std::size_t calls = 20'000;  // under way, or answered and not yet sent
  std::size_t watch_streams = 10'000;
  std::size_t lease_streams = 10'000;
  std::size_t watches = 100'000;
  std::size_t watches_per_stream = 10'000;
  std::size_t ranges_waiting = 1000;  // reads of more than one key
  std::size_t logins_waiting = 64;    // each costs tens of milliseconds
  // With a client that does not read what it asked for; more for large answers.
  std::chrono::milliseconds patience{60'000};
  // Between two notes to a watch that nothing happened; etcd's default.
  std::chrono::milliseconds progress{600'000};
};

}  // namespace rollcall::etcdapi
