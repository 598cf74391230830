#include "app/server_api.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <optional>
#include <vector>

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

// Of a server that has one answer.
class ServerApiTest : public ::testing::Test {
 protected:
  Result<ServerApi> Start() {
    serving::http::Route route;
    route.path = "/x";
    route.handler =
        serving::http::Answering([&](const serving::http::Request&) { return answer_; });
    serving::http::Options options;
    options.listen = {"127.0.0.1:0"};
    server_.emplace(options, std::vector{route});
    if (auto ok = server_->Start(); !ok) return Fail(ok.error());
    return Open("http://" + server_->bound()[0]);
  }

  serving::http::Response answer_;
  std::optional<serving::http::Server> server_;
};

TEST_F(ServerApiTest, WhatAServerSaysIsNoOrderToTheTerminal) {
  answer_ = {400, std::string(R"({"error":"\u001b[2J\u001b[31mgone\nnext"})")};
  answer_.content_type = "application/json";
  const auto api = Start();
  ASSERT_TRUE(api) << api.error().message;
  const auto answer = api->Get("/x");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, EndsWith("?[2J?[31mgone?next"));
}

TEST_F(ServerApiTest, OnlyTheApiSaysThatSomethingIsNotThere) {
  answer_.status = 404;
  const auto api = Start();
  ASSERT_TRUE(api) << api.error().message;
  for (const auto& [body, code] :
       {std::pair{"<html>404</html>", ErrorCode::kUnavailable},
        {R"({"message":"no route"})", ErrorCode::kUnavailable},
        {R"({"status":"error","error":"nothing is registered"})", ErrorCode::kNotFound}}) {
    answer_.body = std::string(body);
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
