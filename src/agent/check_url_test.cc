#include "agent/check_url.h"

#include <gmock/gmock.h>

namespace rollcall::agent {
namespace {

using ::testing::HasSubstr;

struct Good {
  std::string name;
  std::string url;
  CheckUrl want;
};

class GoodUrlTest : public ::testing::TestWithParam<Good> {};

TEST_P(GoodUrlTest, IsTakenApart) {
  const auto url = ParseCheckUrl(GetParam().url);
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(*url, GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Urls, GoodUrlTest,
    ::testing::Values(
        Good{"usual",
             "http://127.0.0.1:9100/metrics",
             {false, {"127.0.0.1", 9100}, "/metrics", "127.0.0.1:9100"}},
        Good{"ipv6", "http://[::1]:9100/metrics", {false, {"::1", 9100}, "/metrics", "[::1]:9100"}},
        Good{"ipv6_no_port",
             "http://[2001:db8::1]",
             {false, {"2001:db8::1", 80}, "/", "[2001:db8::1]"}},
        Good{"https",
             "https://server01.example/m",
             {true, {"server01.example", 443}, "/m", "server01.example"}},
        Good{"capital_scheme", "HTTP://a:1", {false, {"a", 1}, "/", "a:1"}},
        Good{"query",
             "http://a/m?collect[]=cpu&x=%20",
             {false, {"a", 80}, "/m?collect[]=cpu&x=%20", "a"}},
        Good{"query_without_path", "http://a:1?x", {false, {"a", 1}, "/?x", "a:1"}},
        Good{"at_in_the_path", "http://a/@b:c", {false, {"a", 80}, "/@b:c", "a"}}),
    [](const auto& the_case) { return the_case.param.name; });

struct Bad {
  std::string name;
  std::string text;
  std::string why;
};

class BadUrlTest : public ::testing::TestWithParam<Bad> {};

TEST_P(BadUrlTest, IsRefusedInOneSentence) {
  const auto url = ParseCheckUrl(GetParam().text);
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(url.error().message, HasSubstr(GetParam().why));
}

INSTANTIATE_TEST_SUITE_P(
    Urls, BadUrlTest,
    ::testing::Values(
        Bad{"empty", "", "neither with http"}, Bad{"no_scheme", "127.0.0.1:9100", "neither"},
        Bad{"other_scheme", "ftp://a/", "neither"}, Bad{"no_host", "http:///metrics", "neither an"},
        Bad{"no_host_but_port", "http://:9100/", "neither an"},
        Bad{"port_0", "http://a:0/", "1 to 65535"}, Bad{"port_high", "http://a:65536/", "65535"},
        Bad{"port_text", "http://a:http/", "65535"}, Bad{"port_empty", "http://a:/", "65535"},
        Bad{"port_sign", "http://a:+80/", "65535"},
        Bad{"bare_ipv6", "http://::1:9100/", "in brackets"},
        Bad{"bracket_open", "http://[::1/", "no ]"},
        Bad{"bracket_name", "http://[localhost]/", "no IPv6"},
        Bad{"bracket_zone", "http://[fe80::1%25eth0]/", "no IPv6"},
        Bad{"bracket_then_text", "http://[::1]9100/", "a port is missing"},
        Bad{"user", "http://a:b@c/", "a user"}, Bad{"fragment", "http://a/#b", "fragment"},
        Bad{"space", "http://a/b c", "a space"},
        Bad{"smuggled_header", "http://a/ HTTP/1.1\r\nX: y", "a space"},
        Bad{"umlaut", "http://a/\xc3\xa4", "octet"},
        Bad{"nul", std::string("http://a/\0", 10), "octet"},
        Bad{"long", "http://a/" + std::string(2048, 'a'), "2048"}),
    [](const auto& the_case) { return the_case.param.name; });

TEST(HostPort, IsTakenApartAndPutTogether) {
  for (const char* text : {"127.0.0.1:9100", "[::1]:22", "server01.example:443", "a_b-c:1"}) {
    const auto place = ParseHostPort(text);
    ASSERT_TRUE(place) << place.error().message;
    EXPECT_EQ(ToText(*place), text);
  }
}

TEST(HostPort, NeedsAHostAndAPort) {
  for (const char* text : {"", "a", "a:", ":1", "a:0", "::1:22", "[::1]", "[]:1", "a:1:2", "a b:1",
                           "a:1 ", "a:99999"}) {
    const auto place = ParseHostPort(text);
    ASSERT_FALSE(place) << text;
    EXPECT_EQ(place.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace rollcall::agent
