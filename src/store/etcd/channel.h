// One gRPC channel to one etcd member, with the options that make it notice an
// outage, and its end, in time.  Includes gRPC: for .cc files of this room only.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <vector>

#include "base/result.h"
#include "etcd/rpc.grpc.pb.h"
#include "store/etcd/client.h"
#include "store/etcd/core/status.h"
#include "store/etcd/core/url.h"

namespace rollcall::store::etcd {

struct Member {
  Endpoint endpoint;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<etcdserverpb::KV::Stub> kv;
  std::unique_ptr<etcdserverpb::Watch::Stub> watch;
  std::unique_ptr<etcdserverpb::Lease::Stub> lease;
  std::unique_ptr<etcdserverpb::Auth::Stub> auth;
};

// Does not connect.  kInvalid: an endpoint that is no URL, a file that cannot be
// read or is not PEM, a certificate without its key.
[[nodiscard]] Result<std::vector<Member>> MakeMembers(const Options& options);

enum class Readiness { kReady, kFailed, kTimeout };

// Has the channel connect if it is idle, and waits until it is connected, has
// failed to, or `deadline` is past.
[[nodiscard]] Readiness Connect(grpc::Channel& channel, SteadyTime deadline);

// gRPC takes deadlines on the wall clock.
[[nodiscard]] std::chrono::system_clock::time_point WallDeadline(SteadyTime deadline);

[[nodiscard]] RpcStatus FromGrpc(const grpc::Status& status);

// The request was handed to a connection (it may have reached the member).
// Requires: the call is over.
[[nodiscard]] bool WasSent(const grpc::ClientContext& context);

}  // namespace rollcall::store::etcd
