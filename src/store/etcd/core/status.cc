#include "store/etcd/core/status.h"

#include <array>
#include <utility>

namespace rollcall::store::etcd {
namespace {

bool Says(const RpcStatus& status, std::string_view text) {
  return status.message.find(text) != std::string::npos;
}

ErrorCode CodeOf(const RpcStatus& status) {
  if (IsTokenFailure(status)) return ErrorCode::kRefused;
  switch (status.code) {
    case RpcCode::kOutOfRange:
      return Says(status, "compacted") ? ErrorCode::kCompacted : ErrorCode::kInvalid;
    case RpcCode::kNotFound:
      return ErrorCode::kNotFound;
    case RpcCode::kInvalidArgument:
      return Says(status, "authentication failed") ? ErrorCode::kRefused : ErrorCode::kInvalid;
    case RpcCode::kAlreadyExists:
      return ErrorCode::kConflict;
    case RpcCode::kFailedPrecondition:
      return Says(status, "already exists") ? ErrorCode::kConflict : ErrorCode::kInvalid;
    case RpcCode::kPermissionDenied:
    case RpcCode::kUnauthenticated:
    case RpcCode::kUnimplemented:
      return ErrorCode::kRefused;
    case RpcCode::kUnavailable:
    case RpcCode::kAborted:
      return ErrorCode::kUnavailable;
    case RpcCode::kDeadlineExceeded:
      return ErrorCode::kDeadline;
    case RpcCode::kResourceExhausted:
      return ErrorCode::kExhausted;
    case RpcCode::kCancelled:
      return ErrorCode::kCancelled;
    case RpcCode::kOk:
    case RpcCode::kUnknown:
    case RpcCode::kInternal:
    case RpcCode::kDataLoss:
      break;
  }
  return ErrorCode::kInternal;
}

// As Go's codes.Code spells them.
constexpr std::array<std::pair<std::string_view, RpcCode>, 10> kGoNames = {{
    {"Canceled", RpcCode::kCancelled},
    {"InvalidArgument", RpcCode::kInvalidArgument},
    {"DeadlineExceeded", RpcCode::kDeadlineExceeded},
    {"NotFound", RpcCode::kNotFound},
    {"PermissionDenied", RpcCode::kPermissionDenied},
    {"ResourceExhausted", RpcCode::kResourceExhausted},
    {"FailedPrecondition", RpcCode::kFailedPrecondition},
    {"OutOfRange", RpcCode::kOutOfRange},
    {"Unavailable", RpcCode::kUnavailable},
    {"Unauthenticated", RpcCode::kUnauthenticated},
}};

}  // namespace

Error ToError(const RpcStatus& status, std::string_view endpoint) {
  std::string message = "etcd at " + std::string(endpoint) + ": ";
  if (status.message.empty()) {
    message += "code " + std::to_string(static_cast<int>(status.code));
  } else {
    message += status.message;
  }
  return Error{CodeOf(status), std::move(message)};
}

bool IsMemberFailure(const RpcStatus& status) {
  return status.code == RpcCode::kUnavailable || status.code == RpcCode::kDeadlineExceeded ||
         (status.code == RpcCode::kUnknown && Says(status, "no leader"));
}

bool IsRefusedUntouched(const RpcStatus& status) {
  // With `hasleader` in the metadata the member checks for a leader before it
  // looks at the request.
  return status.code == RpcCode::kUnavailable && Says(status, "etcdserver: no leader");
}

bool IsTokenFailure(const RpcStatus& status) {
  if (status.code == RpcCode::kUnauthenticated) return true;
  return status.code == RpcCode::kInvalidArgument &&
         (Says(status, "user name is empty") || Says(status, "revision of auth store is old"));
}

bool IsAuthDisabled(const RpcStatus& status) {
  return status.code == RpcCode::kFailedPrecondition &&
         Says(status, "authentication is not enabled");
}

RpcStatus ParseCancelReason(std::string_view reason) {
  constexpr std::string_view kStart = "rpc error: code = ";
  constexpr std::string_view kMiddle = " desc = ";
  // A member that is stopping or lost its leader gives a bare text.
  RpcStatus status{RpcCode::kUnavailable, std::string(reason)};
  if (!reason.starts_with(kStart)) {
    if (reason.find("permission denied") != std::string_view::npos) {
      status.code = RpcCode::kPermissionDenied;
    } else if (reason.find("invalid auth token") != std::string_view::npos) {
      status.code = RpcCode::kUnauthenticated;
    } else if (reason.find("range is empty") != std::string_view::npos ||
               reason.find("duplicate watch") != std::string_view::npos ||
               reason.find("user name is empty") != std::string_view::npos) {
      status.code = RpcCode::kInvalidArgument;
    }
    return status;
  }
  reason.remove_prefix(kStart.size());
  const std::size_t middle = reason.find(kMiddle);
  if (middle == std::string_view::npos) return status;
  for (const auto& [name, code] : kGoNames) {
    if (reason.substr(0, middle) == name) status.code = code;
  }
  status.message = reason.substr(middle + kMiddle.size());
  return status;
}

}  // namespace rollcall::store::etcd
