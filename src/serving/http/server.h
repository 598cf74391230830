// HTTP/1.1 for those who operate rollcall and for Prometheus: GET and HEAD of a few paths,
// each answered from memory.
//
// Bounded: connections, the size of a request, and the time that a client may take to send
// one and to take its answer; whoever is beyond a bound hears so, or is closed.
//
// Threads: one of its own, on which the handlers are called too; they must not wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rollcall::serving::http {

struct Response {
  unsigned status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
};
using Handler = std::function<Response()>;

struct Options {
  std::vector<std::string> listen;  // "127.0.0.1:9530", "[::1]:0" (0: a free port)
  std::size_t most_connections = 256;
  std::size_t most_header = 8192;                 // octets of a request's line and header
  std::chrono::milliseconds client_time{10'000};  // for one request, or one answer
};

class Server {
 public:
  // `paths`: what is answered under which path, without a query.
  Server(Options options, std::map<std::string, Handler, std::less<>> paths);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens when it returns.  kInvalid: no address; kConflict: one that is in use;
  // kUnavailable: one that cannot be had.
  [[nodiscard]] Result<void> Start();
  // Where it listens.  Requires: started.
  [[nodiscard]] const std::vector<std::string>& bound() const;
  void Stop();

 private:
  class Running;

  const Options options_;
  const std::map<std::string, Handler, std::less<>> paths_;
  std::unique_ptr<Running> running_;
};

}  // namespace rollcall::serving::http
