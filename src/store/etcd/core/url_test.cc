#include "store/etcd/core/url.h"

#include <gtest/gtest.h>

namespace rollcall::store::etcd {
namespace {

TEST(ParseEndpoint, TakesWhatPeopleWrite) {
  const struct {
    const char* url;
    const char* target;
    bool tls;
  } cases[] = {
      {"http://127.0.0.1:2379", "127.0.0.1:2379", false},
      {"http://127.0.0.1:2379/", "127.0.0.1:2379", false},
      {"https://etcd1.example:4001", "etcd1.example:4001", true},
      {"etcd1:2379", "etcd1:2379", false},
      {"http://etcd1", "etcd1:2379", false},
      {"http://[::1]:2379", "[::1]:2379", false},
      {"[2001:db8::7]", "[2001:db8::7]:2379", false},
      {"https://[fe80::1%2]:1", "[fe80::1%2]:1", true},
  };
  for (const auto& c : cases) {
    const auto endpoint = ParseEndpoint(c.url);
    ASSERT_TRUE(endpoint) << c.url;
    EXPECT_EQ(endpoint->target, c.target) << c.url;
    EXPECT_EQ(endpoint->tls, c.tls) << c.url;
    EXPECT_EQ(endpoint->name, (c.tls ? "https://" : "http://") + endpoint->target);
  }
}

TEST(ParseEndpoint, RefusesWhatIsNoEndpointAndNamesIt) {
  for (const char* url :
       {"", "http://", ":2379", "http://host:", "http://host:0", "http://host:65536", "host:-1",
        "host:2379x", "http://host:2379/v3", "ftp://host:2379", "http://user@host:2379", "::1:2379",
        "[::1", "[]:2379", "[host]:2379", "ho st:2379", "https://http://host:2379"}) {
    const auto endpoint = ParseEndpoint(url);
    ASSERT_FALSE(endpoint) << url;
    EXPECT_EQ(endpoint.error().code, ErrorCode::kInvalid) << url;
    EXPECT_NE(endpoint.error().message.find('\'' + std::string(url) + '\''), std::string::npos);
  }
}

TEST(ParseEndpoints, KeepsTheOrderAndDropsRepeats) {
  const std::vector<std::string> urls = {"http://b:1", "a:2", "http://a:2", "http://b:1/"};
  const auto endpoints = ParseEndpoints(urls);
  ASSERT_TRUE(endpoints);
  ASSERT_EQ(endpoints->size(), 2U);
  EXPECT_EQ(endpoints->at(0).target, "b:1");
  EXPECT_EQ(endpoints->at(1).target, "a:2");
}

TEST(ParseEndpoints, RefusesHttpBesideHttps) {
  const std::vector<std::string> urls = {"https://a:1", "b:1"};
  const auto endpoints = ParseEndpoints(urls);
  ASSERT_FALSE(endpoints);
  EXPECT_EQ(endpoints.error().code, ErrorCode::kInvalid);
}

TEST(ParseEndpoints, RefusesAnEmptyList) {
  EXPECT_EQ(ParseEndpoints({}).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace rollcall::store::etcd
