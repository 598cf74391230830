#include "etcdapi/member_services.h"

#include <utility>

namespace rollcall::etcdapi {

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

void ClusterService::Serve(Queue& queue) {
  ServeUnary(queue, *this, &ClusterService::RequestMemberList,
             [this](MemberListCall& call) { OnMemberList(call); });
}

void ClusterService::OnMemberList(MemberListCall& call) {
  *call.response.mutable_header() = shared_.HeaderAt(0);  // of no revision, as etcd's
  auto& member = *call.response.add_members();
  member.set_id(shared_.engine.identity().member_id);
  {
    auto card = card_.Lock();
    member.set_name(card->name);
    for (const std::string& url : card->client_urls) member.add_clienturls(url);
  }
  call.Answer();
}

// --- Maintenance

void MaintenanceService::Serve(Queue& queue) {
  ServeUnary(queue, *this, &MaintenanceService::RequestAlarm,
             [this](AlarmCall& call) { OnAlarm(call); });
  ServeUnary(queue, *this, &MaintenanceService::RequestStatus,
             [this](StatusCall& call) { OnStatus(call); });
  ServeUnary(queue, *this, &MaintenanceService::RequestDefragment,
             [this](DefragmentCall& call) { OnDefragment(call); });
  ServeUnary(queue, *this, &MaintenanceService::RequestHash,
             [this](HashCall& call) { OnHash(call); });
  ServeUnary(queue, *this, &MaintenanceService::RequestHashKV,
             [this](HashKvCall& call) { OnHashKv(call); });
}

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

void MaintenanceService::OnAlarm(AlarmCall& call) {
  if (call.request.action() != etcdserverpb::AlarmRequest::GET) {
    return call.Finish(
        {grpc::StatusCode::UNIMPLEMENTED,
         "rollcall's alarms follow the disk: they go when there is room again, or when "
         "it has been started on a disk that works"});
  }
  *call.response.mutable_header() = shared_.HeaderAt(shared_.engine.revision());
  const auto on = alarm();
  const auto wanted = call.request.alarm();
  if (on != etcdserverpb::NONE && (wanted == etcdserverpb::NONE || wanted == on)) {
    auto& entry = *call.response.add_alarms();
    entry.set_memberid(shared_.engine.identity().member_id);
    entry.set_alarm(on);
  }
  call.Answer();
}

void MaintenanceService::OnStatus(StatusCall& call) {
  const auto& identity = shared_.engine.identity();
  const auto figures = shared_.engine.figures();
  const store::Revision revision = shared_.engine.revision();
  *call.response.mutable_header() = shared_.HeaderAt(revision);
  call.response.set_version(kVersion);
  // Of a store that is not kept, what it takes in memory.
  const bool kept = figures.disk.file > 0;
  call.response.set_dbsize(kept ? Signed(figures.disk.file) : Signed(figures.bytes));
  call.response.set_dbsizeinuse(kept ? Signed(figures.disk.used) : Signed(figures.bytes));
  call.response.set_leader(identity.member_id);
  call.response.set_raftterm(identity.term);
  // Without raft the log is the history: its index is the revision.
  call.response.set_raftindex(static_cast<std::uint64_t>(revision));
  call.response.set_raftappliedindex(static_cast<std::uint64_t>(revision));
  const Health health = shared_.engine.health();
  if (health.state != Health::State::kGood) {
    call.response.add_errors(etcdserverpb::AlarmType_Name(alarm()) + ": " + health.why);
  }
  call.Answer();
}

void MaintenanceService::OnDefragment(DefragmentCall& call) {
  shared_.Begin(call, [&] {
    // Nothing to do: LMDB writes into the pages that have become free.
    *call.response.mutable_header() = shared_.HeaderAt(shared_.engine.revision());
    call.Answer();
  });
}

void MaintenanceService::OnHash(HashCall& call) {
  shared_.Begin(call, [&] {
    shared_.Read(call, [this, &call] {
      const auto hash = shared_.engine.HashAt(0);
      if (!hash) return call.Refuse(hash.error());
      *call.response.mutable_header() = shared_.HeaderAt(hash->revision);
      call.response.set_hash(hash->hash);
      call.Answer();
    });
  });
}

void MaintenanceService::OnHashKv(HashKvCall& call) {
  shared_.Begin(call, [&] {
    shared_.Read(call, [this, &call] {
      const auto hash = shared_.engine.HashAt(call.request.revision());
      if (!hash) return call.Refuse(hash.error());
      *call.response.mutable_header() = shared_.HeaderAt(shared_.engine.revision());
      call.response.set_hash(hash->hash);
      call.response.set_compact_revision(hash->compacted);
      call.Answer();
    });
  });
}

// --- Auth

void AuthService::Serve(Queue& queue) {
  ServeUnary(queue, *this, &AuthService::RequestAuthenticate,
             [this](AuthenticateCall& call) { OnAuthenticate(call); });
  ServeUnary(queue, *this, &AuthService::RequestAuthStatus,
             [this](AuthStatusCall& call) { OnAuthStatus(call); });
}

void AuthService::OnAuthenticate(AuthenticateCall& call) {
  const auto let_in = [this, &call](std::string token) {
    *call.response.mutable_header() = shared_.HeaderAt(shared_.engine.revision());
    call.response.set_token(std::move(token));
    call.Answer();
  };
  // Not in the queue, which those who guess may fill.
  if (auto token = shared_.gate->LogInAgain(call.request.name(), call.request.password())) {
    return let_in(*std::move(token));
  }
  const bool posted = logins_.PostIfRoom(
      [this, &call, let_in] {
        auto token = shared_.gate->LogIn(call.request.name(), call.request.password());
        if (!token) return call.Refuse(token.error());
        let_in(*std::move(token));
      },
      shared_.limits.logins_waiting);
  if (!posted) call.Refuse(TooManyRequests());
}

void AuthService::OnAuthStatus(AuthStatusCall& call) {
  shared_.Begin(call, [&] {
    *call.response.mutable_header() = shared_.HeaderAt(shared_.engine.revision());
    call.response.set_enabled(shared_.gate->has_users());
    call.Answer();
  });
}

}  // namespace rollcall::etcdapi
