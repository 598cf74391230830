// TLS and client certificates, on a real etcd.
#include "store/etcd/testing/certificates.h"
#include "store/etcd/testing/server_test.h"

namespace rollcall::store::etcd::testing {
namespace {

class Tls : public ::testing::Test {
 protected:
  static const Certificates& Files() {
    static const Certificates files;
    return files;
  }
  static EtcdCluster& Server() {
    static EtcdCluster server({.size = 1,
                               .scheme = "https",
                               .extra = {"--cert-file", Files().Path("server.pem"), "--key-file",
                                         Files().Path("server.key"), "--trusted-ca-file",
                                         Files().Path("ca.pem"), "--client-cert-auth"}});
    return server;
  }
  static Options Trusted() {
    Options options = OptionsFor(Server().urls());
    options.ca_file = Files().Path("ca.pem");
    options.cert_file = Files().Path("client.pem");
    options.key_file = Files().Path("client.key");
    return options;
  }
  static Deadline Soon() { return After(std::chrono::seconds(3)); }

  // The member answers: what fails after this fails for its own reason.
  static void SetUpTestSuite() {
    const auto client = MustConnect(Trusted());
    UntilSuccess([&] { return Get(*client, "/a", Soon()); }, std::chrono::milliseconds(50));
  }
};

TEST_F(Tls, AClientCertificateOpensTheDoor) {
  const auto client = MustConnect(Trusted());
  const auto put = Put(*client, "/a", "1");
  ASSERT_TRUE(put) << put.error().message;
  WatchRequest watch;
  watch.ranges.push_back(KeyRange::Single("/a"));
  watch.start_revision = put->header.revision;
  const auto started = client->StartWatch(watch, After(kLong));
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_EQ((*started)->Next(After(kLong))->revision, put->header.revision);
}

TEST_F(Tls, WithoutAClientCertificateItIsUnavailable) {
  Options options = Trusted();
  options.cert_file.clear();
  options.key_file.clear();
  EXPECT_EQ(Get(*MustConnect(options), "/a", Soon()).error().code, ErrorCode::kUnavailable);
}

TEST_F(Tls, AServerThatOurCaDidNotSignIsNotSpokenTo) {
  const Certificates others;
  Options options = Trusted();
  options.ca_file = others.Path("ca.pem");
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(Get(*MustConnect(options), "/a", Soon()).error().code, ErrorCode::kUnavailable);
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("certificate of etcd is not accepted"), std::string::npos) << log;
  EXPECT_EQ(log.find("ssl_transport_security.cc"), std::string::npos) << "gRPC's own: " << log;
}

TEST_F(Tls, PlainTextIsUnavailable) {
  const std::string url = "http" + Server().urls().front().substr(5);
  ::testing::internal::CaptureStderr();
  const auto answer = Get(*MustConnect(OptionsFor({url})), "/a", Soon());
  const std::string log = ::testing::internal::GetCapturedStderr();
  ASSERT_FALSE(answer);
  EXPECT_NE(log.find("name it as https://"), std::string::npos) << log;
}

}  // namespace
}  // namespace rollcall::store::etcd::testing
