// One TCP connection of the server.
//
// Frames (two octets of length, RFC 1035 section 4.2.2) are taken from the stream
// and answered in order of completion: what the view can answer at once, what the
// forwarder has to find out when it is found.  While a peer does not read its
// replies, or too many are outstanding, nothing more is read from it; and who has
// asked much at once lets others in between.
//
// Threads: all of it on the TCP thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "serving/dns/address.h"
#include "serving/dns/tcp_server.h"

namespace rollcall::serving::dns {

class TcpConnection;

// What a connection needs of the server around it.
class TcpHost {
 public:
  using Connections = std::list<std::shared_ptr<TcpConnection>>;

  virtual ~TcpHost() = default;
  // The reply to one message, borrowed until the next call; empty: none, or none
  // yet.  `deferred` tells: the forwarder has it and will call Deliver().
  [[nodiscard]] virtual std::span<const std::uint8_t> Answer(
      std::span<const std::uint8_t> message, const std::shared_ptr<TcpConnection>& asker,
      bool& deferred) = 0;
  // It was active: it is now the last to be given up.
  virtual void Touched(Connections::iterator connection) = 0;
  virtual void Closed(Connections::iterator connection) = 0;
  [[nodiscard]] virtual const TcpLimits& limits() const = 0;
};

class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
 public:
  TcpConnection(TcpHost& host, boost::asio::ip::tcp::socket socket, const SocketAddress& peer);

  // `self`: where the host holds this connection.
  void Start(TcpHost::Connections::iterator self);
  // The answer to a deferred message; empty: there is none.
  void Deliver(std::span<const std::uint8_t> reply);
  // Reads no more, and closes when everything asked was answered.
  void Finish();
  // Closes if the peer let a limit pass.
  void CloseIfExpired(SteadyTime now);
  void Close();

  // Nothing asked that is not yet answered and sent.
  [[nodiscard]] bool Idle() const {
    return deferred_ == 0 && !writing_ && ready_.empty() && !yielded_;
  }
  [[nodiscard]] const SocketAddress& peer() const { return peer_; }

 private:
  void Process();
  [[nodiscard]] bool AnswerSome();
  void Yield();
  [[nodiscard]] std::span<const std::uint8_t> NextFrame() const;
  void Take(std::size_t octets);
  void Queue(std::span<const std::uint8_t> reply);
  [[nodiscard]] bool Full() const;
  void Read();
  void Write();
  void Touch();

  TcpHost& host_;
  boost::asio::ip::tcp::socket socket_;
  SocketAddress peer_;
  std::optional<TcpHost::Connections::iterator> self_;
  std::vector<std::uint8_t> in_;
  std::size_t in_size_ = 0;
  std::vector<std::uint8_t> ready_;    // framed replies, not yet being sent
  std::vector<std::uint8_t> sending_;  // being sent
  std::size_t deferred_ = 0;
  bool reading_ = false;
  bool writing_ = false;
  bool yielded_ = false;    // Process() will be called once others had their turn
  bool finishing_ = false;  // the peer has closed its side, or we are stopping
  SteadyTime idle_deadline_;
  SteadyTime write_deadline_;
};

}  // namespace rollcall::serving::dns
