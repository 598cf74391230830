// One HTTP request and the answer that is due: what handlers see of HTTP.
//
// No Beast in here, so that a handler can be written and tested without a socket
// (serving/http/testing/).  Requests have passed the bounds of the server and the rights of
// their route before a handler sees them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rollcall::serving::http {

// Who asks, as far as is known.
struct Peer {
  std::string address;  // as text, without the port; an IPv4-mapped one as IPv4
  bool loopback = false;
  bool encrypted = false;
  // The user of basic auth, "token:NAME" or "cert:SUBJECT"; "": nobody said who he is.
  std::string user = {};
};

struct Field {
  std::string name;
  std::string value;
};

// Which registrations a writer may write.
struct Scope {
  std::vector<std::string> names = {};  // at or below one of these; none: any
  bool own_address = false;             // only such that have the address of the peer
};

struct Request {
  std::string method = "GET";  // a HEAD is a GET whose body stays here
  // Percent-decoded, valid UTF-8, without control characters; begins with '/', and has no
  // empty segment, "." or "..": what is not so was refused.
  std::string path = "/";
  std::vector<Field> parameters = {};  // of the query, decoded as a form's, in order
  std::vector<Field> headers = {};     // names in lower case; without Authorization
  std::string body = {};
  Peer peer = {};
  Scope scope = {};  // of who may write at all, as the route asked for

  // The first of that name; null: there is none.
  [[nodiscard]] const std::string* Parameter(std::string_view name) const;
  [[nodiscard]] const std::string* Header(std::string_view name) const;
};

// Shared where many clients are sent the same.
using Octets = std::shared_ptr<const std::string>;
using Pieces = std::vector<Octets>;  // one behind the other
using Body = std::variant<std::string, Octets, Pieces>;

struct Response {
  unsigned status = 200;
  Body body = {};
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<Field> headers = {};  // besides those that every answer has
};

// Thread rule: any thread may call the members, one at a time; they never wait.
class Exchange {
 public:
  virtual ~Exchange() = default;

  [[nodiscard]] virtual const Request& request() const = 0;

  // The whole answer.  Once, unless Begin() was called.  Who lets an exchange go without an
  // answer gives a 500.
  virtual void Reply(Response response) = 0;

  // An answer whose pieces come one by one, its length not known.  `head`: without a body; or
  // with the first Pieces of one that is being made, so that a client which sends no more is no
  // reason to end it (as it is for one that goes on until something happens).
  virtual void Begin(Response head) = 0;
  // False: the client has gone, or has let too much wait that it does not read (it is cut
  // off); no more is wanted.
  [[nodiscard]] virtual bool Send(Octets piece) = 0;
  // As Send(), of a piece that others hold as well: whoever made it bounds how many there are, and
  // no client is cut off for those that it has not read yet.  So are the Pieces of a head.
  [[nodiscard]] virtual bool SendShared(Octets piece) = 0;
  virtual void End() = 0;
  // Octets of Send() alone that have not been taken by the client's system yet.
  [[nodiscard]] virtual std::size_t waiting() const = 0;

  // Called at most once, on a thread of the server, when the client is gone (or the server
  // stops) before the answer was whole; at once if it is so already.  Must not wait.
  virtual void WhenGone(std::function<void()> gone) = 0;
};
using ExchangePtr = std::shared_ptr<Exchange>;

// Called on a thread of the server, for GET only unless the route says otherwise.  Must not
// wait unless the route `waits`; may keep the exchange and answer it later.
using Handler = std::function<void(const ExchangePtr&)>;

// What somebody must be allowed to, see access.h.
enum class Right : std::uint8_t {
  kNone,  // for everybody: health
  kRead,
  kWrite,
};

struct Route {
  std::string method = "GET";
  // Whole ("/metrics", "/"), or all that begins with it, if more than "/" and it ends with '/'
  // ("/sd/"); the longest counts.
  std::string path;
  Handler handler;
  Right right = Right::kRead;
  // Its handler may wait for the store: it runs on threads of its own, of which there are
  // few, and behind a bounded queue (503 beyond it).
  bool waits = false;
  // Octets of a body at most; 0: it has none (413).
  std::size_t most_body = 0;
};

// A handler that answers at once.
[[nodiscard]] Handler Answering(std::function<Response(const Request&)> answer);

}  // namespace rollcall::serving::http
