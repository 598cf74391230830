// What a server is told, and its bounds.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "serving/http/exchange.h"
#include "serving/http/policy.h"

namespace rollcall::serving::http {

// How errors look below a path: "/api/" answers in JSON, say.
struct ErrorStyle {
  std::string prefix;
  // `message`: one sentence, without an end of line.
  std::function<Response(unsigned status, const std::string& message)> make;
};

struct Options {
  std::vector<std::string> listen;  // "127.0.0.1:9530", "[::1]:0" (0: a free port)
  std::vector<std::string> names;   // that Host may have, besides addresses and localhost
  PolicySource policy;              // none: plain HTTP, as access.h says for no logins
  std::vector<ErrorStyle> errors;   // the first whose prefix fits; else text

  std::size_t threads = 2;          // for connections
  std::size_t waiting_threads = 4;  // for routes that wait
  std::size_t most_waiting = 256;   // requests in their queue

  // Beyond it, idle ones give way, or the new one goes.  At most half of the files that this
  // process may have open when the server starts.
  std::size_t most_connections = 20'000;
  std::size_t most_per_address = 0;    // of them; 0: all
  std::size_t most_header = 16'384;    // octets of a request's line and header
  std::size_t most_unread = 1U << 20;  // octets that a stream's reader may leave waiting
  // Octets of answers that were made for one client each and that he has not taken; beyond it, who
  // has been at his for longest is cut off, but not within `take_time`: then the new one is 503.
  std::size_t most_untaken = 256U << 20;
  std::chrono::milliseconds take_time{1'000};
  std::chrono::milliseconds header_time{10'000};    // for a handshake, or a request's header
  std::chrono::milliseconds body_time{30'000};      // for a request's body
  std::chrono::milliseconds progress_time{20'000};  // for a client to take some of an answer
  // Between two requests.  Prometheus keeps its connections for 5 minutes; who closes first
  // should be the client, or a request may cross our end.
  std::chrono::milliseconds idle_time{360'000};
  std::chrono::milliseconds stop_time{2'000};  // to answer what is under way
};

}  // namespace rollcall::serving::http
