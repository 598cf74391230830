// A store that is served on a free loopback port, and stubs to ask it.  Includes gRPC.
#pragma once

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "etcd/rpc.grpc.pb.h"
#include "etcdapi/server.h"
#include "store/etcd/client.h"

namespace rollcall::etcdapi::testing {

// For what must happen, and does so long before.
inline constexpr std::chrono::seconds kLong{50};

// "OUT_OF_RANGE etcdserver: ...", "OK": a status in one line.
[[nodiscard]] std::string Describe(const grpc::Status& status);

class Served {
 public:
  // Starts, or fails the test.  By default the engine keeps nothing.
  explicit Served(ServerOptions options = {}, const store::embedded::EngineOptions& engine = {},
                  const Clock& clock = SystemClock());
  Served(ServerOptions options, std::unique_ptr<store::embedded::Engine> engine);

  [[nodiscard]] store::embedded::Engine& engine() { return *engine_; }
  [[nodiscard]] Server& server() { return *server_; }
  // "127.0.0.1:PORT"
  [[nodiscard]] std::string address() const { return server_->bound().front(); }
  [[nodiscard]] std::shared_ptr<grpc::Channel> Connect() const;
  // Our own client.
  [[nodiscard]] std::unique_ptr<store::etcd::Client> MakeClient(
      store::etcd::Options options = {}) const;

 private:
  std::unique_ptr<store::embedded::Engine> engine_;
  std::unique_ptr<Server> server_;
};

// All stubs on one channel; calls that must come back at once.
class Stubs {
 public:
  explicit Stubs(const std::shared_ptr<grpc::Channel>& channel);

  const std::unique_ptr<etcdserverpb::KV::Stub> kv;
  const std::unique_ptr<etcdserverpb::Watch::Stub> watch;
  const std::unique_ptr<etcdserverpb::Lease::Stub> lease;
  const std::unique_ptr<etcdserverpb::Cluster::Stub> cluster;
  const std::unique_ptr<etcdserverpb::Maintenance::Stub> maintenance;
  const std::unique_ptr<etcdserverpb::Auth::Stub> auth;

  // Sent with every call; "": none.
  std::string token;

  // Calls `(stub.*method)`, as in Call(*kv, &KV::Stub::Put, request, &response).
  template <typename Stub, typename Request, typename Response>
  grpc::Status Call(Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const std::type_identity_t<Request>& request, Response* response) const {
    grpc::ClientContext context;
    Prepare(context);
    return (stub.*method)(&context, request, response);
  }
  void Prepare(grpc::ClientContext& context) const;

  // These require success, and fail the test without it.
  store::Revision Put(std::string key, std::string value, store::LeaseId lease = 0) const;
  store::Revision Delete(std::string key) const;
};

// A watch stream; each Next() waits for a message.
class WatchClient {
 public:
  explicit WatchClient(const Stubs& stubs);
  ~WatchClient();

  void Create(const etcdserverpb::WatchCreateRequest& request);
  void Create(std::string key);  // of one key, from now on
  void Cancel(std::int64_t id);
  void AskProgress();
  // Fails the test if the stream is over.
  [[nodiscard]] etcdserverpb::WatchResponse Next();
  // Waits for the end of the stream.
  [[nodiscard]] grpc::Status End();
  void HalfClose() { stream_->WritesDone(); }

 private:
  void Write(const etcdserverpb::WatchRequest& request);

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<etcdserverpb::WatchRequest, etcdserverpb::WatchResponse>>
      stream_;
  bool over_ = false;
};

// Asks again and again until `condition()` holds; false: it never did.
[[nodiscard]] bool WaitUntil(const std::function<bool()>& condition);

}  // namespace rollcall::etcdapi::testing
