#include "etcdapi/lease_service.h"

#include <mutex>
#include <utility>

namespace rollcall::etcdapi {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

// Answers one request after the other; what a client does not read, it does not get
// more of.  Deletes itself when gRPC is done with it.
class LeaseService::Stream final : public KeepAliveReactor {
 public:
  Stream(LeaseService& service, CallbackServerContext& context, Budget::Share share)
      : service_(service), cutter_(context), share_(std::move(share)) {
    auto streams = service_.streams_.Lock();
    streams->all.insert(this);
    if (streams->closed) {
      End({ErrorCode::kUnavailable, "server stopped"});
    } else {
      StartRead(&request_);
    }
  }

  // Called by gRPC, which does not call OnDone() before it has returned, or under the
  // lock that OnDone() takes.
  void End(const Error& why) {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return;
    cutter_.Cut(why);
    Finish(ToGrpc(why));
  }

 private:
  void OnReadDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    if (!ok) {
      ended_ = true;
      return Finish(grpc::Status::OK);
    }
    const Shared& shared = service_.shared_;
    // Before the renewal: nobody may conclude that the lease was alive at a revision
    // at which it was not any more.
    *response_.mutable_header() = shared.HeaderAt(shared.engine.revision());
    response_.set_id(request_.id());
    const auto ttl = shared.engine.KeepAlive(request_.id());
    response_.set_ttl(ttl ? ttl->count() : 0);
    StartWrite(&response_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return End({ErrorCode::kCancelled, "the client has gone"});
    const std::lock_guard lock(mutex_);
    if (!ended_) StartRead(&request_);
  }
  void OnCancel() override { End({ErrorCode::kCancelled, "the client has gone"}); }
  void OnDone() override {
    service_.streams_.Lock()->all.erase(this);
    delete this;
  }

  LeaseService& service_;
  const Cutter cutter_;
  const Budget::Share share_;
  std::mutex mutex_;  // nothing may be started behind the end
  bool ended_ = false;
  etcdserverpb::LeaseKeepAliveRequest request_;
  etcdserverpb::LeaseKeepAliveResponse response_;
};

KeepAliveReactor* LeaseService::LeaseKeepAlive(CallbackServerContext* context) {
  auto share = budget_.Take(1);
  if (share) return new Stream(*this, *context, *std::move(share));
  return new RefusedStream<etcdserverpb::LeaseKeepAliveRequest,
                           etcdserverpb::LeaseKeepAliveResponse>(
      {ErrorCode::kExhausted,
       "too many keep-alive streams, at most " + std::to_string(shared_.limits.lease_streams)});
}

void LeaseService::Close() {
  auto streams = streams_.Lock();
  streams->closed = true;
  for (Stream* stream : streams->all) stream->End({ErrorCode::kUnavailable, "server stopped"});
}

// --- unary

ServerUnaryReactor* LeaseService::LeaseGrant(CallbackServerContext* context,
                                             const etcdserverpb::LeaseGrantRequest* request,
                                             etcdserverpb::LeaseGrantResponse* response) {
  return shared_.Begin(*context, [&](Call* call) {
    const std::chrono::seconds ttl(request->ttl());
    shared_.engine.Grant(
        ttl, request->id(), [this, call, response](const Result<store::Lease>& lease) {
          if (!lease) return call->Refuse(lease.error());
          *response->mutable_header() = shared_.HeaderAt(shared_.engine.revision());
          response->set_id(lease->id);
          response->set_ttl(lease->ttl.count());
          call->Answer();
        });
  });
}

ServerUnaryReactor* LeaseService::LeaseRevoke(CallbackServerContext* context,
                                              const etcdserverpb::LeaseRevokeRequest* request,
                                              etcdserverpb::LeaseRevokeResponse* response) {
  return shared_.Begin(*context, [&](Call* call) {
    shared_.engine.Revoke(request->id(),
                          [this, call, response](const Result<store::Revision>& done) {
                            if (!done) return call->Refuse(done.error());
                            *response->mutable_header() = shared_.HeaderAt(*done);
                            call->Answer();
                          });
  });
}

ServerUnaryReactor* LeaseService::LeaseTimeToLive(
    CallbackServerContext* context, const etcdserverpb::LeaseTimeToLiveRequest* request,
    etcdserverpb::LeaseTimeToLiveResponse* response) {
  return shared_.Begin(*context, [&](Call* call) {
    *response->mutable_header() = shared_.HeaderAt(shared_.engine.revision());
    response->set_id(request->id());
    const auto info = shared_.engine.TimeToLive(request->id(), request->keys());
    response->set_ttl(info ? info->left.count() : -1);  // unknown is no error
    if (info) {
      response->set_grantedttl(info->granted.count());
      for (const std::string& key : info->keys) response->add_keys(key);
    }
    call->Answer();
  });
}

ServerUnaryReactor* LeaseService::LeaseLeases(CallbackServerContext* context,
                                              const etcdserverpb::LeaseLeasesRequest*,
                                              etcdserverpb::LeaseLeasesResponse* response) {
  return shared_.Begin(*context, [&](Call* call) {
    *response->mutable_header() = shared_.HeaderAt(shared_.engine.revision());
    for (const store::LeaseId id : shared_.engine.Leases()) response->add_leases()->set_id(id);
    call->Answer();
  });
}

}  // namespace rollcall::etcdapi
