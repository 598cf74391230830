// The store contract over gRPC to an etcd cluster.
//
// No gRPC type appears here.  Threads: as store::Store; each watch has a reader
// thread of its own, and may outlive its client.
//
// Failover: a member that fails or stays silent is left for the next one.  Reads
// and watches are tried on every member within the caller's deadline, each with an
// equal share of what is left; a write goes to another member only if it cannot
// have happened.  One round over the members, then the error: when to come back is
// the caller's to say.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace rollcall::store::etcd {

struct Options {
  std::vector<std::string> endpoints;  // "http://127.0.0.1:2379", "https://..."
  std::string ca_file;                 // PEM; https only
  std::string cert_file;               // client certificate, with key_file
  std::string key_file;
  std::string user;
  std::string password;
  std::string password_file;  // its first line, read at every login, goes before `password`
  std::chrono::milliseconds keepalive_time{5000};
  std::chrono::milliseconds keepalive_timeout{3000};
  std::chrono::milliseconds connect_timeout{4000};  // of one attempt
};

// Calls made by the caller, not the tries they took.
struct ClientCounters {
  std::uint64_t range_requests = 0;
  std::uint64_t txn_requests = 0;
  std::uint64_t watch_streams = 0;
  std::uint64_t lease_requests = 0;
  std::uint64_t failovers = 0;  // another member took over
};

class Client : public Store {
 public:
  [[nodiscard]] virtual ClientCounters counters() const = 0;
};

// Does not connect: the first call does.  kInvalid: an endpoint that is no URL, http
// beside https, and as CheckFiles().
[[nodiscard]] Result<std::unique_ptr<Client>> Connect(const Options& options);

// The certificate files alone, for who wants to know before there are endpoints.
// kInvalid: one that cannot be used, or a key that is not the certificate's.
[[nodiscard]] Result<void> CheckFiles(const Options& options);

}  // namespace rollcall::store::etcd
