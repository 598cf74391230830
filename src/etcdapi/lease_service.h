// etcd's Lease service.  Includes gRPC: for .cc files of this room only.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <condition_variable>

#include "etcd/rpc.grpc.pb.h"
#include "etcdapi/rpc.h"
#include "etcdapi/shared.h"

namespace rollcall::etcdapi {

class LeaseService final : public etcdserverpb::Lease::AsyncService {
 public:
  explicit LeaseService(Shared& shared) : shared_(shared), budget_(shared.limits.lease_streams) {}

  void Serve(Queue& queue);
  // Ends all streams; those that come later are refused.
  void Close();
  // Until the last words of all are on their way, or `limit`.
  void WaitForEnd(SteadyTime limit);
  [[nodiscard]] std::size_t streams() const { return budget_.held(); }

 private:
  class Keeper;
  using KeepAliveStream =
      Stream<etcdserverpb::LeaseKeepAliveRequest, etcdserverpb::LeaseKeepAliveResponse>;
  using GrantCall = Unary<etcdserverpb::LeaseGrantRequest, etcdserverpb::LeaseGrantResponse>;
  using RevokeCall = Unary<etcdserverpb::LeaseRevokeRequest, etcdserverpb::LeaseRevokeResponse>;
  using TimeToLiveCall =
      Unary<etcdserverpb::LeaseTimeToLiveRequest, etcdserverpb::LeaseTimeToLiveResponse>;
  using LeasesCall = Unary<etcdserverpb::LeaseLeasesRequest, etcdserverpb::LeaseLeasesResponse>;

  void OnGrant(GrantCall& call);
  void OnRevoke(RevokeCall& call);
  void OnTimeToLive(TimeToLiveCall& call);
  void TellTimeToLive(TimeToLiveCall& call);
  void OnLeases(LeasesCall& call);
  // What may be large.
  template <typename AnyCall>
  void Answer(AnyCall& call) const;
  // Without a user, as in etcd: whoever keeps a lease alive knows its id, and a client's
  // keep-alive must not end because its token has.
  void OnKeepAlive(KeepAliveStream& stream);

  struct Keepers {
    absl::flat_hash_set<Keeper*> all;
    bool closed = false;
  };

  Shared& shared_;
  Budget budget_;  // of streams
  Guarded<Keepers> keepers_;
  std::condition_variable ended_;
};

}  // namespace rollcall::etcdapi
