#include "serving/page/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "serving/http/testing/recorded_exchange.h"

namespace rollcall::serving::page {
namespace {

using http::testing::RecordedExchange;
using ::testing::HasSubstr;

constexpr File kSite[] = {
    {"/index.html", "<!doctype html>", ""},
    {"/assets/index-1a2b.js", "let a = 1", "squeezed"},
    {"/assets/index-3c4d.css", "body {}", ""},
    {"/assets/icon-5e6f.svg", "<svg/>", ""},
};

struct Answer {
  http::Response response;
  std::string body;
  [[nodiscard]] std::string Header(std::string_view name) const {
    for (const http::Field& field : response.headers) {
      if (field.name == name) return field.value;
    }
    return "";
  }
};

Answer Get(std::string path, std::string encoding = "", std::span<const File> files = kSite) {
  const auto routes = Routes(files);
  http::Request request;
  request.path = std::move(path);
  if (!encoding.empty()) request.headers.push_back({"accept-encoding", std::move(encoding)});
  const auto exchange = std::make_shared<RecordedExchange>(std::move(request));
  // As a router does: the longest path that it begins with.
  const auto asset = std::string_view(exchange->request().path).starts_with("/assets/");
  routes.at(asset ? 1 : 0).handler(exchange);
  EXPECT_TRUE(exchange->over());
  return {exchange->response(), exchange->body()};
}

TEST(Page, IsAtTheRootAndItsFilesBelowAssets) {
  const struct {
    const char* path;
    const char* body;
    const char* type;
    const char* cache;
  } kCases[] = {
      {"/", "<!doctype html>", "text/html; charset=utf-8", "no-cache"},
      {"/assets/index-1a2b.js", "let a = 1", "text/javascript; charset=utf-8",
       "max-age=31536000, immutable"},
      {"/assets/index-3c4d.css", "body {}", "text/css; charset=utf-8",
       "max-age=31536000, immutable"},
      {"/assets/icon-5e6f.svg", "<svg/>", "image/svg+xml", "max-age=31536000, immutable"},
  };
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.path);
    const Answer answer = Get(one.path);
    EXPECT_EQ(answer.response.status, 200U);
    EXPECT_EQ(answer.body, one.body);
    EXPECT_EQ(answer.response.content_type, one.type);
    EXPECT_EQ(answer.Header("Cache-Control"), one.cache);
    EXPECT_EQ(answer.Header("Content-Security-Policy"), kPolicy);
    EXPECT_EQ(answer.Header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer.Header("Content-Encoding"), "");
  }
}

TEST(Page, NothingElseIsThere) {
  for (const char* path : {"/index.html", "/assets/", "/assets", "/assets/index-1a2b.js.gz",
                           "/etc/passwd", "/api/v2/x", "/assets/index-1a2b.js/"}) {
    EXPECT_EQ(Get(path).response.status, 404U) << path;
  }
}

TEST(Page, IsCompressedForWhoTakesIt) {
  const Answer gzip = Get("/assets/index-1a2b.js", "gzip, deflate, br");
  EXPECT_EQ(gzip.body, "squeezed");
  EXPECT_EQ(gzip.Header("Content-Encoding"), "gzip");
  EXPECT_EQ(gzip.Header("Vary"), "Accept-Encoding");
  const Answer plain = Get("/assets/index-1a2b.js", "br");
  EXPECT_EQ(plain.body, "let a = 1");
  EXPECT_EQ(plain.Header("Content-Encoding"), "");
  EXPECT_EQ(plain.Header("Vary"), "Accept-Encoding");
  // What the build did not compress is given as it is.
  EXPECT_EQ(Get("/", "gzip").Header("Content-Encoding"), "");
}

TEST(Page, AcceptEncodingIsReadAsItIsMeant) {
  const struct {
    const char* header;
    bool accepts;
  } kCases[] = {
      {"gzip", true},
      {"GZip", true},
      {"deflate, gzip;q=0.5", true},
      {"gzip ; q=1.000", true},
      {"*", true},
      {"br, *;q=0.1", true},
      {"", false},
      {"identity", false},
      {"gzip;q=0", false},
      {"gzip;q=0.000", false},
      {"gzip;q=", false},
      {"gzip;q=-1", false},
      {"gzip;level=9", false},
      {"*;q=0", false},
      {"gzip;q=0, *", false},
      {"*, gzip;q=0", false},
      {"gzipped", false},
      {"x-gzip", false},
      {",;,;;,", false},
  };
  for (const auto& one : kCases) EXPECT_EQ(AcceptsGzip(one.header), one.accepts) << one.header;
}

TEST(Page, WithoutFilesTheRootTellsWhereToLook) {
  const Answer answer = Get("/", "", {});
  EXPECT_EQ(answer.response.status, 200U);
  EXPECT_THAT(answer.body, HasSubstr("/metrics"));
  EXPECT_EQ(Get("/assets/index-1a2b.js", "", {}).response.status, 404U);
}

}  // namespace
}  // namespace rollcall::serving::page
