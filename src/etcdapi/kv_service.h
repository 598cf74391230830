// etcd's KV service.  Includes gRPC: for .cc files of this room only.
#pragma once

#include "etcd/rpc.grpc.pb.h"
#include "etcdapi/shared.h"

namespace rollcall::etcdapi {

// Range alone is raw: its answer is written without a message object (encode.h).
using KvBase =
    etcdserverpb::KV::WithRawCallbackMethod_Range<etcdserverpb::KV::WithCallbackMethod_Put<
        etcdserverpb::KV::WithCallbackMethod_DeleteRange<etcdserverpb::KV::WithCallbackMethod_Txn<
            etcdserverpb::KV::WithCallbackMethod_Compact<etcdserverpb::KV::Service>>>>>;

class KvService final : public KvBase {
 public:
  explicit KvService(Shared& shared) : shared_(shared) {}

  grpc::ServerUnaryReactor* Range(grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer* request,
                                  grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* Put(grpc::CallbackServerContext* context,
                                const etcdserverpb::PutRequest* request,
                                etcdserverpb::PutResponse* response) override;
  grpc::ServerUnaryReactor* DeleteRange(grpc::CallbackServerContext* context,
                                        const etcdserverpb::DeleteRangeRequest* request,
                                        etcdserverpb::DeleteRangeResponse* response) override;
  grpc::ServerUnaryReactor* Txn(grpc::CallbackServerContext* context,
                                const etcdserverpb::TxnRequest* request,
                                etcdserverpb::TxnResponse* response) override;
  grpc::ServerUnaryReactor* Compact(grpc::CallbackServerContext* context,
                                    const etcdserverpb::CompactionRequest* request,
                                    etcdserverpb::CompactionResponse* response) override;

 private:
  // As Shared::Begin(), for a request that writes: it must not be too large.
  template <typename Request, typename Serve>
  [[nodiscard]] Call* Begin(const grpc::CallbackServerContext& context, const Request& request,
                            Serve serve) const;
  void Read(Call* call, grpc::CallbackServerContext& context,
            const etcdserverpb::RangeRequest& request, grpc::ByteBuffer& response);
  // Carries `txn` out, has `fill` put what came of it into the response, and answers.
  template <typename Response, typename Fill>
  void Write(Call* call, grpc::CallbackServerContext& context, store::embedded::Txn&& txn,
             Response& response, Fill fill);
  template <typename Response, typename Fill>
  void Answer(Call* call, grpc::CallbackServerContext& context,
              const Result<store::embedded::TxnDone>& done, Response& response, const Fill& fill);

  Shared& shared_;
};

}  // namespace rollcall::etcdapi
