#include "serving/http/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rollcall::serving::http {
namespace {

using ::testing::HasSubstr;

TEST(Target, IsTakenApart) {
  struct Case {
    std::string text;
    std::string path;
    std::string parameters;  // "a=b;c=d"
    std::string authority = "";
  };
  const std::vector<Case> cases = {
      {"/", "/", ""},
      {"/metrics", "/metrics", ""},
      {"/sd/node.prom.internal?state=healthy&shard=0/4", "/sd/node.prom.internal",
       "state=healthy;shard=0/4"},
      {"/a%20b+c?x=a+b%2Bc", "/a b+c", "x=a b+c"},
      {"/caf%C3%A9?q=%E2%82%AC", "/café", "q=€"},
      {"/x?a", "/x", "a="},
      {"/x?a=&&b=1=2", "/x", "a=;b=1=2"},
      {"/x?", "/x", ""},
      {"/x?a=1&a=2", "/x", "a=1;a=2"},
      {"/...", "/...", ""},
      {"http://Server:9530/x?y=z", "/x", "y=z", "Server:9530"},
      {"HTTP://server", "/", "", "server"},
      {"https://[::1]:9530?y=z", "/", "y=z", "[::1]:9530"},
      {"/x?u=http://other/", "/x", "u=http://other/"},
  };
  for (const Case& c : cases) {
    const auto target = ParseTarget(c.text);
    ASSERT_TRUE(target) << c.text << ": " << target.error().message;
    EXPECT_EQ(target->path, c.path) << c.text;
    EXPECT_EQ(target->authority, c.authority) << c.text;
    std::string parameters;
    for (const Field& field : target->parameters) {
      parameters += (parameters.empty() ? "" : ";") + field.name + "=" + field.value;
    }
    EXPECT_EQ(parameters, c.parameters) << c.text;
  }
}

TEST(Target, WhatTwoMightReadDifferentlyIsRefused) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "slash"},
      {"x", "slash"},
      {"*", "slash"},
      {"ftp://server/x", "slash"},
      {"//server/x", "empty segment"},
      {"/a//b", "empty segment"},
      {"/a/", "empty segment"},
      {"/a/./b", "dots"},
      {"/a/..", "dots"},
      {"/%2e%2E/etc/passwd", "dots"},
      {"/a%2Fb", "escaped slash"},
      {"/a%", "no escape"},
      {"/a%4", "no escape"},
      {"/a%4g", "no escape"},
      {"/a%00", "control"},
      {"/a%0d%0aSet-Cookie:x", "control"},
      {"/a%7f", "control"},
      {"/a%C2%85", "control"},
      {"/a?b=%0a", "control"},
      {"/a%ff", "UTF-8"},
      {"/a%C0%AF", "UTF-8"},
      {"/a%ED%A0%80", "UTF-8"},
      {"/a?b=%E2%82", "UTF-8"},
      {"/a#b", "percent-encoded"},
      {"/a b", "percent-encoded"},
      {"/caf\xc3\xa9", "percent-encoded"},
      {"/a?=b", "without a name"},
      {"http:///x", "HOST"},
      {"http://user@server/x", "HOST"},
  };
  for (const auto& [text, why] : cases) {
    const auto target = ParseTarget(text);
    ASSERT_FALSE(target) << text;
    EXPECT_EQ(target.error().code, ErrorCode::kInvalid) << text;
    EXPECT_THAT(target.error().message, HasSubstr(why)) << text;
  }
}

TEST(Target, ParametersAreBounded) {
  std::string text = "/x?";
  for (std::size_t i = 0; i < kMostParameters; ++i) text += "a=b&";
  EXPECT_TRUE(ParseTarget(text));
  EXPECT_EQ(ParseTarget(text + "a=b").error().code, ErrorCode::kExhausted);
}

TEST(Authority, IsTakenApart) {
  struct Case {
    std::string text;
    std::string host;
    bool literal = false;
    std::string port = "";
  };
  for (const Case& c : std::vector<Case>{{"localhost", "localhost"},
                                         {"LOCALHOST:9530", "localhost", false, "9530"},
                                         {"server.example.", "server.example"},
                                         {"server:", "server"},
                                         {"192.0.2.1:80", "192.0.2.1", true, "80"},
                                         {"[2001:DB8::1]", "2001:db8::1", true},
                                         {"[::1]:9530", "::1", true, "9530"},
                                         {"127.1", "127.1", false},
                                         {"0x7f000001", "0x7f000001", false}}) {
    const auto found = ParseAuthority(c.text);
    ASSERT_TRUE(found) << c.text;
    EXPECT_EQ(found->host, c.host) << c.text;
    EXPECT_EQ(found->literal, c.literal) << c.text;
    EXPECT_EQ(found->port, c.port) << c.text;
  }
  for (const char* const text :
       {"", ":80", "a:b", "a:65536", "a:1:2", "::1", "[::1", "[::1]x", "[server]", "a b", "user@a",
        "a/b", "a,b", "[::1%25eth0]", ".", "..", "a..", ".a", "a..b"}) {
    EXPECT_FALSE(ParseAuthority(text)) << text;
  }
}

TEST(Authority, AZeroOctetEndsNoAddress) {
  using std::string_literals::operator""s;
  EXPECT_FALSE(ParseAuthority("[::1\0x]"s));
  EXPECT_FALSE(ParseAuthority("127.0.0.1\0.evil.example"s));
  EXPECT_EQ(CanonicalAddress("::1\0x"s), "::1\0x"s);
  EXPECT_FALSE(IsLoopback("127.0.0.1\0x"s));
}

TEST(Address, IsWrittenInOneWay) {
  EXPECT_EQ(CanonicalAddress("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(CanonicalAddress("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(CanonicalAddress("2001:DB8:0:0::1"), "2001:db8::1");
  EXPECT_EQ(CanonicalAddress("server"), "server");
  EXPECT_TRUE(IsLoopback("127.8.9.1"));
  EXPECT_TRUE(IsLoopback("::1"));
  EXPECT_FALSE(IsLoopback("127.example"));
  EXPECT_FALSE(IsLoopback("10.0.0.1"));
  EXPECT_FALSE(IsLoopback(""));
}

}  // namespace
}  // namespace rollcall::serving::http
