#include "store/etcd/core/status.h"

#include <gtest/gtest.h>

namespace rollcall::store::etcd {
namespace {

constexpr const char* kEndpoint = "http://192.0.2.1:2379";

TEST(ToError, GivesTheCodeACallerActsUponAndNamesTheEndpoint) {
  const struct {
    RpcStatus status;
    ErrorCode code;
  } cases[] = {
      {{RpcCode::kOutOfRange, "etcdserver: mvcc: required revision has been compacted"},
       ErrorCode::kCompacted},
      {{RpcCode::kOutOfRange, "etcdserver: mvcc: required revision is a future revision"},
       ErrorCode::kInvalid},
      {{RpcCode::kNotFound, "etcdserver: requested lease not found"}, ErrorCode::kNotFound},
      {{RpcCode::kInvalidArgument, "etcdserver: key is not provided"}, ErrorCode::kInvalid},
      {{RpcCode::kInvalidArgument, "etcdserver: user name is empty"}, ErrorCode::kRefused},
      {{RpcCode::kInvalidArgument,
        "etcdserver: authentication failed, invalid user ID or password"},
       ErrorCode::kRefused},
      {{RpcCode::kFailedPrecondition, "etcdserver: lease already exists"}, ErrorCode::kConflict},
      {{RpcCode::kFailedPrecondition, "etcdserver: authentication is not enabled"},
       ErrorCode::kInvalid},
      {{RpcCode::kPermissionDenied, "etcdserver: permission denied"}, ErrorCode::kRefused},
      {{RpcCode::kUnauthenticated, "etcdserver: invalid auth token"}, ErrorCode::kRefused},
      {{RpcCode::kUnavailable, "etcdserver: no leader"}, ErrorCode::kUnavailable},
      {{RpcCode::kUnavailable, "Socket closed"}, ErrorCode::kUnavailable},
      {{RpcCode::kDeadlineExceeded, "Deadline Exceeded"}, ErrorCode::kDeadline},
      {{RpcCode::kResourceExhausted, "etcdserver: mvcc: database space exceeded"},
       ErrorCode::kExhausted},
      {{RpcCode::kUnimplemented, "unknown service etcdserverpb.KV"}, ErrorCode::kRefused},
      {{RpcCode::kUnknown, "what"}, ErrorCode::kInternal},
      {{RpcCode::kInternal, ""}, ErrorCode::kInternal},
  };
  for (const auto& c : cases) {
    const Error error = ToError(c.status, kEndpoint);
    EXPECT_EQ(error.code, c.code) << c.status.message;
    EXPECT_NE(error.message.find(kEndpoint), std::string::npos) << error.message;
    EXPECT_NE(error.message.find(c.status.message), std::string::npos) << error.message;
  }
}

TEST(IsMemberFailure, TellsAMembersTroubleFromAnAnswer) {
  EXPECT_TRUE(IsMemberFailure({RpcCode::kUnavailable, "Socket closed"}));
  EXPECT_TRUE(IsMemberFailure({RpcCode::kDeadlineExceeded, ""}));
  EXPECT_FALSE(IsMemberFailure({RpcCode::kNotFound, "etcdserver: requested lease not found"}));
  EXPECT_FALSE(IsMemberFailure({RpcCode::kPermissionDenied, "etcdserver: permission denied"}));
  EXPECT_FALSE(IsMemberFailure({RpcCode::kOk, ""}));
}

TEST(IsRefusedUntouched, HoldsOnlyForTheCheckBeforeTheRequest) {
  EXPECT_TRUE(IsRefusedUntouched({RpcCode::kUnavailable, "etcdserver: no leader"}));
  EXPECT_FALSE(IsRefusedUntouched({RpcCode::kUnavailable, "etcdserver: request timed out"}));
  EXPECT_FALSE(IsRefusedUntouched({RpcCode::kUnavailable, "Socket closed"}));
}

TEST(IsTokenFailure, KnowsMissingExpiredAndOutdatedTokens) {
  EXPECT_TRUE(IsTokenFailure({RpcCode::kUnauthenticated, "etcdserver: invalid auth token"}));
  EXPECT_TRUE(IsTokenFailure({RpcCode::kInvalidArgument, "etcdserver: user name is empty"}));
  EXPECT_TRUE(
      IsTokenFailure({RpcCode::kInvalidArgument, "etcdserver: revision of auth store is old"}));
  EXPECT_FALSE(IsTokenFailure({RpcCode::kPermissionDenied, "etcdserver: permission denied"}));
  EXPECT_FALSE(IsTokenFailure({RpcCode::kInvalidArgument, "etcdserver: key is not provided"}));
}

TEST(ParseCancelReason, ReadsGosWordsForAStatus) {
  const struct {
    const char* reason;
    RpcCode code;
    const char* message;
  } cases[] = {
      {"rpc error: code = Unauthenticated desc = etcdserver: invalid auth token",
       RpcCode::kUnauthenticated, "etcdserver: invalid auth token"},
      {"rpc error: code = PermissionDenied desc = etcdserver: permission denied",
       RpcCode::kPermissionDenied, "etcdserver: permission denied"},
      {"rpc error: code = InvalidArgument desc = etcdserver: user name is empty",
       RpcCode::kInvalidArgument, "etcdserver: user name is empty"},
      {"rpc error: code = Unheard desc = of", RpcCode::kUnavailable, "of"},
      {"rpc error: code = Cut", RpcCode::kUnavailable, "rpc error: code = Cut"},
      {"etcdserver: no leader", RpcCode::kUnavailable, "etcdserver: no leader"},
      {"mvcc: watcher range is empty", RpcCode::kInvalidArgument, "mvcc: watcher range is empty"},
      {"etcdserver: permission denied", RpcCode::kPermissionDenied,
       "etcdserver: permission denied"},
      {"", RpcCode::kUnavailable, ""},
  };
  for (const auto& c : cases) {
    const RpcStatus status = ParseCancelReason(c.reason);
    EXPECT_EQ(status.code, c.code) << c.reason;
    EXPECT_EQ(status.message, c.message) << c.reason;
  }
}

}  // namespace
}  // namespace rollcall::store::etcd
