// HTTP/1.1 for Prometheus, for programs and for people: listens, and calls what the path names.
//
// Bounded: connections, the size of a request and of what waits for a slow reader, the time that a
// client may take for a request or to take some of an answer, the requests that wait for the
// store; whoever is beyond a bound hears so, or is closed.
//
// Threads: I/O threads, on which handlers are called (exchange.h), and a few for those that wait.
// Start() and Stop() on one thread; counters() on any.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "serving/http/exchange.h"
#include "serving/http/options.h"

namespace rollcall::serving::http {

struct Counters {
  std::size_t connections = 0;  // now
  std::uint64_t accepted = 0;
  std::uint64_t turned_away = 0;  // connections beyond the bound
  std::uint64_t cut_off = 0;      // that read too slowly
  std::uint64_t failed_logins = 0;
  std::uint64_t limited = 0;                  // requests that came too often
  std::map<unsigned, std::uint64_t> answers;  // by status
};

class Server {
 public:
  Server(Options options, std::vector<Route> routes);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens when it returns.  kInvalid: no address; kConflict: one that is in use;
  // kUnavailable: one that cannot be had.
  [[nodiscard]] Result<void> Start();
  // Where it listens.  Requires: started.
  [[nodiscard]] const std::vector<std::string>& bound() const;
  [[nodiscard]] Counters counters() const;

  // Listens no more, answers what is under way, ends streams, tells those that hold an exchange
  // (WhenGone); closes what is left after Options::stop_time.  Handlers are not called any more
  // when it returns, and exchanges that are still held lead nowhere.
  void Stop();

 private:
  class Running;

  std::unique_ptr<Running> running_;
  Options options_;
  std::vector<Route> routes_;
};

}  // namespace rollcall::serving::http
