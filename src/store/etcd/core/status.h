// What a failed RPC means to a caller of the store contract.
//
// Knows gRPC's and etcd's codes and texts, but not gRPC itself.  Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::store::etcd {

// The numbers of gRPC (doc/statuscodes.md in its sources).
enum class RpcCode {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

struct RpcStatus {
  RpcCode code = RpcCode::kOk;
  std::string message;

  [[nodiscard]] bool ok() const { return code == RpcCode::kOk; }
};

// Requires: !status.ok().  The message names the endpoint.
[[nodiscard]] Error ToError(const RpcStatus& status, std::string_view endpoint);

// The member did not do its part; another one may.
[[nodiscard]] bool IsMemberFailure(const RpcStatus& status);

// Refused by the member before anything was proposed to the cluster: even a write
// can safely be sent to another one.
[[nodiscard]] bool IsRefusedUntouched(const RpcStatus& status);

// Our token is missing, expired or outdated: authenticating again may help.
[[nodiscard]] bool IsTokenFailure(const RpcStatus& status);

// Authenticate() on a cluster that has authentication switched off.
[[nodiscard]] bool IsAuthDisabled(const RpcStatus& status);

// The reason why a watch was cancelled in the stream: a status as text, in Go's
// words ("rpc error: code = PermissionDenied desc = ...").
[[nodiscard]] RpcStatus ParseCancelReason(std::string_view reason);

}  // namespace rollcall::store::etcd
