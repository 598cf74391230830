// Errors as etcd's clients know them: they tell one from another by its whole text.
//
// Pure; gRPC's codes by number, without gRPC.
#pragma once

#include <string>

#include "base/result.h"

namespace rollcall::etcdapi {

// gRPC's (doc/statuscodes.md in its sources).
enum class Code {
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

struct Status {
  Code code = Code::kUnknown;
  std::string text;
};

// `error.message` is etcd's text without its "etcdserver: ", which decides the code; a
// text that etcd does not have gets the code that is nearest to `error.code`.
[[nodiscard]] Status ToStatus(const Error& error);

// The same in a watch's cancel_reason: as Go writes it.
[[nodiscard]] std::string ToReason(const Error& error);

}  // namespace rollcall::etcdapi
