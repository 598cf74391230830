// Answers what arrives at one UDP socket, a batch of datagrams at a time.
//
// Threads: Run() is the worker's thread; each worker has its own socket (bound with
// SO_REUSEPORT, the kernel spreads the questions), its own reader of the view, its
// own buffers and counters.  Nothing is shared with the other workers.
#pragma once

#include <memory>
#include <stop_token>

#include "serving/dns/counters.h"
#include "serving/dns/shared.h"
#include "serving/dns/socket.h"

namespace rollcall::serving::dns {

class UdpWorker {
 public:
  // Borrows `shared`.  The socket stays open as long as the worker exists, since
  // the forwarder may still send from it.
  UdpWorker(const Shared& shared, Fd socket);
  ~UdpWorker();
  UdpWorker(const UdpWorker&) = delete;
  UdpWorker& operator=(const UdpWorker&) = delete;

  // Serves until asked to stop; ends with the batch at hand when Wake() is called, else within
  // kReceiveTimeoutMs.  No exception leaves it.
  void Run(const std::stop_token& stop);
  // Ends its waiting, for good.  Any thread.
  void Wake();

  [[nodiscard]] const ThreadCounters& counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::serving::dns
