// One HTTP/2 connection to a gRPC server, without a thread and with next to no memory: so
// that ten thousand of them fit into one process beside the server they are to try.
//
// Speaks what gRPC needs and no more: no TLS, no compression, no flow control of its own
// (windows are opened wide, and requests are small).  Not for use outside of tests.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace rollcall::agents {

class H2Connection {
 public:
  H2Connection() = default;
  ~H2Connection() { Close(); }
  H2Connection(const H2Connection&) = delete;
  H2Connection& operator=(const H2Connection&) = delete;

  // To 127.0.0.1.  kUnavailable, kDeadline.
  [[nodiscard]] Result<void> Connect(std::uint16_t port, SteadyTime deadline);
  void Close();
  [[nodiscard]] bool open() const { return fd_ >= 0; }

  // Begins a call and sends these messages; `last`: no more will follow.
  [[nodiscard]] Result<std::uint32_t> Call(const std::string& path,
                                           const std::vector<std::string>& messages, bool last);
  // Gives a call up.
  void Cancel(std::uint32_t stream);

  // The next message of a call.  kNotFound: the call has ended as the server said, with
  // status().  kDeadline: nothing came.  kUnavailable: the connection is closed.
  [[nodiscard]] Result<std::string> Next(std::uint32_t stream, SteadyTime deadline);
  // gRPC's, of the call that ended last.
  [[nodiscard]] int status() const { return status_; }
  // Takes in what has come, without waiting; false: the connection is closed.
  bool Poll();

 private:
  struct Stream {
    std::string octets;                 // of messages not yet whole
    std::vector<std::string> messages;  // in order
    std::optional<int> ended;           // gRPC's status
  };

  void Frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
             const std::string& payload);
  [[nodiscard]] bool Flush();
  [[nodiscard]] bool Wait(SteadyTime deadline);
  void Take();
  void TakeFrame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                 const std::string& payload);

  int fd_ = -1;
  std::uint32_t next_stream_ = 1;
  bool said_hello_ = false;
  int status_ = 0;
  std::string out_;
  std::string in_;
  std::map<std::uint32_t, Stream> streams_;
};

}  // namespace rollcall::agents
