// DNS over TCP (RFC 7766): pipelined questions, bounded in every direction.
//
// Threads: one of its own for all addresses and connections; Answer and the view
// are used there only.  BeginStop() and Stop() may be called by another thread.
#pragma once

#include <memory>
#include <vector>

#include "serving/dns/counters.h"
#include "serving/dns/shared.h"
#include "serving/dns/socket.h"

namespace rollcall::serving::dns {

struct TcpLimits {
  std::chrono::milliseconds idle{10'000};       // since the last question or answer
  std::chrono::milliseconds first_read{3'000};  // from accept to the first question
  std::chrono::milliseconds write{5'000};       // of what is ready to be sent
  std::size_t connections = 10'000;             // beyond: the one idle for longest has to go
};

class TcpServer {
 public:
  // Borrows `shared` until destroyed.
  TcpServer(const Shared& shared, TcpLimits limits);
  ~TcpServer();  // Stop()
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;

  // Serves from these listening sockets, on a thread of its own.
  void Start(std::vector<Fd> listeners);
  // Takes no more connections and questions; what was asked is still answered.
  void BeginStop();
  // BeginStop(), then waits for the answers under way, half a second at most.
  void Stop();

  [[nodiscard]] const ThreadCounters& counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::serving::dns
