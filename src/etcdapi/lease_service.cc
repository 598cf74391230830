#include "etcdapi/lease_service.h"

#include <mutex>
#include <utility>

namespace rollcall::etcdapi {

// Answers one request after the other; what a client does not read, it does not get
// more of.  Deletes itself when gRPC is done with it.
class LeaseService::Keeper final : private StreamEvents {
 public:
  Keeper(LeaseService& service, KeepAliveStream& stream, Budget::Share share)
      : service_(service), stream_(stream), cutter_(stream.context()), share_(std::move(share)) {
    stream_.Tell(*this);
    auto keepers = service_.keepers_.Lock();
    keepers->all.insert(this);
    if (keepers->closed) {
      End({ErrorCode::kUnavailable, "server stopped"});
    } else {
      stream_.Read(request_);
    }
  }

  // Called for an event, behind which alone OnDone() comes, or under the lock that
  // OnDone() takes.
  void End(const Error& why) {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return;
    cutter_.Cut(why);
    stream_.Finish(ToGrpc(why));
  }

 private:
  void OnReadDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    if (!ok) {
      ended_ = true;
      return stream_.Finish(grpc::Status::OK);
    }
    const Shared& shared = service_.shared_;
    // Before the renewal: nobody may conclude that the lease was alive at a revision
    // at which it was not any more.
    *response_.mutable_header() = shared.HeaderAt(shared.engine.revision());
    response_.set_id(request_.id());
    const auto ttl = shared.engine.KeepAlive(request_.id());
    response_.set_ttl(ttl ? ttl->count() : 0);
    stream_.Write(response_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return End({ErrorCode::kCancelled, "the client has gone"});
    const std::lock_guard lock(mutex_);
    if (!ended_) stream_.Read(request_);
  }
  void OnGone() override { End({ErrorCode::kCancelled, "the client has gone"}); }
  void OnDone() override {
    {
      auto keepers = service_.keepers_.Lock();
      keepers->all.erase(this);
      if (keepers->all.empty()) service_.ended_.notify_all();
    }
    delete this;
  }

  LeaseService& service_;
  KeepAliveStream& stream_;
  const Cutter cutter_;
  const Budget::Share share_;
  std::mutex mutex_;  // nothing may be started behind the end
  bool ended_ = false;
  etcdserverpb::LeaseKeepAliveRequest request_;
  etcdserverpb::LeaseKeepAliveResponse response_;
};

void LeaseService::Serve(Queue& queue) {
  ServeUnary(queue, *this, &LeaseService::RequestLeaseGrant,
             [this](GrantCall& call) { OnGrant(call); });
  ServeUnary(queue, *this, &LeaseService::RequestLeaseRevoke,
             [this](RevokeCall& call) { OnRevoke(call); });
  ServeUnary(queue, *this, &LeaseService::RequestLeaseTimeToLive,
             [this](TimeToLiveCall& call) { OnTimeToLive(call); });
  ServeUnary(queue, *this, &LeaseService::RequestLeaseLeases,
             [this](LeasesCall& call) { OnLeases(call); });
  ServeStreams(queue, *this, &LeaseService::RequestLeaseKeepAlive,
               [this](KeepAliveStream& stream) { OnKeepAlive(stream); });
}

void LeaseService::OnKeepAlive(KeepAliveStream& stream) {
  if (auto share = budget_.Take(1)) {
    new Keeper(*this, stream, *std::move(share));
  } else {
    stream.Refuse({ErrorCode::kExhausted, "too many keep-alive streams, at most " +
                                              std::to_string(shared_.limits.lease_streams)});
  }
}

void LeaseService::Close() {
  auto keepers = keepers_.Lock();
  keepers->closed = true;
  for (Keeper* keeper : keepers->all) keeper->End({ErrorCode::kUnavailable, "server stopped"});
}

void LeaseService::WaitForEnd(SteadyTime limit) {
  auto keepers = keepers_.Lock();
  (void)keepers.WaitUntil(ended_, limit, [&] { return keepers->all.empty(); });
}

// --- unary

void LeaseService::OnGrant(GrantCall& call) {
  shared_.Begin(call, [&] {
    const std::chrono::seconds ttl(call.request.ttl());
    shared_.engine.Grant(ttl, call.request.id(), [this, &call](const Result<store::Lease>& lease) {
      if (!lease) return call.Refuse(lease.error());
      *call.response.mutable_header() = shared_.HeaderAt(shared_.engine.revision());
      call.response.set_id(lease->id);
      call.response.set_ttl(lease->ttl.count());
      call.Answer();
    });
  });
}

void LeaseService::OnRevoke(RevokeCall& call) {
  shared_.Begin(call, [&] {
    shared_.engine.Revoke(call.request.id(), [this, &call](const Result<store::Revision>& done) {
      if (!done) return call.Refuse(done.error());
      *call.response.mutable_header() = shared_.HeaderAt(*done);
      call.Answer();
    });
  });
}

void LeaseService::OnTimeToLive(TimeToLiveCall& call) {
  shared_.Begin(call, [&] {
    if (!call.request.keys()) return TellTimeToLive(call);
    shared_.Read(call, [this, &call] { TellTimeToLive(call); });
  });
}

void LeaseService::TellTimeToLive(TimeToLiveCall& call) {
  auto& response = call.response;
  *response.mutable_header() = shared_.HeaderAt(shared_.engine.revision());
  response.set_id(call.request.id());
  const auto info = shared_.engine.TimeToLive(call.request.id(), call.request.keys());
  response.set_ttl(info ? info->left.count() : -1);  // unknown is no error
  if (info) {
    response.set_grantedttl(info->granted.count());
    for (const std::string& key : info->keys) response.add_keys(key);
  }
  Answer(call);
}

void LeaseService::OnLeases(LeasesCall& call) {
  shared_.Begin(call, [&] {
    shared_.Read(call, [this, &call] {
      *call.response.mutable_header() = shared_.HeaderAt(shared_.engine.revision());
      for (const store::LeaseId id : shared_.engine.Leases()) {
        call.response.add_leases()->set_id(id);
      }
      Answer(call);
    });
  });
}

template <typename AnyCall>
void LeaseService::Answer(AnyCall& call) const {
  if (!shared_.MayAnswer(call, call.response.ByteSizeLong())) return call.Refuse(TooManyRequests());
  call.Answer();
}

}  // namespace rollcall::etcdapi
