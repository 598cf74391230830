#include "etcdapi/member_services.h"

#include <utility>

namespace rollcall::etcdapi {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using store::embedded::Health;

namespace {

// What of etcd's API we speak: that of 3.5, without what is listed in no_such_method.cc.
// Clients compare it with the versions that brought a feature; none needs more of it.
constexpr const char* kVersion = "3.5.0";

std::int64_t Signed(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}

}  // namespace

// --- Cluster

ServerUnaryReactor* ClusterService::MemberList(CallbackServerContext*,
                                               const etcdserverpb::MemberListRequest*,
                                               etcdserverpb::MemberListResponse* response) {
  auto* call = new Call;
  *response->mutable_header() = shared_.HeaderAt(0);  // of no revision, as etcd's
  auto& member = *response->add_members();
  member.set_id(shared_.engine.identity().member_id);
  {
    auto card = card_.Lock();
    member.set_name(card->name);
    for (const std::string& url : card->client_urls) member.add_clienturls(url);
  }
  call->Answer();
  return call;
}

// --- Maintenance

etcdserverpb::AlarmType MaintenanceService::alarm() const {
  switch (shared_.engine.health().state) {
    case Health::State::kGood:
      return etcdserverpb::NONE;
    case Health::State::kFull:
      return etcdserverpb::NOSPACE;
    case Health::State::kFailed:
      return etcdserverpb::CORRUPT;
  }
  return etcdserverpb::NONE;
}

ServerUnaryReactor* MaintenanceService::Alarm(CallbackServerContext*,
                                              const etcdserverpb::AlarmRequest* request,
                                              etcdserverpb::AlarmResponse* response) {
  auto* call = new Call;
  if (request->action() != etcdserverpb::AlarmRequest::GET) {
    call->Finish({grpc::StatusCode::UNIMPLEMENTED,
                  "rollcall's alarms follow the disk: they go when there is room again, or when "
                  "it has been started on a disk that works"});
    return call;
  }
  *response->mutable_header() = shared_.HeaderAt(shared_.engine.revision());
  const auto on = alarm();
  const auto wanted = request->alarm();
  if (on != etcdserverpb::NONE && (wanted == etcdserverpb::NONE || wanted == on)) {
    auto& entry = *response->add_alarms();
    entry.set_memberid(shared_.engine.identity().member_id);
    entry.set_alarm(on);
  }
  call->Answer();
  return call;
}

ServerUnaryReactor* MaintenanceService::Status(CallbackServerContext*,
                                               const etcdserverpb::StatusRequest*,
                                               etcdserverpb::StatusResponse* response) {
  auto* call = new Call;
  const auto& identity = shared_.engine.identity();
  const auto figures = shared_.engine.figures();
  const store::Revision revision = shared_.engine.revision();
  *response->mutable_header() = shared_.HeaderAt(revision);
  response->set_version(kVersion);
  // Of a store that is not kept, what it takes in memory.
  const bool kept = figures.disk.file > 0;
  response->set_dbsize(kept ? Signed(figures.disk.file) : Signed(figures.bytes));
  response->set_dbsizeinuse(kept ? Signed(figures.disk.used) : Signed(figures.bytes));
  response->set_leader(identity.member_id);
  response->set_raftterm(identity.term);
  // Without raft the log is the history: its index is the revision.
  response->set_raftindex(static_cast<std::uint64_t>(revision));
  response->set_raftappliedindex(static_cast<std::uint64_t>(revision));
  const Health health = shared_.engine.health();
  if (health.state != Health::State::kGood) {
    response->add_errors(etcdserverpb::AlarmType_Name(alarm()) + ": " + health.why);
  }
  call->Answer();
  return call;
}

ServerUnaryReactor* MaintenanceService::Defragment(CallbackServerContext* context,
                                                   const etcdserverpb::DefragmentRequest*,
                                                   etcdserverpb::DefragmentResponse* response) {
  return shared_.Begin(*context, [&](Call* call) {
    // Nothing to do: LMDB writes into the pages that have become free.
    *response->mutable_header() = shared_.HeaderAt(shared_.engine.revision());
    call->Answer();
  });
}

void MaintenanceService::ReadAll(Call* call, Workers::Task read) {
  if (shared_.readers.PostIfRoom(std::move(read), shared_.limits.ranges_waiting)) return;
  call->Refuse({ErrorCode::kExhausted, "too many requests"});
}

ServerUnaryReactor* MaintenanceService::Hash(CallbackServerContext* context,
                                             const etcdserverpb::HashRequest*,
                                             etcdserverpb::HashResponse* response) {
  return shared_.Begin(*context, [&](Call* call) {
    ReadAll(call, [this, call, response] {
      const auto hash = shared_.engine.HashAt(0);
      if (!hash) return call->Refuse(hash.error());
      *response->mutable_header() = shared_.HeaderAt(hash->revision);
      response->set_hash(hash->hash);
      call->Answer();
    });
  });
}

ServerUnaryReactor* MaintenanceService::HashKV(CallbackServerContext* context,
                                               const etcdserverpb::HashKVRequest* request,
                                               etcdserverpb::HashKVResponse* response) {
  return shared_.Begin(*context, [&](Call* call) {
    ReadAll(call, [this, call, request, response] {
      const auto hash = shared_.engine.HashAt(request->revision());
      if (!hash) return call->Refuse(hash.error());
      *response->mutable_header() = shared_.HeaderAt(shared_.engine.revision());
      response->set_hash(hash->hash);
      response->set_compact_revision(hash->compacted);
      call->Answer();
    });
  });
}

// --- Auth

ServerUnaryReactor* AuthService::Authenticate(CallbackServerContext*,
                                              const etcdserverpb::AuthenticateRequest* request,
                                              etcdserverpb::AuthenticateResponse* response) {
  auto* call = new Call;
  const auto let_in = [this, call, response](std::string token) {
    *response->mutable_header() = shared_.HeaderAt(shared_.engine.revision());
    response->set_token(std::move(token));
    call->Answer();
  };
  // Not in the queue, which those who guess may fill.
  if (auto token = shared_.gate->LogInAgain(request->name(), request->password())) {
    let_in(*std::move(token));
    return call;
  }
  const bool posted = logins_.PostIfRoom(
      [this, call, request, let_in] {
        auto token = shared_.gate->LogIn(request->name(), request->password());
        if (!token) return call->Refuse(token.error());
        let_in(*std::move(token));
      },
      shared_.limits.logins_waiting);
  if (!posted) call->Refuse({ErrorCode::kExhausted, "too many requests"});
  return call;
}

ServerUnaryReactor* AuthService::AuthStatus(CallbackServerContext* context,
                                            const etcdserverpb::AuthStatusRequest*,
                                            etcdserverpb::AuthStatusResponse* response) {
  return shared_.Begin(*context, [&](Call* call) {
    *response->mutable_header() = shared_.HeaderAt(shared_.engine.revision());
    response->set_enabled(shared_.gate->has_users());
    call->Answer();
  });
}

}  // namespace rollcall::etcdapi
