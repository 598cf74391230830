// etcd's services about the server itself: Cluster, Maintenance and Auth.  Includes
// gRPC: for .cc files of this room only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "etcd/rpc.grpc.pb.h"
#include "etcdapi/rpc.h"
#include "etcdapi/shared.h"

namespace rollcall::etcdapi {

// How the server presents itself, as the only member of its cluster.
struct Card {
  std::string name;
  std::vector<std::string> client_urls;  // where clients are to connect to
};

class ClusterService final : public etcdserverpb::Cluster::AsyncService {
 public:
  explicit ClusterService(Shared& shared) : shared_(shared) {}

  // Once it is known where the server listens, at its start.
  void Present(Card card) { *card_.Lock() = std::move(card); }

  void Serve(Queue& queue);

 private:
  using MemberListCall = Unary<etcdserverpb::MemberListRequest, etcdserverpb::MemberListResponse>;

  // Without a user, as in etcd: clients ask it before they log in.
  void OnMemberList(MemberListCall& call);

  Shared& shared_;
  Guarded<Card> card_;
};

class MaintenanceService final : public etcdserverpb::Maintenance::AsyncService {
 public:
  explicit MaintenanceService(Shared& shared) : shared_(shared) {}

  void Serve(Queue& queue);

 private:
  using AlarmCall = Unary<etcdserverpb::AlarmRequest, etcdserverpb::AlarmResponse>;
  using StatusCall = Unary<etcdserverpb::StatusRequest, etcdserverpb::StatusResponse>;
  using DefragmentCall = Unary<etcdserverpb::DefragmentRequest, etcdserverpb::DefragmentResponse>;
  using HashCall = Unary<etcdserverpb::HashRequest, etcdserverpb::HashResponse>;
  using HashKvCall = Unary<etcdserverpb::HashKVRequest, etcdserverpb::HashKVResponse>;

  // These two without a user, as in etcd: they are how its health is watched.
  void OnAlarm(AlarmCall& call);
  void OnStatus(StatusCall& call);

  void OnDefragment(DefragmentCall& call);
  void OnHash(HashCall& call);
  void OnHashKv(HashKvCall& call);
  // The alarm that is on; NONE: none.
  [[nodiscard]] etcdserverpb::AlarmType alarm() const;

  Shared& shared_;
};

class AuthService final : public etcdserverpb::Auth::AsyncService {
 public:
  explicit AuthService(Shared& shared) : shared_(shared) {}

  void Serve(Queue& queue);

 private:
  using AuthenticateCall =
      Unary<etcdserverpb::AuthenticateRequest, etcdserverpb::AuthenticateResponse>;
  using AuthStatusCall = Unary<etcdserverpb::AuthStatusRequest, etcdserverpb::AuthStatusResponse>;

  void OnAuthenticate(AuthenticateCall& call);
  void OnAuthStatus(AuthStatusCall& call);

  Shared& shared_;
  Workers logins_{1};  // bcrypt takes its time
};

}  // namespace rollcall::etcdapi
