// etcd's services about the server itself: Cluster, Maintenance and Auth.  Includes
// gRPC: for .cc files of this room only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "etcd/rpc.grpc.pb.h"
#include "etcdapi/shared.h"

namespace rollcall::etcdapi {

// How the server presents itself, as the only member of its cluster.
struct Card {
  std::string name;
  std::vector<std::string> client_urls;  // where clients are to connect to
};

class ClusterService final : public etcdserverpb::Cluster::CallbackService {
 public:
  explicit ClusterService(Shared& shared) : shared_(shared) {}

  // Once it is known where the server listens, at its start.
  void Present(Card card) { *card_.Lock() = std::move(card); }

  // Without a user, as in etcd: clients ask it before they log in.
  grpc::ServerUnaryReactor* MemberList(grpc::CallbackServerContext* context,
                                       const etcdserverpb::MemberListRequest* request,
                                       etcdserverpb::MemberListResponse* response) override;

 private:
  Shared& shared_;
  Guarded<Card> card_;
};

class MaintenanceService final : public etcdserverpb::Maintenance::CallbackService {
 public:
  explicit MaintenanceService(Shared& shared) : shared_(shared) {}

  // These two without a user, as in etcd: they are how its health is watched.
  grpc::ServerUnaryReactor* Alarm(grpc::CallbackServerContext* context,
                                  const etcdserverpb::AlarmRequest* request,
                                  etcdserverpb::AlarmResponse* response) override;
  grpc::ServerUnaryReactor* Status(grpc::CallbackServerContext* context,
                                   const etcdserverpb::StatusRequest* request,
                                   etcdserverpb::StatusResponse* response) override;

  grpc::ServerUnaryReactor* Defragment(grpc::CallbackServerContext* context,
                                       const etcdserverpb::DefragmentRequest* request,
                                       etcdserverpb::DefragmentResponse* response) override;
  grpc::ServerUnaryReactor* Hash(grpc::CallbackServerContext* context,
                                 const etcdserverpb::HashRequest* request,
                                 etcdserverpb::HashResponse* response) override;
  grpc::ServerUnaryReactor* HashKV(grpc::CallbackServerContext* context,
                                   const etcdserverpb::HashKVRequest* request,
                                   etcdserverpb::HashKVResponse* response) override;

 private:
  // The alarm that is on; NONE: none.
  [[nodiscard]] etcdserverpb::AlarmType alarm() const;
  // Has `read`, which answers `call`, walk through all that is there.
  void ReadAll(Call* call, Workers::Task read);

  Shared& shared_;
};

class AuthService final : public etcdserverpb::Auth::CallbackService {
 public:
  explicit AuthService(Shared& shared) : shared_(shared) {}

  grpc::ServerUnaryReactor* Authenticate(grpc::CallbackServerContext* context,
                                         const etcdserverpb::AuthenticateRequest* request,
                                         etcdserverpb::AuthenticateResponse* response) override;
  grpc::ServerUnaryReactor* AuthStatus(grpc::CallbackServerContext* context,
                                       const etcdserverpb::AuthStatusRequest* request,
                                       etcdserverpb::AuthStatusResponse* response) override;

 private:
  Shared& shared_;
  Workers logins_{1};  // bcrypt takes its time
};

}  // namespace rollcall::etcdapi
