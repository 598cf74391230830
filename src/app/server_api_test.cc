#include "app/server_api.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "serving/http/server.h"

namespace rollcall::app {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

Result<ServerApi> Open(const std::string& url) {
  Settings settings(ServerSettings());
  settings.Set("server", {{url}, "--server"});
  return ServerApi::Open(settings);
}

TEST(ServerApi, WhatAServerSaysIsNoOrderToTheTerminal) {
  serving::http::Response bad{400, std::string(R"({"error":"\u001b[2J\u001b[31mgone\nnext"})")};
  bad.content_type = "application/json";
  serving::http::Route route;
  route.path = "/x";
  route.handler = serving::http::Answering([&](const serving::http::Request&) { return bad; });
  serving::http::Options options;
  options.listen = {"127.0.0.1:0"};
  serving::http::Server server(options, {route});
  ASSERT_TRUE(server.Start());
  const auto api = Open("http://" + server.bound()[0]);
  ASSERT_TRUE(api) << api.error().message;
  const auto answer = api->Get("/x");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, EndsWith("?[2J?[31mgone?next"));
}

TEST(ServerApi, OnlyTheApiSaysThatSomethingIsNotThere) {
  serving::http::Response missing{404, std::string()};
  serving::http::Route route;
  route.path = "/x";
  route.handler = serving::http::Answering([&](const serving::http::Request&) { return missing; });
  serving::http::Options options;
  options.listen = {"127.0.0.1:0"};
  serving::http::Server server(options, {route});
  ASSERT_TRUE(server.Start());
  const auto api = Open("http://" + server.bound()[0]);
  ASSERT_TRUE(api) << api.error().message;
  for (const auto& [body, code] :
       {std::pair{"<html>404</html>", ErrorCode::kUnavailable},
        {R"({"message":"no route"})", ErrorCode::kUnavailable},
        {R"({"status":"error","error":"nothing is registered"})", ErrorCode::kNotFound}}) {
    missing.body = std::string(body);
    EXPECT_EQ(api->Get("/x").error().code, code) << body;
    const auto followed = api->Follow("/x", [](std::string_view) { return true; });
    ASSERT_FALSE(followed);
    EXPECT_EQ(followed.error().code, code) << body;
  }
}

TEST(ServerApi, AServerIsAnAddressAndMaybeAPath) {
  EXPECT_TRUE(Open("https://rollcall.example:9530/behind/a/proxy/"));
  for (const char* url : {"http://a/?x=y", "http://a/#f", "http://a?x", "a"}) {
    const auto api = Open(url);
    ASSERT_FALSE(api) << url;
    EXPECT_EQ(api.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(api.error().message, HasSubstr("--server"));
  }
}

}  // namespace
}  // namespace rollcall::app
