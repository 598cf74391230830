// Users, tokens and certificates, over gRPC.
#include <fstream>

#include "etcdapi/testing/served.h"
#include "store/etcd/testing/certificates.h"

namespace rollcall::etcdapi::testing {
namespace {

using etcdserverpb::Auth;
using etcdserverpb::KV;
using store::etcd::testing::Certificates;
using store::etcd::testing::TempDir;

// bcrypt of "secret", at the least cost there is.
constexpr const char* kUsers = "rc: $2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n";
constexpr const char* kNobody = "INVALID_ARGUMENT etcdserver: user name is empty";
constexpr const char* kNoToken = "UNAUTHENTICATED etcdserver: invalid auth token";

class AuthTest : public ::testing::Test {
 protected:
  ServerOptions WithUsers() const {
    std::ofstream(folder_ / "users") << kUsers;
    ServerOptions options;
    options.users_file = folder_ / "users";
    return options;
  }
  static std::string LogIn(const Stubs& stubs, const char* name, const char* password,
                           std::string* token = nullptr) {
    etcdserverpb::AuthenticateRequest request;
    request.set_name(name);
    request.set_password(password);
    etcdserverpb::AuthenticateResponse response;
    const grpc::Status status =
        stubs.Call(*stubs.auth, &Auth::Stub::Authenticate, request, &response);
    if (token != nullptr) *token = response.token();
    return Describe(status);
  }
  static std::string Get(const Stubs& stubs) {
    etcdserverpb::RangeRequest request;
    request.set_key("a");
    etcdserverpb::RangeResponse response;
    return Describe(stubs.Call(*stubs.kv, &KV::Stub::Range, request, &response));
  }
  // A call of each method, as "METHOD: status"; those that change nothing.
  static std::vector<std::string> CallAll(const Stubs& stubs);

  const TempDir folder_;
};

std::vector<std::string> AuthTest::CallAll(const Stubs& stubs) {
  using Lease = etcdserverpb::Lease::Stub;
  using Maintenance = etcdserverpb::Maintenance::Stub;
  std::vector<std::string> results;
  const auto call = [&](const char* name, auto& stub, auto method, auto request, auto response) {
    results.push_back(std::string(name) + ": " +
                      Describe(stubs.Call(stub, method, request, &response)));
  };
  etcdserverpb::TxnRequest txn;
  etcdserverpb::DeleteRangeRequest deletion;
  deletion.set_key("nothing");
  etcdserverpb::LeaseTimeToLiveRequest ttl;
  call("DeleteRange", *stubs.kv, &KV::Stub::DeleteRange, deletion,
       etcdserverpb::DeleteRangeResponse());
  call("Txn", *stubs.kv, &KV::Stub::Txn, txn, etcdserverpb::TxnResponse());
  call("TimeToLive", *stubs.lease, &Lease::LeaseTimeToLive, ttl,
       etcdserverpb::LeaseTimeToLiveResponse());
  call("Leases", *stubs.lease, &Lease::LeaseLeases, etcdserverpb::LeaseLeasesRequest(),
       etcdserverpb::LeaseLeasesResponse());
  call("HashKV", *stubs.maintenance, &Maintenance::HashKV, etcdserverpb::HashKVRequest(),
       etcdserverpb::HashKVResponse());
  call("Hash", *stubs.maintenance, &Maintenance::Hash, etcdserverpb::HashRequest(),
       etcdserverpb::HashResponse());
  call("Defragment", *stubs.maintenance, &Maintenance::Defragment,
       etcdserverpb::DefragmentRequest(), etcdserverpb::DefragmentResponse());
  call("AuthStatus", *stubs.auth, &Auth::Stub::AuthStatus, etcdserverpb::AuthStatusRequest(),
       etcdserverpb::AuthStatusResponse());
  call("Status", *stubs.maintenance, &Maintenance::Status, etcdserverpb::StatusRequest(),
       etcdserverpb::StatusResponse());
  call("Alarm", *stubs.maintenance, &Maintenance::Alarm, etcdserverpb::AlarmRequest(),
       etcdserverpb::AlarmResponse());
  call("MemberList", *stubs.cluster, &etcdserverpb::Cluster::Stub::MemberList,
       etcdserverpb::MemberListRequest(), etcdserverpb::MemberListResponse());
  return results;
}

TEST_F(AuthTest, WithoutUsersLoggingInIsRefusedAndTokensAreIgnored) {
  Served served;
  Stubs stubs(served.Connect());
  EXPECT_EQ(LogIn(stubs, "rc", "secret"),
            "FAILED_PRECONDITION etcdserver: authentication is not enabled");
  stubs.token = "anything";
  EXPECT_EQ(Get(stubs), "OK");
  etcdserverpb::AuthStatusResponse status;
  EXPECT_EQ(Describe(stubs.Call(*stubs.auth, &Auth::Stub::AuthStatus, {}, &status)), "OK");
  EXPECT_FALSE(status.enabled());
}

TEST_F(AuthTest, ATokenOpensWhatIsClosedToOthers) {
  Served served(WithUsers());
  Stubs stubs(served.Connect());
  EXPECT_EQ(LogIn(stubs, "rc", "wrong"),
            "INVALID_ARGUMENT etcdserver: authentication failed, invalid user ID or password");
  EXPECT_EQ(Get(stubs), kNobody);
  stubs.token = "made up";
  EXPECT_EQ(Get(stubs), kNoToken);
  stubs.token.clear();
  std::string token;
  EXPECT_EQ(LogIn(stubs, "rc", "secret", &token), "OK");
  stubs.token = token;
  EXPECT_EQ(Get(stubs), "OK");
  EXPECT_EQ(stubs.Put("a", "1"), 2);
}

TEST_F(AuthTest, EveryMethodIsClosedButThoseThatTellWhetherItIsWell) {
  Served served(WithUsers());
  Stubs stubs(served.Connect());
  const std::string closed = std::string(": ") + kNobody;
  EXPECT_THAT(CallAll(stubs),
              ::testing::ElementsAre("DeleteRange" + closed, "Txn" + closed, "TimeToLive" + closed,
                                     "Leases" + closed, "HashKV" + closed, "Hash" + closed,
                                     "Defragment" + closed, "AuthStatus" + closed, "Status: OK",
                                     "Alarm: OK", "MemberList: OK"));
  LogIn(stubs, "rc", "secret", &stubs.token);
  EXPECT_THAT(CallAll(stubs), ::testing::Each(::testing::EndsWith(": OK")));
}

TEST_F(AuthTest, AWatchIsRefusedInItsStreamAndOutlivesItsToken) {
  const ServerOptions options = WithUsers();
  Served served(options);
  Stubs stubs(served.Connect());
  {
    WatchClient watch(stubs);
    watch.Create("a");
    const auto refused = watch.Next();
    EXPECT_TRUE(refused.created() && refused.canceled());
    EXPECT_EQ(refused.watch_id(), -1);
    EXPECT_EQ(refused.cancel_reason(),
              "rpc error: code = InvalidArgument desc = etcdserver: user name is empty");
  }
  LogIn(stubs, "rc", "secret", &stubs.token);
  WatchClient watch(stubs);
  watch.Create("a");
  ASSERT_TRUE(watch.Next().created());
  // Another password: the token is no good any more.
  std::ofstream(options.users_file)
      << "rc: $2b$04$abcdefghijklmnopqrstuu0HtfOlPbTiymk5tcV.3TsFPDd3SYZqu\n";
  ASSERT_TRUE(WaitUntil([&] { return Get(stubs) == kNoToken; }));
  LogIn(stubs, "rc", "other", &stubs.token);
  stubs.Put("a", "1");
  EXPECT_EQ(watch.Next().events_size(), 1);
  watch.Create("b");
  EXPECT_EQ(watch.Next().cancel_reason(),
            "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token");
}

TEST_F(AuthTest, OurClientLogsInByItself) {
  Served served(WithUsers());
  store::etcd::Options options;
  options.user = "rc";
  options.password = "secret";
  const auto client = served.MakeClient(options);
  const auto read = client->Range({.keys = store::KeyRange::Single("a")}, store::After(kLong));
  EXPECT_TRUE(read) << read.error().message;
  options.password = "wrong";
  const auto refused = served.MakeClient(options)->Range({.keys = store::KeyRange::Single("a")},
                                                         store::After(kLong));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
}

// --- TLS

class TlsTest : public AuthTest {
 protected:
  // Its client's certificate says "client".
  static const Certificates& Files() {
    static const Certificates files;
    return files;
  }
  static ServerOptions WithTls(ServerOptions options = {}) {
    options.cert_file = Files().Path("server.pem");
    options.key_file = Files().Path("server.key");
    options.client_ca_file = Files().Path("ca.pem");
    return options;
  }
  static store::etcd::Options Trusted(const Served& served) {
    store::etcd::Options options;
    options.endpoints = {"https://" + served.address()};
    options.ca_file = Files().Path("ca.pem");
    options.cert_file = Files().Path("client.pem");
    options.key_file = Files().Path("client.key");
    return options;
  }
  static Result<store::RangeResponse> Ask(const Served& served,
                                          const store::etcd::Options& options) {
    return served.MakeClient(options)->Range({.keys = store::KeyRange::Single("a")},
                                             store::After(std::chrono::seconds(5)));
  }
};

TEST_F(TlsTest, AClientCertificateIsRequiredAndEnough) {
  const Served served(WithTls());
  const auto good = Ask(served, Trusted(served));
  EXPECT_TRUE(good) << good.error().message;
  store::etcd::Options without = Trusted(served);
  without.cert_file.clear();
  without.key_file.clear();
  const auto refused = Ask(served, without);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
}

TEST_F(TlsTest, WithUsersTooItsNameHasToBeOneOrATokenIsShown) {
  const Served served(WithTls(WithUsers()));
  const auto stranger = Ask(served, Trusted(served));
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().code, ErrorCode::kRefused) << stranger.error().message;
  store::etcd::Options logged_in = Trusted(served);
  logged_in.user = "rc";
  logged_in.password = "secret";
  const auto good = Ask(served, logged_in);
  EXPECT_TRUE(good) << good.error().message;

  std::ofstream(folder_ / "users", std::ios::app)
      << "client: $2b$04$abcdefghijklmnopqrstuu0HtfOlPbTiymk5tcV.3TsFPDd3SYZqu\n";
  EXPECT_TRUE(WaitUntil([&] { return Ask(served, Trusted(served)).has_value(); }));
}

TEST_F(TlsTest, TheMemberSaysHttps) {
  const Served served(WithTls());
  grpc::SslCredentialsOptions pem;
  const auto read = [](const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  pem.pem_root_certs = read(Files().Path("ca.pem"));
  pem.pem_cert_chain = read(Files().Path("client.pem"));
  pem.pem_private_key = read(Files().Path("client.key"));
  const Stubs stubs(grpc::CreateChannel(served.address(), grpc::SslCredentials(pem)));
  etcdserverpb::MemberListResponse members;
  ASSERT_EQ(
      Describe(stubs.Call(*stubs.cluster, &etcdserverpb::Cluster::Stub::MemberList, {}, &members)),
      "OK");
  EXPECT_EQ(members.members(0).clienturls(0), "https://" + served.address());
}

}  // namespace
}  // namespace rollcall::etcdapi::testing
