#include "serving/http/access.h"

#include <gtest/gtest.h>

#include <vector>

namespace rollcall::serving::http {
namespace {

Request Asking(const std::string& method, std::vector<Field> headers,
               const std::string& address = "127.0.0.1") {
  Request request;
  request.method = method;
  request.headers = std::move(headers);
  request.peer.address = address;
  request.peer.loopback = address == "127.0.0.1";
  return request;
}

unsigned StatusOf(const std::optional<Response>& refused) {
  return refused ? refused->status : 200;
}

const Field kHere{"host", "127.0.0.1:9530"};
const Field kJson{"content-type", "application/json"};

TEST(Access, WithoutLogins) {
  const AccessRules rules{.names = {"rollcall.example"}};
  struct Case {
    std::string what;
    Request request;
    Right right;
    unsigned status;
  };
  const std::vector<Case> cases = {
      {"Prometheus reads", Asking("GET", {{"host", "192.0.2.1:9530"}}, "192.0.2.9"), Right::kRead,
       200},
      {"by name", Asking("GET", {{"host", "Rollcall.Example.:80"}}, "192.0.2.9"), Right::kRead,
       200},
      {"localhost", Asking("GET", {{"host", "localhost:9530"}}), Right::kRead, 200},
      {"a name that was made to point here", Asking("GET", {{"host", "evil.example"}}),
       Right::kRead, 421},
      {"health for a load balancer", Asking("GET", {{"host", "evil.example"}}), Right::kNone, 200},
      {"a write from here", Asking("PUT", {kHere, kJson}), Right::kWrite, 200},
      {"with parameters of the type",
       Asking("PUT", {kHere, {"content-type", "Application/JSON ; charset=utf-8"}}), Right::kWrite,
       200},
      {"a write from elsewhere", Asking("PUT", {kHere, kJson}, "192.0.2.9"), Right::kWrite, 403},
      {"a write that a proxy handed on",
       Asking("PUT", {kHere, kJson, {"x-forwarded-for", "192.0.2.9"}}), Right::kWrite, 403},
      {"a form of a foreign page",
       Asking("POST", {kHere, {"content-type", "application/x-www-form-urlencoded"}}),
       Right::kWrite, 415},
      {"text of a foreign page", Asking("POST", {kHere, {"content-type", "text/plain"}}),
       Right::kWrite, 415},
      {"no type", Asking("PUT", {kHere}), Right::kWrite, 415},
      {"two in one", Asking("PUT", {kHere, {"content-type", "text/plain, application/json"}}),
       Right::kWrite, 415},
      {"DELETE has no body", Asking("DELETE", {kHere}), Right::kWrite, 200},
      {"DELETE has one", Asking("DELETE", {kHere, {"content-length", "2"}}), Right::kWrite, 415},
      {"rebinding", Asking("PUT", {{"host", "evil.example:9530"}, kJson}), Right::kWrite, 421},
      {"rebinding, DELETE", Asking("DELETE", {{"host", "evil.example:9530"}}), Right::kWrite, 421},
      {"our own page", Asking("PUT", {kHere, kJson, {"origin", "http://127.0.0.1:9530"}}),
       Right::kWrite, 200},
      {"another origin", Asking("PUT", {kHere, kJson, {"origin", "http://evil.example"}}),
       Right::kWrite, 403},
      {"another port", Asking("PUT", {kHere, kJson, {"origin", "http://127.0.0.1:3000"}}),
       Right::kWrite, 403},
      {"our own page, through a proxy that speaks TLS",
       Asking("PUT", {kHere, kJson, {"origin", "https://127.0.0.1:9530"}}), Right::kWrite, 200},
      {"another scheme", Asking("PUT", {kHere, kJson, {"origin", "file://"}}), Right::kWrite, 403},
      {"an origin that is none", Asking("DELETE", {kHere, {"origin", "null"}}), Right::kWrite, 403},
      {"the browser says so", Asking("DELETE", {kHere, {"sec-fetch-site", "cross-site"}}),
       Right::kWrite, 403},
      {"a sibling's page", Asking("DELETE", {kHere, {"sec-fetch-site", "same-site"}}),
       Right::kWrite, 403},
      {"the browser says it is ours", Asking("DELETE", {kHere, {"sec-fetch-site", "same-origin"}}),
       Right::kWrite, 200},
      {"typed by hand", Asking("DELETE", {kHere, {"sec-fetch-site", "none"}}), Right::kWrite, 200},
      {"HTTP/1.0", Asking("GET", {}, "192.0.2.9"), Right::kRead, 200},
  };
  for (const Case& c : cases) {
    const auto refused = Refusal(c.request, c.right, {}, rules);
    EXPECT_EQ(StatusOf(refused), c.status) << c.what;
  }
}

TEST(Access, WithLogins) {
  const AccessRules closed{.basic = true, .bearer = true};
  const AccessRules open_to_read{.bearer = true, .anonymous_read = true};
  const Identity user{"alice", true, true, {}};
  const Identity reader{"token:r", true, false, {}};
  const Identity writer{"token:w", false, true, {}};
  const Request read = Asking("GET", {{"host", "evil.example"}}, "192.0.2.9");
  const Request write = Asking("PUT", {{"host", "rollcall.example"}, kJson}, "192.0.2.9");
  const Request here = Asking("PUT", {kHere, kJson});
  const Request form = Asking("POST", {kHere, {"content-type", "text/plain"}});

  EXPECT_EQ(StatusOf(Refusal(Asking("GET", {kHere}), Right::kRead, {}, closed)), 401);
  EXPECT_EQ(StatusOf(Refusal(Asking("GET", {kHere}), Right::kRead, {}, open_to_read)), 200);
  EXPECT_EQ(StatusOf(Refusal(read, Right::kRead, {}, open_to_read)), 401);
  EXPECT_EQ(StatusOf(Refusal(read, Right::kRead, {}, closed)), 401) << "a browser has to be asked";
  EXPECT_EQ(StatusOf(Refusal(here, Right::kWrite, {}, closed)), 401) << "loopback is no login";
  EXPECT_EQ(StatusOf(Refusal(here, Right::kWrite, {}, open_to_read)), 401);
  EXPECT_EQ(StatusOf(Refusal(read, Right::kRead, user, closed)), 200);
  EXPECT_EQ(StatusOf(Refusal(write, Right::kWrite, user, closed)), 200);
  EXPECT_EQ(StatusOf(Refusal(write, Right::kWrite, writer, closed)), 200);
  EXPECT_EQ(StatusOf(Refusal(read, Right::kRead, writer, closed)), 403);
  EXPECT_EQ(StatusOf(Refusal(write, Right::kWrite, reader, closed)), 403);
  EXPECT_EQ(StatusOf(Refusal(form, Right::kWrite, user, closed)), 415) << "browsers keep logins";
  EXPECT_EQ(LoginWanted(closed, "why").headers.size(), 2U);
  EXPECT_EQ(LoginWanted(open_to_read, "why").headers.size(), 1U);
}

TEST(Access, AnEncryptedPageIsOfItsOwnOrigin) {
  Request request = Asking("DELETE", {{"host", "192.0.2.1"}, {"origin", "https://192.0.2.1:443"}});
  request.peer.encrypted = true;
  EXPECT_EQ(StatusOf(Refusal(request, Right::kWrite, {}, {})), 200);
  request.headers[1].value = "http://192.0.2.1";
  EXPECT_EQ(StatusOf(Refusal(request, Right::kWrite, {}, {})), 403);
}

TEST(Access, LoginsAreRead) {
  using Kind = Login::Kind;
  struct Case {
    std::string header;
    Kind kind;
    std::string user = "";
    std::string secret = "";
  };
  for (const Case& c : std::vector<Case>{
           {"Basic YWxpY2U6c2VjcmV0", Kind::kBasic, "alice", "secret"},
           {"basic  YTpiOmM=", Kind::kBasic, "a", "b:c"},
           {"Basic YTo=", Kind::kBasic, "a", ""},
           {"Basic YQ==", Kind::kMalformed},      // no colon
           {"Basic YTphAGI=", Kind::kMalformed},  // a zero octet
           {"Basic !!!", Kind::kMalformed},
           {"Basic", Kind::kMalformed},
           {"Bearer abc.def", Kind::kBearer, "", "abc.def"},
           {"BEARER abc", Kind::kBearer, "", "abc"},
           {"Bearer", Kind::kMalformed},
           {"Digest username=x", Kind::kMalformed},
       }) {
    const Login login = ReadLogin(Asking("GET", {{"authorization", c.header}}));
    EXPECT_EQ(login.kind, c.kind) << c.header;
    EXPECT_EQ(login.user, c.user) << c.header;
    EXPECT_EQ(login.secret, c.secret) << c.header;
  }
  EXPECT_EQ(ReadLogin(Asking("GET", {})).kind, Kind::kNone);
}

TEST(Access, AScopeIsAtOrBelowItsNames) {
  Request request = Asking("PUT", {}, "192.0.2.9");
  EXPECT_TRUE(MayWrite(request, "x.node.prom.internal", "192.0.2.1")) << "no scope";
  request.scope.names = {"node.prom.internal"};
  EXPECT_TRUE(MayWrite(request, "web1.node.prom.internal", "192.0.2.1"));
  EXPECT_TRUE(MayWrite(request, "Web1.NODE.prom.internal.", "192.0.2.1"));
  EXPECT_TRUE(MayWrite(request, "node.prom.internal", "192.0.2.1"));
  EXPECT_TRUE(MayWrite(request, "x.a.node.prom.internal", "192.0.2.1"));
  EXPECT_FALSE(MayWrite(request, "mynode.prom.internal", "192.0.2.1"));
  EXPECT_FALSE(MayWrite(request, "prom.internal", "192.0.2.1"));
  EXPECT_FALSE(MayWrite(request, "node.prom.internal.example", "192.0.2.1"));
  EXPECT_FALSE(MayWrite(request, "", "192.0.2.1"));
  request.scope.names.emplace_back("mysql.prom.internal.");
  EXPECT_TRUE(MayWrite(request, "a.mysql.prom.internal", "192.0.2.1"));
}

TEST(Access, AScopeIsNeverTheWholeServer) {
  Request request = Asking("POST", {});
  EXPECT_TRUE(MayWriteAll(request)) << "no scope";
  request.scope.names = {"prom.internal"};
  const auto refused = MayWriteAll(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
  request.scope = {.names = {}, .own_address = true};
  EXPECT_FALSE(MayWriteAll(request));
}

TEST(Access, AnOwnAddressIsThePeers) {
  Request request = Asking("PUT", {}, "2001:db8::9");
  request.scope.own_address = true;
  EXPECT_TRUE(MayWrite(request, "x", "2001:DB8:0::9"));
  EXPECT_FALSE(MayWrite(request, "x", "2001:db8::8"));
  request.peer.address = "192.0.2.9";
  EXPECT_TRUE(MayWrite(request, "x", "::ffff:192.0.2.9"));
  const auto refused = MayWrite(request, "x", "192.0.2.1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
}

}  // namespace
}  // namespace rollcall::serving::http
