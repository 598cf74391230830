// etcd's KV service.  Includes gRPC: for .cc files of this room only.
#pragma once

#include "etcd/rpc.grpc.pb.h"
#include "etcdapi/named_methods.h"
#include "etcdapi/rpc.h"
#include "etcdapi/shared.h"

namespace rollcall::etcdapi {

// Range alone is raw: its answer is written without a message object (encode.h).
using KvBase = etcdserverpb::KV::WithRawMethod_Range<etcdserverpb::KV::WithAsyncMethod_Put<
    etcdserverpb::KV::WithAsyncMethod_DeleteRange<etcdserverpb::KV::WithAsyncMethod_Txn<
        etcdserverpb::KV::WithGenericMethod_Compact<etcdserverpb::KV::Service>>>>>;

class KvService final : public KvBase {
 public:
  explicit KvService(Shared& shared) : shared_(shared) {}

  void Serve(Queue& queue, NamedMethods& seldom);

 private:
  using RangeCall = Unary<grpc::ByteBuffer, grpc::ByteBuffer>;
  using PutCall = Unary<etcdserverpb::PutRequest, etcdserverpb::PutResponse>;
  using DeleteCall = Unary<etcdserverpb::DeleteRangeRequest, etcdserverpb::DeleteRangeResponse>;
  using TxnCall = Unary<etcdserverpb::TxnRequest, etcdserverpb::TxnResponse>;
  using CompactCall = Unary<etcdserverpb::CompactionRequest, etcdserverpb::CompactionResponse>;

  void OnRange(RangeCall& call);
  void OnPut(PutCall& call);
  void OnDeleteRange(DeleteCall& call);
  void OnTxn(TxnCall& call);
  void OnCompact(CompactCall& call);

  // As Shared::Begin(), for a request that writes: it must not be too large.
  template <typename AnyCall, typename Handle>
  void Begin(AnyCall& call, Handle handle) const;
  void Read(RangeCall& call, const etcdserverpb::RangeRequest& request);
  // Carries `txn` out, has `fill` put what came of it into the response, and answers.
  template <typename AnyCall, typename Fill>
  void Write(AnyCall& call, store::embedded::Txn&& txn, Fill fill);
  template <typename AnyCall, typename Fill>
  void Answer(AnyCall& call, const Result<store::embedded::TxnDone>& done, const Fill& fill);

  Shared& shared_;
};

}  // namespace rollcall::etcdapi
