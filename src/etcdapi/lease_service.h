// etcd's Lease service.  Includes gRPC: for .cc files of this room only.
#pragma once

#include <absl/container/flat_hash_set.h>

#include "etcd/rpc.grpc.pb.h"
#include "etcdapi/shared.h"

namespace rollcall::etcdapi {

using KeepAliveReactor = grpc::ServerBidiReactor<etcdserverpb::LeaseKeepAliveRequest,
                                                 etcdserverpb::LeaseKeepAliveResponse>;

class LeaseService final : public etcdserverpb::Lease::CallbackService {
 public:
  explicit LeaseService(Shared& shared) : shared_(shared), budget_(shared.limits.lease_streams) {}

  grpc::ServerUnaryReactor* LeaseGrant(grpc::CallbackServerContext* context,
                                       const etcdserverpb::LeaseGrantRequest* request,
                                       etcdserverpb::LeaseGrantResponse* response) override;
  grpc::ServerUnaryReactor* LeaseRevoke(grpc::CallbackServerContext* context,
                                        const etcdserverpb::LeaseRevokeRequest* request,
                                        etcdserverpb::LeaseRevokeResponse* response) override;
  grpc::ServerUnaryReactor* LeaseTimeToLive(
      grpc::CallbackServerContext* context, const etcdserverpb::LeaseTimeToLiveRequest* request,
      etcdserverpb::LeaseTimeToLiveResponse* response) override;
  grpc::ServerUnaryReactor* LeaseLeases(grpc::CallbackServerContext* context,
                                        const etcdserverpb::LeaseLeasesRequest* request,
                                        etcdserverpb::LeaseLeasesResponse* response) override;
  // Without a user, as in etcd: whoever keeps a lease alive knows its id, and a client's
  // keep-alive must not end because its token has.
  KeepAliveReactor* LeaseKeepAlive(grpc::CallbackServerContext* context) override;

  // Ends all streams; those that come later are refused.
  void Close();
  [[nodiscard]] std::size_t streams() const { return budget_.held(); }

 private:
  class Stream;
  struct Streams {
    absl::flat_hash_set<Stream*> all;
    bool closed = false;
  };

  Shared& shared_;
  Budget budget_;  // of streams
  Guarded<Streams> streams_;
};

}  // namespace rollcall::etcdapi
