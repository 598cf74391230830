// One client's connection: reads requests, has them admitted and answered, one after another.
//
// While a request is with its handler the connection goes on reading, to notice a client that
// leaves; what it reads beyond it waits for its turn, within a bound.
//
// Threads: Wake() from any; all else on its loop's.
#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "serving/http/loop.h"
#include "serving/http/pending.h"
#include "serving/http/request_head.h"
#include "serving/http/shared.h"

namespace rollcall::serving::http {

class Connection final : public Waker, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Loop> loop, Shared& shared, boost::asio::ip::tcp::socket socket);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Start();
  void Wake() override;

  // When TimeOut() is due.
  [[nodiscard]] SteadyTime deadline() const { return std::min(deadline_, write_deadline_); }
  [[nodiscard]] bool idle() const { return phase_ == Phase::kIdle; }
  // Since when a large answer is on its way that was made for this client alone.
  [[nodiscard]] std::optional<SteadyTime> taking_since() const { return taking_since_; }
  void TimeOut();
  // The client reads too slowly.
  void CutOff();
  // Ends what has no end of its own, and closes once nothing is owed.
  void BeginStop();
  void Close();

 private:
  enum class Phase : std::uint8_t {
    kHandshake,
    kIdle,       // between requests
    kHead,       // of a request, some octets of it are there
    kAdmission,  // a password is computed
    kBody,
    kAnswer,  // with the handler, or on its way to the client
    kEnd,     // all is said: what still comes is thrown away, so that the answer gets through
    kClosed,
  };
  // Octets on their way out: some text, and what is shared with others behind it.
  struct Item {
    std::string text;
    Octets shared = nullptr;
    bool end_of_chunk = false;  // a line end behind it
    std::size_t waiting = 0;    // of Pending::State::waiting

    [[nodiscard]] std::size_t size() const {
      return text.size() + (shared ? shared->size() : 0) + (end_of_chunk ? 2 : 0);
    }
  };
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void Enter(Phase phase, std::chrono::milliseconds time);
  void Handshake();
  void OnHandshake(const boost::system::error_code& error);

  // connection_read.cc
  void Read();
  void OnReadable();
  void OnRead(const boost::system::error_code& error, const char* data, std::size_t size);
  void OnEnd();
  void Parse();
  bool ParseSome();  // false: it wants more, or has given up
  void Begin();      // the next request
  void OnHead();
  void OnAdmitted(Verdict verdict);
  void OnBody();
  // target: as the client wrote it, if it was not understood; it says how errors look.
  void Refuse(Response plain, const std::string& target = "");

  // connection_write.cc
  void Flush();
  void Answer(Response response);
  bool MakeRoom(std::size_t octets);  // of Loop::untaken; false: there is none
  void GiveRoom();
  void Send(std::string text);
  void Write();
  void OnWritten(std::size_t size);
  void OnAnswered();

  const std::shared_ptr<Loop> loop_;
  Shared& shared_;
  boost::asio::ip::tcp::socket socket_;
  Peer peer_;
  PolicyPtr policy_;         // of this request
  std::string certificate_;  // the client's, if verified

  // Of an encrypted connection.
  struct Tls {
    Tls(std::shared_ptr<const TlsContext> with, boost::asio::ip::tcp::socket& socket)
        : context(std::move(with)), stream(socket, context->context()) {}
    const std::shared_ptr<const TlsContext> context;
    boost::asio::ssl::stream<boost::asio::ip::tcp::socket&> stream;
    std::array<char, 4096> read{};
  };
  std::unique_ptr<Tls> tls_;

  Phase phase_ = Phase::kHandshake;
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime write_deadline_ = SteadyTime::max();

  bool reading_ = false;
  bool ended_ = false;  // the client sends no more
  std::size_t thrown_away_ = 0;
  std::string in_;             // read and not parsed yet
  std::size_t head_size_ = 0;  // octets of the request's header that were parsed
  bool folded_ = false;        // a field of it goes on in another line
  std::optional<Parser> parser_;
  std::unique_ptr<Request> request_;
  const Route* route_ = nullptr;

  std::shared_ptr<Pending> pending_;  // of the exchange that is under way
  bool head_only_ = false;
  bool old_version_ = false;
  bool keep_alive_ = true;
  bool chunked_ = false;
  bool whole_ = false;  // nothing will follow what is in out_
  bool writing_ = false;
  std::list<Item> out_;      // of which a write that is under way borrows the first
  std::size_t written_ = 0;  // octets of its first
  std::size_t untaken_ = 0;  // of Loop::untaken
  std::optional<SteadyTime> taking_since_;
};

}  // namespace rollcall::serving::http
