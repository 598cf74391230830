#include "store/etcd/client.h"

#include <utility>

#include "store/etcd/cluster.h"
#include "store/etcd/convert.h"
#include "store/etcd/watch_stream.h"

namespace rollcall::store::etcd {
namespace {

using Effect = Cluster::Effect;

// One message there and one back: a stream kept open would have to be watched over
// for as long as the lease lives.
grpc::Status KeepAliveOnce(Member& member, grpc::ClientContext& context, LeaseId id,
                           etcdserverpb::LeaseKeepAliveResponse& response) {
  etcdserverpb::LeaseKeepAliveRequest request;
  request.set_id(id);
  const auto stream = member.lease->LeaseKeepAlive(&context);
  if (stream->Write(request)) stream->WritesDone();
  const bool answered = stream->Read(&response);
  grpc::Status status = stream->Finish();
  if (answered) return grpc::Status::OK;
  if (!status.ok()) return status;
  return {grpc::StatusCode::UNAVAILABLE, "keep-alive ended without an answer"};
}

class GrpcClient : public Client {
 public:
  explicit GrpcClient(std::shared_ptr<Cluster> cluster) : cluster_(std::move(cluster)) {}

  Result<RangeResponse> Range(const RangeRequest& request, Deadline deadline) override;
  Result<TxnResponse> Txn(const TxnRequest& request, Deadline deadline) override;
  Result<std::unique_ptr<Watch>> StartWatch(const WatchRequest& request,
                                            Deadline deadline) override;
  Result<Lease> LeaseGrant(std::chrono::seconds ttl, LeaseId id, Deadline deadline) override;
  Result<std::chrono::seconds> LeaseKeepAlive(LeaseId id, Deadline deadline) override;
  Result<void> LeaseRevoke(LeaseId id, Deadline deadline) override;
  Result<LeaseTimes> LeaseTimeToLive(LeaseId id, Deadline deadline) override;

  ClientCounters counters() const override {
    return {ranges_, txns_, watches_, leases_, cluster_->failovers()};
  }

 private:
  const std::shared_ptr<Cluster> cluster_;
  std::atomic<std::uint64_t> ranges_{0};
  std::atomic<std::uint64_t> txns_{0};
  std::atomic<std::uint64_t> watches_{0};
  std::atomic<std::uint64_t> leases_{0};
};

Result<RangeResponse> GrpcClient::Range(const RangeRequest& request, Deadline deadline) {
  ++ranges_;
  const etcdserverpb::RangeRequest proto = ToProto(request);
  etcdserverpb::RangeResponse response;
  auto done = cluster_->Call(
      Effect::kRead,
      [&](Member& member, grpc::ClientContext& context) {
        return member.kv->Range(&context, proto, &response);
      },
      deadline);
  if (!done) return Fail(std::move(done.error()));
  return FromProto(std::move(response));
}

Result<TxnResponse> GrpcClient::Txn(const TxnRequest& request, Deadline deadline) {
  ++txns_;
  const etcdserverpb::TxnRequest proto = ToProto(request);
  etcdserverpb::TxnResponse response;
  auto done = cluster_->Call(
      Effect::kWrite,
      [&](Member& member, grpc::ClientContext& context) {
        return member.kv->Txn(&context, proto, &response);
      },
      deadline);
  if (!done) return Fail(std::move(done.error()));
  return FromProto(std::move(response));
}

Result<std::unique_ptr<Watch>> GrpcClient::StartWatch(const WatchRequest& request,
                                                      Deadline deadline) {
  if (request.ranges.empty()) return Fail(ErrorCode::kInvalid, "a watch of no range");
  ++watches_;
  std::unique_ptr<WatchStream> watch;
  auto done = cluster_->Try(
      Effect::kRead,
      [&](std::size_t member, const std::string& token, Deadline share) {
        watch = std::make_unique<WatchStream>(cluster_, member, token, request);
        return watch->WaitConfirmed(share);
      },
      deadline);
  if (!done) return Fail(std::move(done.error()));
  return watch;
}

Result<Lease> GrpcClient::LeaseGrant(std::chrono::seconds ttl, LeaseId id, Deadline deadline) {
  ++leases_;
  etcdserverpb::LeaseGrantRequest request;
  request.set_ttl(ttl.count());
  request.set_id(id);
  etcdserverpb::LeaseGrantResponse response;
  auto done = cluster_->Call(
      Effect::kWrite,
      [&](Member& member, grpc::ClientContext& context) {
        return member.lease->LeaseGrant(&context, request, &response);
      },
      deadline);
  if (!done) return Fail(std::move(done.error()));
  return Lease{response.id(), std::chrono::seconds(response.ttl())};
}

Result<std::chrono::seconds> GrpcClient::LeaseKeepAlive(LeaseId id, Deadline deadline) {
  ++leases_;
  etcdserverpb::LeaseKeepAliveResponse response;
  auto done = cluster_->Call(
      Effect::kRead,
      [&](Member& member, grpc::ClientContext& context) {
        return KeepAliveOnce(member, context, id, response);
      },
      deadline);
  if (!done) return Fail(std::move(done.error()));
  if (response.ttl() <= 0) {
    return Fail(ErrorCode::kNotFound, "lease " + std::to_string(id) + " has expired");
  }
  return std::chrono::seconds(response.ttl());
}

Result<void> GrpcClient::LeaseRevoke(LeaseId id, Deadline deadline) {
  ++leases_;
  etcdserverpb::LeaseRevokeRequest request;
  request.set_id(id);
  etcdserverpb::LeaseRevokeResponse response;
  return cluster_->Call(
      Effect::kWrite,
      [&](Member& member, grpc::ClientContext& context) {
        return member.lease->LeaseRevoke(&context, request, &response);
      },
      deadline);
}

Result<LeaseTimes> GrpcClient::LeaseTimeToLive(LeaseId id, Deadline deadline) {
  ++leases_;
  etcdserverpb::LeaseTimeToLiveRequest request;
  request.set_id(id);
  etcdserverpb::LeaseTimeToLiveResponse response;
  auto done = cluster_->Call(
      Effect::kRead,
      [&](Member& member, grpc::ClientContext& context) {
        return member.lease->LeaseTimeToLive(&context, request, &response);
      },
      deadline);
  if (!done) return Fail(std::move(done.error()));
  if (response.ttl() < 0) {
    return Fail(ErrorCode::kNotFound, "lease " + std::to_string(id) + " has expired");
  }
  return LeaseTimes{std::chrono::seconds(response.grantedttl()),
                    std::chrono::seconds(response.ttl())};
}

}  // namespace

Result<std::unique_ptr<Client>> Connect(const Options& options) {
  auto members = MakeMembers(options);
  if (!members) return Fail(std::move(members.error()));
  return std::make_unique<GrpcClient>(std::make_shared<Cluster>(
      *std::move(members), Cluster::Login{options.user, options.password, options.password_file}));
}

}  // namespace rollcall::store::etcd
