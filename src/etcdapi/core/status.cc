#include "etcdapi/core/status.h"

#include <array>
#include <string_view>
#include <utility>

namespace rollcall::etcdapi {
namespace {

using Row = std::pair<std::string_view, Code>;

// etcd's api/v3rpc/rpctypes/error.go, those that we use.
constexpr std::array<Row, 22> kTexts = {{
    {"key is not provided", Code::kInvalidArgument},
    {"key not found", Code::kInvalidArgument},
    {"value is provided", Code::kInvalidArgument},
    {"lease is provided", Code::kInvalidArgument},
    {"too many operations in txn request", Code::kInvalidArgument},
    {"duplicate key given in txn request", Code::kInvalidArgument},
    {"mvcc: required revision has been compacted", Code::kOutOfRange},
    {"mvcc: required revision is a future revision", Code::kOutOfRange},
    {"mvcc: database space exceeded", Code::kResourceExhausted},
    {"requested lease not found", Code::kNotFound},
    {"lease already exists", Code::kFailedPrecondition},
    {"too large lease TTL", Code::kOutOfRange},
    {"watch canceled", Code::kCancelled},
    {"request is too large", Code::kInvalidArgument},
    {"too many requests", Code::kResourceExhausted},
    {"user name is empty", Code::kInvalidArgument},
    {"authentication failed, invalid user ID or password", Code::kInvalidArgument},
    {"permission denied", Code::kPermissionDenied},
    {"authentication is not enabled", Code::kFailedPrecondition},
    {"invalid auth token", Code::kUnauthenticated},
    {"server stopped", Code::kUnavailable},
    {"request timed out", Code::kUnavailable},
}};

Code Nearest(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return Code::kInvalidArgument;
    case ErrorCode::kNotFound:
      return Code::kNotFound;
    case ErrorCode::kConflict:
    case ErrorCode::kMoved:
      return Code::kFailedPrecondition;
    case ErrorCode::kUnavailable:
      return Code::kUnavailable;
    case ErrorCode::kDeadline:
      return Code::kDeadlineExceeded;
    case ErrorCode::kCompacted:
      return Code::kOutOfRange;
    case ErrorCode::kRefused:
      return Code::kPermissionDenied;
    case ErrorCode::kCancelled:
      return Code::kCancelled;
    case ErrorCode::kExhausted:
      return Code::kResourceExhausted;
    case ErrorCode::kInternal:
      return Code::kInternal;
  }
  return Code::kUnknown;
}

// As Go's codes.Code spells them.
std::string_view GoName(Code code) {
  switch (code) {
    case Code::kCancelled:
      return "Canceled";
    case Code::kUnknown:
      return "Unknown";
    case Code::kInvalidArgument:
      return "InvalidArgument";
    case Code::kDeadlineExceeded:
      return "DeadlineExceeded";
    case Code::kNotFound:
      return "NotFound";
    case Code::kPermissionDenied:
      return "PermissionDenied";
    case Code::kResourceExhausted:
      return "ResourceExhausted";
    case Code::kFailedPrecondition:
      return "FailedPrecondition";
    case Code::kOutOfRange:
      return "OutOfRange";
    case Code::kUnimplemented:
      return "Unimplemented";
    case Code::kInternal:
      return "Internal";
    case Code::kUnavailable:
      return "Unavailable";
    case Code::kDataLoss:
      return "DataLoss";
    case Code::kUnauthenticated:
      return "Unauthenticated";
  }
  return "Unknown";
}

}  // namespace

Status ToStatus(const Error& error) {
  Status status{Nearest(error.code), "etcdserver: " + error.message};
  for (const auto& [text, code] : kTexts) {
    if (text == error.message) status.code = code;
  }
  return status;
}

std::string ToReason(const Error& error) {
  const Status status = ToStatus(error);
  return "rpc error: code = " + std::string(GoName(status.code)) + " desc = " + status.text;
}

}  // namespace rollcall::etcdapi
