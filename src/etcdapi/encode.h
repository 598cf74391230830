// The two answers that can be large, written from the store's records straight into the
// octets that are sent: no message object is built, and each value is copied once.
// Includes gRPC and protobuf: for .cc files of this room only.
//
// Pure; any thread.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include "etcd/rpc.pb.h"
#include "etcdapi/core/watch_message.h"
#include "store/embedded/request.h"

namespace rollcall::etcdapi {

// Of a RangeResponse with these records.
[[nodiscard]] std::size_t SizeOf(const store::embedded::Found& found, bool keys_only);
// Requires: SizeOf(found, keys_only) is below 2 GiB, protobuf's limit.
[[nodiscard]] grpc::ByteBuffer Encode(const etcdserverpb::ResponseHeader& header,
                                      const store::embedded::Found& found, bool keys_only);

// `header` without its revision.  kExhausted: 2 GiB or more.
[[nodiscard]] Result<grpc::ByteBuffer> Encode(const etcdserverpb::ResponseHeader& header,
                                              const WatchMessage& message);

}  // namespace rollcall::etcdapi
