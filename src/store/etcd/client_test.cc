#include "store/etcd/client.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace rollcall::store::etcd {
namespace {

// A port that nobody listens on: the kernel gives it to no one who asks for any.
constexpr const char* kNobody = "http://127.0.0.1:1";

Options With(std::vector<std::string> endpoints) {
  Options options;
  options.endpoints = std::move(endpoints);
  return options;
}

TEST(Connect, DoesNotConnect) {
  EXPECT_TRUE(Connect(With({kNobody})));
}

TEST(Connect, RefusesWhatIsNoEndpointAndNamesIt) {
  for (const auto& endpoints : std::vector<std::vector<std::string>>{
           {}, {"ftp://a:1"}, {"http://a:1", "https://b:1"}, {"http://a:port"}}) {
    const auto client = Connect(With(endpoints));
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().code, ErrorCode::kInvalid);
    if (!endpoints.empty()) {
      EXPECT_NE(client.error().message.find(endpoints.back()), std::string::npos);
    }
  }
}

TEST(Connect, RefusesFilesItCannotUseAndNamesThem) {
  const std::string not_pem = std::filesystem::temp_directory_path() / "rollcall-client-test.txt";
  std::ofstream(not_pem) << "no certificate";
  const struct {
    const char* what;
    std::string Options::*file;
    std::string value;
  } cases[] = {
      {"missing CA", &Options::ca_file, "/nowhere/ca.pem"},
      {"a folder", &Options::ca_file, "/"},
      {"no PEM", &Options::ca_file, not_pem},
      {"certificate without key", &Options::cert_file, "/nowhere/cert.pem"},
      {"key without certificate", &Options::key_file, "/nowhere/key.pem"},
  };
  for (const auto& c : cases) {
    Options options = With({"https://127.0.0.1:1"});
    options.*c.file = c.value;
    const auto client = Connect(options);
    ASSERT_FALSE(client) << c.what;
    EXPECT_EQ(client.error().code, ErrorCode::kInvalid) << c.what;
    EXPECT_NE(client.error().message.find(c.value), std::string::npos) << client.error().message;
  }
  std::filesystem::remove(not_pem);
}

TEST(Connect, RefusesCertificatesForHttp) {
  Options options = With({kNobody});
  options.ca_file = "/nowhere/ca.pem";
  EXPECT_EQ(Connect(options).error().code, ErrorCode::kInvalid);
}

TEST(Client, NobodyThereIsUnavailableWellBeforeTheDeadline) {
  const auto client = Connect(With({kNobody, "http://[::1]:1"}));
  const SteadyTime start = std::chrono::steady_clock::now();
  const Deadline deadline = start + std::chrono::seconds(30);
  EXPECT_EQ((*client)->Range({}, deadline).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ((*client)->Txn({}, deadline).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ((*client)->LeaseGrant(std::chrono::seconds(5), 0, deadline).error().code,
            ErrorCode::kUnavailable);
  EXPECT_EQ((*client)->LeaseKeepAlive(1, deadline).error().code, ErrorCode::kUnavailable);
  WatchRequest watch;
  watch.ranges.push_back(KeyRange::Prefix("/"));
  EXPECT_EQ((*client)->StartWatch(watch, deadline).error().code, ErrorCode::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(Client, TheErrorNamesTheEndpoint) {
  const auto client = Connect(With({kNobody}));
  const auto response = (*client)->Range({}, After(std::chrono::seconds(30)));
  EXPECT_NE(response.error().message.find(kNobody), std::string::npos) << response.error().message;
}

}  // namespace
}  // namespace rollcall::store::etcd
