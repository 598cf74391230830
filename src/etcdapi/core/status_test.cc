#include "etcdapi/core/status.h"

#include <gtest/gtest.h>

namespace rollcall::etcdapi {
namespace {

struct Case {
  ErrorCode code;
  Code expected;
  const char* message;
};

TEST(Status, EtcdsTextsHaveEtcdsCodes) {
  const Case cases[] = {
      {ErrorCode::kInvalid, Code::kInvalidArgument, "key is not provided"},
      {ErrorCode::kNotFound, Code::kInvalidArgument, "key not found"},
      {ErrorCode::kNotFound, Code::kNotFound, "requested lease not found"},
      {ErrorCode::kConflict, Code::kFailedPrecondition, "lease already exists"},
      {ErrorCode::kInvalid, Code::kOutOfRange, "too large lease TTL"},
      {ErrorCode::kInvalid, Code::kOutOfRange, "mvcc: required revision is a future revision"},
      {ErrorCode::kCompacted, Code::kOutOfRange, "mvcc: required revision has been compacted"},
      {ErrorCode::kExhausted, Code::kResourceExhausted, "mvcc: database space exceeded"},
      {ErrorCode::kExhausted, Code::kResourceExhausted, "too many requests"},
      {ErrorCode::kInvalid, Code::kInvalidArgument, "request is too large"},
      {ErrorCode::kRefused, Code::kUnauthenticated, "invalid auth token"},
      {ErrorCode::kRefused, Code::kPermissionDenied, "permission denied"},
      {ErrorCode::kInvalid, Code::kFailedPrecondition, "authentication is not enabled"},
      {ErrorCode::kRefused, Code::kInvalidArgument,
       "authentication failed, invalid user ID or password"},
  };
  for (const Case& one : cases) {
    const Status status = ToStatus({one.code, one.message});
    EXPECT_EQ(status.code, one.expected) << one.message;
    EXPECT_EQ(status.text, std::string("etcdserver: ") + one.message);
  }
}

TEST(Status, OtherTextsHaveTheNearestCode) {
  const Case cases[] = {
      {ErrorCode::kInvalid, Code::kInvalidArgument, "wrong"},
      {ErrorCode::kUnavailable, Code::kUnavailable, "the store is closing"},
      {ErrorCode::kExhausted, Code::kResourceExhausted, "too many watches"},
      {ErrorCode::kCancelled, Code::kCancelled, "the client has gone"},
      {ErrorCode::kInternal, Code::kInternal, "broken"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(ToStatus({one.code, one.message}).code, one.expected) << one.message;
  }
}

TEST(Status, AReasonIsSpelledAsGoDoes) {
  EXPECT_EQ(ToReason({ErrorCode::kRefused, "invalid auth token"}),
            "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token");
  EXPECT_EQ(ToReason({ErrorCode::kExhausted, "too many watches"}),
            "rpc error: code = ResourceExhausted desc = etcdserver: too many watches");
}

}  // namespace
}  // namespace rollcall::etcdapi
