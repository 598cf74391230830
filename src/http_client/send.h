// One request, and its answer: whole, or as it comes.
//
// Threads: any number at once; each call blocks, at most until its deadline (README.md).
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http_client/url.h"

namespace rollcall::http_client {

// Files in PEM; empty: none.
struct Tls {
  std::string ca_file;      // whom to believe; empty: whom this system believes
  std::string cert_file;    // who we are
  std::string key_file;     // its key
  std::string server_name;  // that the certificate has to be for; empty: the URL's host
  bool skip_verify = false;
};

struct Request {
  Url url;
  std::string method = "GET";
  std::string body{};
  // Besides Host; none has an end of line in it.
  std::vector<std::pair<std::string, std::string>> headers{};
  Tls tls{};
  std::chrono::milliseconds patience = std::chrono::seconds(10);  // for all of it
  std::size_t most_body = std::size_t{64} << 20;                  // octets
};

struct Response {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  std::chrono::milliseconds took{};

  // Of the first of that name, without regard to case; "": there is none.
  [[nodiscard]] std::string_view Header(std::string_view name) const;
};

// Any status is an answer, but for those that only announce one (1xx); a redirect is not followed.
// kInvalid: a file of `tls` cannot be used, a header has an end of line.  kUnavailable: no
// connection, no certificate that is believed, an answer that is not HTTP or not whole.
// kDeadline.  kExhausted: the body is larger than `most_body`.
[[nodiscard]] Result<Response> Send(const Request& request);

// The octets of a body as they come; "": nothing has come for a moment.  False: no more of it.
using Take = std::function<bool(std::string_view octets)>;

// The same of an answer without an end (server-sent events).  `patience` is for its head, and then
// for each silence.  `take` is called on this thread, at least every 200 ms, also before there is
// an answer; it has the body of one with status 200, and no other.  Another status: whole, as
// Send(). A Response: `take` has said that it is enough.  kUnavailable: also that the server has
// ended it.
[[nodiscard]] Result<Response> Follow(const Request& request, const Take& take);

// "Basic dXNlcjpwYXNz", for the header Authorization.
[[nodiscard]] std::string BasicAuthorization(std::string_view user, std::string_view password);

}  // namespace rollcall::http_client
