// The embedded store as an etcd v3 server: what etcdctl, CoreDNS and a second rollcall
// speak to.
//
// No gRPC type appears here.  gRPC writes its own log until somebody takes it over
// (store/etcd/grpc_log.h does), which is for the program to arrange.
//
// Threads: one calls Start() and Stop(); any may ask for figures in between.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "etcdapi/limits.h"
#include "store/embedded/engine.h"

namespace rollcall::etcdapi {

// Says to gRPC what it hears from the environment alone, unless somebody has said something there
// already.  Before the first thread, and before anything else of gRPC.
void SetEnvironment();

struct ServerOptions {
  std::vector<std::string> listen_addresses;  // "127.0.0.1:2379", "[::1]:0" (0: a free port)
  // "http://host:2379", where clients are to connect to; empty: where it listens.
  std::vector<std::string> advertised_urls;
  std::string name = "rollcall";  // of the only member
  std::string cert_file;          // PEM; with key_file: TLS
  std::string key_file;
  std::string client_ca_file;  // clients have to show a certificate of it
  std::string users_file;      // core/users.h; clients have to log in
  Limits limits;
};

struct ServerFigures {
  std::size_t calls = 0;  // that have arrived and not been sent their answer
  std::size_t watch_streams = 0;
  std::size_t watches = 0;
  std::size_t lease_streams = 0;
  std::size_t watch_octets = 0;           // of messages on their way to watchers
  std::size_t answer_octets = 0;          // of large answers on their way
  std::uint64_t watch_streams_ended = 0;  // since their client did not read
};

class Server {
 public:
  // Borrows the engine for its life.
  Server(store::embedded::Engine& engine, ServerOptions options);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens when it returns.  kInvalid: an address, certificate or users file that is
  // none; kConflict: an address that is in use; kUnavailable: one that cannot be had.
  [[nodiscard]] Result<void> Start();
  // Where it listens, "127.0.0.1:2379".  Requires: started.
  [[nodiscard]] const std::vector<std::string>& bound() const;
  [[nodiscard]] ServerFigures figures() const;

  // Streams end with UNAVAILABLE, and calls that are under way have a second.
  void Stop();

 private:
  class Running;

  store::embedded::Engine& engine_;
  const ServerOptions options_;
  std::unique_ptr<Running> running_;
};

}  // namespace rollcall::etcdapi
