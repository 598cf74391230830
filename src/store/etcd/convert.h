// Between the store contract's values and etcd's messages.  Includes protobuf: for
// .cc files of this room only.  Pure; responses are emptied into the result.
#pragma once

#include "etcd/rpc.pb.h"
#include "store/etcd/core/watch_assembler.h"
#include "store/store.h"

namespace rollcall::store::etcd {

[[nodiscard]] etcdserverpb::RangeRequest ToProto(const RangeRequest& request);
[[nodiscard]] etcdserverpb::TxnRequest ToProto(const TxnRequest& request);
[[nodiscard]] etcdserverpb::WatchRequest ToCreateRequest(const KeyRange& keys,
                                                         Revision start_revision);

[[nodiscard]] RangeResponse FromProto(etcdserverpb::RangeResponse&& response);
[[nodiscard]] TxnResponse FromProto(etcdserverpb::TxnResponse&& response);
[[nodiscard]] WatchMessage FromProto(etcdserverpb::WatchResponse&& response);

}  // namespace rollcall::store::etcd
