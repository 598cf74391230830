// Listens and accepts in gRPC's stead: gRPC gives up a listener for good at the first
// accept() that fails, and each does while the process has no descriptors left.
//
// Threads: one of its own from Start() to Stop(), on which `connected` is called.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"

namespace rollcall::etcdapi {

class Listeners {
 public:
  // The connection's descriptor is the callee's, the listener's is not.
  using Connected = std::function<void(int connection, int listener)>;

  Listeners() = default;
  ~Listeners();  // stops
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  // Connections may come from here on; they wait for Start().  `host`: a name or an address,
  // "" for all of this machine's; `port`: a number, "0" for one that is free.  The port.
  // kConflict: in use; kInvalid: no address of this machine; kUnavailable.
  [[nodiscard]] Result<std::uint16_t> Listen(const std::string& host, const std::string& port);
  // Beyond what leaves some descriptors to the rest of the program, connections are closed
  // as they come: as many as there are now, less a quarter or `kMostSpared`.
  void Start(Connected connected);
  void Stop();

  static constexpr int kMostSpared = 256;

 private:
  void Run(const std::stop_token& stop);
  // False: it is of no use to ask again at once.
  [[nodiscard]] bool Accept(int listener);
  void Complain(int error);

  std::vector<int> listeners_;
  int wake_ = -1;    // an eventfd, which ends Run()'s wait
  int highest_ = 0;  // descriptor that a connection may have
  Connected connected_;
  std::chrono::steady_clock::time_point complained_{};
  std::uint64_t turned_away_ = 0;
  std::jthread thread_;
};

}  // namespace rollcall::etcdapi
