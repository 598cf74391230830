// The heads of requests and of answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serving/http/request_head.h"
#include "serving/http/response_head.h"

namespace rollcall::serving::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(RequestHead, WhatCouldBeReadInTwoWaysIsRefused) {
  const Field host{"host", "server"};
  struct Case {
    std::string what;
    unsigned status;  // 200: it passes
    std::vector<Field> headers;
    bool old_version = false;
  };
  for (const Case& c : std::vector<Case>{
           {"plain", 200, {host}},
           {"a length", 200, {host, {"content-length", "5"}}},
           {"chunks", 200, {host, {"transfer-encoding", "Chunked"}}},
           {"both", 400, {host, {"content-length", "5"}, {"transfer-encoding", "chunked"}}},
           {"two lengths", 400, {host, {"content-length", "5"}, {"content-length", "6"}}},
           {"the same twice", 400, {host, {"content-length", "5"}, {"content-length", "5"}}},
           {"a list", 400, {host, {"content-length", "5, 5"}}},
           {"a sign", 400, {host, {"content-length", "+5"}}},
           {"two codings",
            400,
            {host, {"transfer-encoding", "chunked"}, {"transfer-encoding", "identity"}}},
           {"gzip", 501, {host, {"transfer-encoding", "gzip, chunked"}}},
           {"odd whitespace",
            501,
            {host,
             {"transfer-encoding",
              "\x0b"
              "chunked"}}},
           {"chunked last but one", 501, {host, {"transfer-encoding", "chunked, identity"}}},
           {"chunks in 1.0", 400, {host, {"transfer-encoding", "chunked"}}, true},
           {"no host", 400, {}},
           {"no host in 1.0", 200, {}, true},
           {"two hosts", 400, {host, host}},
           {"no name of a host", 400, {{"host", "a b"}}},
           {"a user", 400, {{"host", "user@server"}}},
           {"continue", 200, {host, {"expect", "100-Continue"}}},
           {"something else", 417, {host, {"expect", "miracles"}}},
       }) {
    const auto request = CheckHead({"PUT", "/x", c.old_version, c.headers});
    EXPECT_EQ(request ? 200U : request.error().status, c.status) << c.what;
  }
  const auto folded = CheckHead({"PUT", "/x", false, {host}, true});
  ASSERT_FALSE(folded);
  EXPECT_EQ(folded.error().status, 400);
}

TEST(RequestHead, MethodsAndTargets) {
  const std::vector<Field> host = {{"host", "server"}};
  const auto status = [&](const std::string& method, const std::string& target) {
    const auto request = CheckHead({method, target, false, host});
    return request ? 200U : request.error().status;
  };
  EXPECT_EQ(status("GET", "/"), 200);
  EXPECT_EQ(status("PATCH", "/"), 200);
  EXPECT_EQ(status("BREW", "/"), 501);
  EXPECT_EQ(status("get", "/"), 501);
  EXPECT_EQ(status("CONNECT", "server:80"), 501);
  EXPECT_EQ(status("OPTIONS", "*"), 400);
  EXPECT_EQ(status("GET", "/" + std::string(9000, 'a')), 414);
  EXPECT_EQ(status("GET", "/../x"), 400);
}

TEST(RequestHead, AWholeUrlNamesTheHost) {
  const auto request = CheckHead({"GET", "http://real:80/x?a=b", false, {{"host", "other"}}});
  ASSERT_TRUE(request);
  EXPECT_EQ(*request->Header("host"), "real:80");
  EXPECT_EQ(request->path, "/x");
  EXPECT_EQ(*request->Parameter("a"), "b");
}

TEST(RequestHead, WhetherABodyFollows) {
  const auto follows = [](std::vector<Field> headers) {
    headers.push_back({"host", "server"});
    return BodyFollows(*CheckHead({"PUT", "/x", false, std::move(headers)}));
  };
  EXPECT_FALSE(follows({}));
  EXPECT_FALSE(follows({{"content-length", "0"}}));
  EXPECT_TRUE(follows({{"content-length", "1"}}));
  EXPECT_TRUE(follows({{"transfer-encoding", "chunked"}}));
}

TEST(ResponseHead, SaysWhatIsKnown) {
  const Response response{200, "x", "application/json", {{"ETag", "\"1\""}}};
  const std::string head =
      MakeHead(response, {false, true, 1}, {{"X-Frame-Options", "deny"}}, "now");
  EXPECT_EQ(head,
            "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: application/json\r\n"
            "Content-Length: 1\r\nETag: \"1\"\r\nX-Frame-Options: deny\r\n"
            "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n\r\n");
}

TEST(ResponseHead, FramingFollowsTheVersion) {
  const Response response;
  EXPECT_THAT(MakeHead(response, {false, true, std::nullopt}, {}, ""),
              HasSubstr("Transfer-Encoding: chunked\r\n"));
  const std::string old_head = MakeHead(response, {true, false, std::nullopt}, {}, "");
  EXPECT_THAT(old_head, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_THAT(old_head, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(MakeHead(response, {true, true, 0}, {}, ""), HasSubstr("Connection: keep-alive\r\n"));
  const std::string none = MakeHead({204}, {false, true, 0}, {}, "");
  EXPECT_THAT(none, StartsWith("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(none, Not(HasSubstr("Content-Length")));
}

TEST(ResponseHead, WhatAHandlerSaysCounts) {
  Response response;
  response.headers = {{"cache-control", "max-age=9"}, {"x-frame-options", "sameorigin"}};
  const std::string head = MakeHead(response, {}, {{"X-Frame-Options", "deny"}}, "");
  EXPECT_THAT(head, HasSubstr("cache-control: max-age=9\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("no-store")));
  EXPECT_THAT(head, Not(HasSubstr("deny")));
}

TEST(ResponseHead, AnswersAreNotSplit) {
  Response response;
  response.headers = {{"Location", "/x\r\nSet-Cookie: a=b"}, {"A\nB", "c"}};
  EXPECT_THAT(MakeHead(response, {}, {}, ""), Not(HasSubstr("Set-Cookie")));
  EXPECT_THAT(MakeHead(response, {}, {}, ""), Not(HasSubstr("A\nB")));
}

TEST(ResponseHead, Date) {
  EXPECT_EQ(HttpDate(WallTime(std::chrono::seconds(784111777))), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace rollcall::serving::http
