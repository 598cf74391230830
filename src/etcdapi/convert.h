// Between etcd's messages and the engine's requests.  Includes protobuf: for .cc files
// of this room only.
//
// Pure.  Headers are not filled here but for the revisions inside a transaction.
#pragma once

#include "base/result.h"
#include "etcd/rpc.pb.h"
#include "etcdapi/core/watch_message.h"
#include "store/embedded/request.h"

namespace rollcall::etcdapi {

[[nodiscard]] store::embedded::Get ToGet(const etcdserverpb::RangeRequest& request);
[[nodiscard]] store::embedded::Put ToPut(const etcdserverpb::PutRequest& request);
[[nodiscard]] store::embedded::Delete ToDelete(const etcdserverpb::DeleteRangeRequest& request);
// kInvalid: an operation that is none, a comparison that we do not know.
[[nodiscard]] Result<store::embedded::Txn> ToTxn(const etcdserverpb::TxnRequest& request);
[[nodiscard]] WatchRequest ToWatchRequest(const etcdserverpb::WatchRequest& request);

void Fill(const store::embedded::RecordBody& record, bool keys_only, mvccpb::KeyValue& proto);
void Fill(const store::embedded::PutDone& done, etcdserverpb::PutResponse& response);
void Fill(const store::embedded::Deleted& done, etcdserverpb::DeleteRangeResponse& response);
// `request`: the one that was carried out.
void Fill(const store::embedded::TxnDone& done, const etcdserverpb::TxnRequest& request,
          etcdserverpb::TxnResponse& response);
// About what Fill() will make of it, in octets.
[[nodiscard]] std::size_t OctetsOf(const store::embedded::TxnDone& done);

}  // namespace rollcall::etcdapi
