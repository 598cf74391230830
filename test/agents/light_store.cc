#include "light_store.h"

#include <algorithm>
#include <utility>

#include "store/etcd/convert.h"
#include "store/etcd/core/status.h"

namespace rollcall::agents {
namespace {

namespace etcd = store::etcd;

constexpr char kEndpoint[] = "127.0.0.1";

Error ErrorOf(int status) {
  return etcd::ToError({static_cast<etcd::RpcCode>(status), "as the server said"}, kEndpoint);
}

}  // namespace

class LightStore::LightWatch final : public store::Watch {
 public:
  LightWatch(std::shared_ptr<H2Connection> connection, std::uint32_t stream, std::size_t ranges)
      : connection_(std::move(connection)), stream_(stream), assembler_(ranges) {}
  ~LightWatch() override { connection_->Cancel(stream_); }

  Result<store::WatchBatch> Next(store::Deadline deadline) override {
    for (;;) {
      auto batch = Take(deadline);
      if (!batch) return Fail(batch.error());
      if (*batch) return **std::move(batch);
    }
  }
  void Cancel() override { connection_->Cancel(stream_); }

  [[nodiscard]] Result<void> WaitCreated(store::Deadline deadline) {
    while (!assembler_.all_created()) {
      if (auto batch = Take(deadline); !batch) return Fail(batch.error());
    }
    return {};
  }

 private:
  Result<std::optional<store::WatchBatch>> Take(store::Deadline deadline) {
    const auto message = connection_->Next(stream_, deadline);
    if (!message) {
      const bool ended = message.error().code == ErrorCode::kNotFound;
      return Fail(ended ? ErrorCode::kUnavailable : message.error().code, message.error().message);
    }
    etcdserverpb::WatchResponse response;
    response.ParseFromString(*message);
    auto step = assembler_.Take(etcd::FromProto(std::move(response)));
    if (step.end) {
      return Fail(step.end->compacted ? ErrorCode::kCompacted : ErrorCode::kUnavailable, "ended");
    }
    return std::move(step.batch);
  }

  std::shared_ptr<H2Connection> connection_;
  const std::uint32_t stream_;
  etcd::WatchAssembler assembler_;
};

Result<void> LightStore::Connected(store::Deadline deadline) {
  if (connection_->Poll()) return {};
  ++traffic_.connects;
  return connection_->Connect(port_, deadline);
}

template <typename Response, typename Request>
Result<Response> LightStore::Unary(const std::string& path, const Request& request,
                                   store::Deadline deadline) {
  if (auto ok = Connected(deadline); !ok) return Fail(ok.error());
  const auto stream = connection_->Call(path, {request.SerializeAsString()}, true);
  if (!stream) return Fail(stream.error());
  const auto message = connection_->Next(*stream, deadline);
  if (!message) {
    if (message.error().code == ErrorCode::kNotFound) return Fail(ErrorOf(connection_->status()));
    connection_->Cancel(*stream);
    // Who is silent for so long is not there: as gRPC's pings would find.
    if (message.error().code == ErrorCode::kDeadline) connection_->Close();
    return Fail(message.error());
  }
  (void)connection_->Next(*stream, deadline);  // its end
  Response response;
  if (!response.ParseFromString(*message)) return Fail(ErrorCode::kInternal, "not a message");
  return response;
}

Result<store::RangeResponse> LightStore::Range(const store::RangeRequest& request,
                                               store::Deadline deadline) {
  ++traffic_.reads;
  auto response = Unary<etcdserverpb::RangeResponse>("/etcdserverpb.KV/Range",
                                                     etcd::ToProto(request), deadline);
  if (!response) return Fail(response.error());
  return etcd::FromProto(*std::move(response));
}

Result<store::TxnResponse> LightStore::Txn(const store::TxnRequest& request,
                                           store::Deadline deadline) {
  const bool reads = std::all_of(request.then.begin(), request.then.end(), [](const store::Op& op) {
    return std::holds_alternative<store::GetOp>(op);
  });
  ++(reads ? traffic_.reads : traffic_.writes);
  auto response =
      Unary<etcdserverpb::TxnResponse>("/etcdserverpb.KV/Txn", etcd::ToProto(request), deadline);
  if (!response) return Fail(response.error());
  return etcd::FromProto(*std::move(response));
}

Result<std::unique_ptr<store::Watch>> LightStore::StartWatch(const store::WatchRequest& request,
                                                             store::Deadline deadline) {
  ++traffic_.watches;
  if (auto ok = Connected(deadline); !ok) return Fail(ok.error());
  std::vector<std::string> messages;
  for (const store::KeyRange& range : request.ranges) {
    messages.push_back(etcd::ToCreateRequest(range, request.start_revision).SerializeAsString());
  }
  const auto stream = connection_->Call("/etcdserverpb.Watch/Watch", messages, false);
  if (!stream) return Fail(stream.error());
  auto watch = std::make_unique<LightWatch>(connection_, *stream, request.ranges.size());
  if (auto ok = watch->WaitCreated(deadline); !ok) {
    if (ok.error().code == ErrorCode::kDeadline) connection_->Close();
    return Fail(ok.error());
  }
  return watch;
}

Result<store::Lease> LightStore::LeaseGrant(std::chrono::seconds ttl, store::LeaseId id,
                                            store::Deadline deadline) {
  ++traffic_.grants;
  etcdserverpb::LeaseGrantRequest request;
  request.set_ttl(ttl.count());
  request.set_id(id);
  const auto response =
      Unary<etcdserverpb::LeaseGrantResponse>("/etcdserverpb.Lease/LeaseGrant", request, deadline);
  if (!response) return Fail(response.error());
  return store::Lease{response->id(), std::chrono::seconds(response->ttl())};
}

Result<std::chrono::seconds> LightStore::LeaseKeepAlive(store::LeaseId id,
                                                        store::Deadline deadline) {
  ++traffic_.renewals;
  etcdserverpb::LeaseKeepAliveRequest request;
  request.set_id(id);
  const auto response = Unary<etcdserverpb::LeaseKeepAliveResponse>(
      "/etcdserverpb.Lease/LeaseKeepAlive", request, deadline);
  if (!response) return Fail(response.error());
  if (response->ttl() <= 0) return Fail(ErrorCode::kNotFound, "the lease has expired");
  return std::chrono::seconds(response->ttl());
}

Result<void> LightStore::LeaseRevoke(store::LeaseId id, store::Deadline deadline) {
  etcdserverpb::LeaseRevokeRequest request;
  request.set_id(id);
  const auto response = Unary<etcdserverpb::LeaseRevokeResponse>("/etcdserverpb.Lease/LeaseRevoke",
                                                                 request, deadline);
  if (!response) return Fail(response.error());
  return {};
}

Result<store::LeaseTimes> LightStore::LeaseTimeToLive(store::LeaseId, store::Deadline) {
  return Fail(ErrorCode::kInternal, "no agent asks for it");
}

}  // namespace rollcall::agents
