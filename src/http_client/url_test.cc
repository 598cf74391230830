#include "http_client/url.h"

#include <gmock/gmock.h>

#include "http_client/send.h"

namespace rollcall::http_client {
namespace {

TEST(Url, IsTakenApart) {
  const std::pair<const char*, Url> cases[] = {
      {"http://a", {false, "a", 80, "a", "/"}},
      {"HTTPS://a:8443/x?y=1#z", {true, "a", 8443, "a:8443", "/x?y=1"}},
      {"http://[::1]:9530/sd/n", {false, "::1", 9530, "[::1]:9530", "/sd/n"}},
      {"https://[::1]", {true, "::1", 443, "[::1]", "/"}},
      {"http://a?b", {false, "a", 80, "a", "/?b"}},
      {"http://a:/", {false, "a", 80, "a:", "/"}},
  };
  for (const auto& [text, url] : cases) {
    const auto parsed = ParseUrl(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, url) << text;
    EXPECT_EQ(ParseUrl(ToText(url)), url) << text;
  }
}

TEST(Url, WhatIsNoneIsRefused) {
  for (const char* text :
       {"", "a", "ftp://a", "http://", "http:///x", "http://user@a", "http://a:0", "http://a:70000",
        "http://a:x", "http://a b", "http://a/\r\nx", "http://[::1", "http://[::1]x", "http://[x@]",
        "http://a%41", "http://\xc3\xa4"}) {
    EXPECT_FALSE(ParseUrl(text)) << text;
  }
  EXPECT_FALSE(ParseUrl("http://a/" + std::string(9000, 'x')));
}

TEST(Url, ARedirectLeadsFromWhereItStands) {
  const auto from = ParseUrl("https://a:1/x/y?q=/z");
  ASSERT_TRUE(from);
  const std::pair<const char*, const char*> cases[] = {
      {"http://b/c", "http://b/c"},
      {"//b/c", "https://b/c"},
      {"/c?d", "https://a:1/c?d"},
      {"c", "https://a:1/x/c"},
      {"?d=http://e", "https://a:1/x/y?d=http://e"},
  };
  for (const auto& [location, to] : cases) {
    const auto url = Follow(*from, location);
    ASSERT_TRUE(url) << location;
    EXPECT_EQ(ToText(*url), to) << location;
  }
  EXPECT_FALSE(Follow(*from, "ftp://b"));
  EXPECT_FALSE(Follow(*from, ""));
}

TEST(Url, AValueIsEscaped) {
  EXPECT_EQ(Escape("a-Z.9_~"), "a-Z.9_~");
  EXPECT_EQ(Escape("/ &\xff@"), "%2F%20%26%FF%40");
}

TEST(Authorization, IsBase64) {
  EXPECT_EQ(BasicAuthorization("user", "pass"), "Basic dXNlcjpwYXNz");
  EXPECT_EQ(BasicAuthorization("user", "passw"), "Basic dXNlcjpwYXNzdw==");
}

}  // namespace
}  // namespace rollcall::http_client
