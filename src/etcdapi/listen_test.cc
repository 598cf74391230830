#include "etcdapi/listen.h"

#include <gtest/gtest.h>

#include "etcdapi/named_methods.h"

namespace rollcall::etcdapi {
namespace {

TEST(ListenAddress, IsHostAndPort) {
  struct Case {
    const char* text;
    const char* host;
    const char* port;
    const char* for_grpc;
  };
  const Case cases[] = {
      {"127.0.0.1:2379", "127.0.0.1", "2379", "127.0.0.1:2379"},
      {"[::1]:0", "::1", "0", "[::1]:0"},
      {":2379", "", "2379", "[::]:2379"},
      {"localhost:2379", "localhost", "2379", "localhost:2379"},
  };
  for (const Case& one : cases) {
    const auto address = ListenAddress::Parse(one.text);
    ASSERT_TRUE(address) << one.text;
    EXPECT_EQ(address->host, one.host);
    EXPECT_EQ(address->port, one.port);
    EXPECT_EQ(address->ToString(), one.for_grpc);
  }
  for (const char* wrong : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536",
                            "127.0.0.1:-1", "::1:2379"}) {
    const auto address = ListenAddress::Parse(wrong);
    ASSERT_FALSE(address) << wrong;
    EXPECT_EQ(address.error().code, ErrorCode::kInvalid);
  }
}

TEST(Credentials, FilesThatDoNotGoTogetherAreRefused) {
  EXPECT_TRUE(MakeCredentials({}));
  EXPECT_EQ(MakeCredentials({.cert = "/c", .key = "", .client_ca = ""}).error().message,
            "the store's certificate and its key go together: only '/c' is given");
  EXPECT_EQ(MakeCredentials({.cert = "", .key = "", .client_ca = "/ca"}).error().message,
            "a client CA is given, '/ca', but no certificate of the store's own");
  EXPECT_EQ(MakeCredentials({.cert = "/no/c", .key = "/no/k", .client_ca = ""}).error().message,
            "the store's certificate '/no/c' cannot be read");
  EXPECT_EQ(
      MakeCredentials({.cert = "/etc/hostname", .key = "/no/k", .client_ca = ""}).error().message,
      "the store's certificate '/etc/hostname' is not PEM");
}

TEST(NamedMethods, SaysWhatToDoInstead) {
  const std::pair<const char*, const char*> cases[] = {
      {"/etcdserverpb.Maintenance/Snapshot", "use `rollcall store backup`"},
      {"/etcdserverpb.Cluster/MemberAdd", "`rollcall store copy` moves it to a cluster"},
      {"/etcdserverpb.Auth/UserAdd", "--store.users-file"},
      {"/etcdserverpb.Maintenance/MoveLeader", "leads itself"},
      {"/etcdserverpb.KV/RangeStream", "rollcall does not have it"},
      {"/grpc.health.v1.Health/Check", "rollcall has no /grpc.health.v1.Health/Check"},
  };
  for (const auto& [method, expected] : cases) {
    EXPECT_NE(WhyNotMethod(method).find(expected), std::string::npos) << WhyNotMethod(method);
  }
}

}  // namespace
}  // namespace rollcall::etcdapi
