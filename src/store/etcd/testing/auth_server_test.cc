// User, password and tokens that expire, on a real etcd.
#include <fstream>

#include "store/etcd/testing/server_test.h"

namespace rollcall::store::etcd::testing {
namespace {

WatchRequest WatchOf(std::string prefix) {
  WatchRequest request;
  request.ranges.push_back(KeyRange::Prefix(std::move(prefix)));
  return request;
}

// Root, and a user `rc` that may do all below /own/.
void SwitchOnAuth(EtcdCluster& server) {
  ASSERT_TRUE(server.WaitReady());
  ASSERT_TRUE(server.Etcdctl({"user", "add", "root:secret"}));
  ASSERT_TRUE(server.Etcdctl({"user", "add", "rc:pass"}));
  ASSERT_TRUE(server.Etcdctl({"role", "add", "own"}));
  ASSERT_TRUE(
      server.Etcdctl({"role", "grant-permission", "own", "readwrite", "/own/", "--prefix"}));
  ASSERT_TRUE(server.Etcdctl({"user", "grant-role", "rc", "own"}));
  ASSERT_TRUE(server.Etcdctl({"auth", "enable"}));
}

// One member with both; tokens live for two seconds.
class Auth : public ::testing::Test {
 protected:
  static EtcdCluster& Server() {
    static EtcdCluster server({.size = 1, .extra = {"--auth-token-ttl", "2"}});
    return server;
  }
  static void SetUpTestSuite() { SwitchOnAuth(Server()); }

  static std::unique_ptr<Client> As(std::string user, std::string password) {
    Options options = OptionsFor(Server().urls());
    options.user = std::move(user);
    options.password = std::move(password);
    return MustConnect(options);
  }
};

TEST_F(Auth, ReadsAndWritesWhatTheRoleAllows) {
  const auto client = As("rc", "pass");
  const auto put = Put(*client, "/own/a", "1");
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_EQ(Get(*client, "/own/a")->kvs.size(), 1U);
}

TEST_F(Auth, RefusesWhatTheRoleDoesNotAllow) {
  const auto client = As("rc", "pass");
  const auto other = Get(*client, "/other");
  EXPECT_EQ(other.error().code, ErrorCode::kRefused);
  EXPECT_NE(other.error().message.find("permission denied (as user rc)"), std::string::npos)
      << other.error().message;
  EXPECT_EQ(Put(*client, "/other", "1").error().code, ErrorCode::kRefused);
  EXPECT_EQ(client->StartWatch(WatchOf("/other"), After(kLong)).error().code, ErrorCode::kRefused);
}

TEST_F(Auth, RefusesAWrongPasswordAndNoUser) {
  EXPECT_EQ(Get(*As("rc", "wrong"), "/own/a").error().code, ErrorCode::kRefused);
  EXPECT_EQ(Get(*As("nobody", "pass"), "/own/a").error().code, ErrorCode::kRefused);
  const auto nobody = Get(*As("", ""), "/own/a");
  EXPECT_EQ(nobody.error().code, ErrorCode::kRefused);
  EXPECT_NE(nobody.error().message.find("(no user was named)"), std::string::npos)
      << nobody.error().message;
}

TEST_F(Auth, AnExpiredTokenIsRenewedWithoutTheCallersNotice) {
  const auto client = As("rc", "pass");
  ASSERT_TRUE(Put(*client, "/own/b", "1"));
  const auto watch = client->StartWatch(WatchOf("/own/"), After(kLong));
  ASSERT_TRUE(watch) << watch.error().message;

  // Nobody tells when a token ends: time is what this is about.
  std::this_thread::sleep_for(std::chrono::milliseconds(4500));
  const auto put = Put(*client, "/own/b", "2");
  ASSERT_TRUE(put) << put.error().message;
  const auto batch = (*watch)->Next(After(kLong));
  ASSERT_TRUE(batch) << "an open watch outlives its token: " << batch.error().message;
  EXPECT_EQ(batch->events.front().kv.value, "2");

  std::this_thread::sleep_for(std::chrono::milliseconds(4500));
  const auto second = client->StartWatch(WatchOf("/own/"), After(kLong));
  EXPECT_TRUE(second) << second.error().message;
}

TEST_F(Auth, ATokenThatTheServerForgotIsRenewed) {
  const auto client = As("rc", "pass");
  ASSERT_TRUE(Put(*client, "/own/c", "1"));
  Server().member(0).Kill();
  Server().member(0).Start();
  UntilSuccess([&] { return Get(*client, "/own/c"); }, std::chrono::milliseconds(50));
  EXPECT_TRUE(client->StartWatch(WatchOf("/own/"), After(kLong)));
}

// A token names the log's index at which it was given, and etcd has a call with it wait
// until it has come that far: for ever, if the log began anew.
TEST(RestoredAuth, ATokenThatNamesAnIndexStillToComeIsNotWaitedFor) {
  EtcdCluster server;
  ASSERT_TRUE(server.WaitReady());
  Options options = OptionsFor(server.urls());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Put(*MustConnect(options), "/own/a", "1"));
  SwitchOnAuth(server);
  options.user = "rc";
  options.password = "pass";
  const auto client = MustConnect(options);
  ASSERT_TRUE(Get(*client, "/own/a"));

  server.member(0).Kill();
  std::filesystem::remove_all(server.folder() / "m0/data");
  server.member(0).Start();
  SwitchOnAuth(server);
  UntilSuccess([&] { return Get(*client, "/own/a", After(std::chrono::seconds(1))); },
               std::chrono::milliseconds(50));
}

TEST(NoAuth, AUserIsNoMistakeWhereAuthenticationIsOff) {
  EtcdCluster server;
  ASSERT_TRUE(server.WaitReady());
  Options options = OptionsFor(server.urls());
  options.user = "rc";
  options.password = "pass";
  const auto put = Put(*MustConnect(options), "/a", "1");
  EXPECT_TRUE(put) << put.error().message;
}

TEST_F(Auth, ANewPasswordIsReadFromItsFileWithoutARestart) {
  ASSERT_TRUE(Server().Etcdctl({"--user", "root:secret", "user", "add", "moving:old"}));
  ASSERT_TRUE(Server().Etcdctl({"--user", "root:secret", "user", "grant-role", "moving", "own"}));
  const TempDir folder;
  const auto write = [&](const char* password) {
    std::ofstream(folder / "password") << password << '\n';
  };
  write("old");
  Options options = OptionsFor(Server().urls());
  options.user = "moving";
  options.password_file = folder / "password";
  const auto client = MustConnect(options);
  ASSERT_TRUE(Get(*client, "/own/a"));

  // etcdctl asks for the new password twice, or takes it from its input.
  ASSERT_EQ(testing::Run({"sh", "-c",
                          "echo new | " + FindProgram("etcdctl") + " --endpoints " +
                              Server().urls().front() +
                              " --user root:secret user passwd moving --interactive=false"},
                         folder / "passwd.log", {"ETCDCTL_API=3"}),
            0);
  const auto refused = Get(*client, "/own/a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
  EXPECT_NE(refused.error().message.find("invalid user ID or password"), std::string::npos)
      << refused.error().message;
  write("new");
  const auto answer = Get(*client, "/own/a");
  EXPECT_TRUE(answer) << answer.error().message;
}

}  // namespace
}  // namespace rollcall::store::etcd::testing
