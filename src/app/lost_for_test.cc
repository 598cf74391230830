// By a server that a test makes; by the store: test/states.
#include "app/lost_for.h"

#include <gmock/gmock.h>

#include <map>

#include "app/server_api.h"
#include "base/guarded.h"
#include "serving/http/server.h"

namespace rollcall::app {
namespace {

using serving::http::Request;
using serving::http::Response;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kLost = R"({"data":{"instances":[
  {"key":"/k/a","name":"node.x","instance":"a","state":"lost","since":"2026-01-01T00:00:00Z","revision":1},
  {"key":"/k/b","name":"node.x","instance":"b","state":"lost","since":"2026-01-02T00:00:00Z","revision":2},
  {"key":"/k/c","name":"node.x","instance":"c","state":"lost","since":"2999-01-01T00:00:00Z","revision":3},
  {"key":"/k/d","name":"node.x","instance":"d","state":"lost","revision":4},
  {"key":"/k/e","name":"node.x","instance":"e","state":"passing","since":"2026-01-01T00:00:00Z","revision":5},
  {"key":"/k/f","name":"node.x","instance":"f","state":"lost","since":"2026-01-03T00:00:00Z","revision":6}]}})";

class LostForTest : public ::testing::Test {
 protected:
  LostForTest() {
    serving::http::Route list;
    list.path = "/api/v1/instances";
    list.handler = serving::http::Answering([](const Request&) { return Json(200, kLost); });
    serving::http::Route one;
    one.method = "DELETE";
    one.path = "/api/v1/instances/";
    one.handler = serving::http::Answering([this](const Request& request) {
      deleted_.Lock()->push_back(request.path.substr(18) + " " + *request.Parameter("lost_since") +
                                 " " + *request.Parameter("revision"));
      const unsigned status = statuses_[request.path.substr(18)];
      return Json(status, status == 200 ? R"({"data":{}})" : R"({"error":"no\u001b"})");
    });
    serving::http::Options options;
    options.listen = {"127.0.0.1:0"};
    server_ = std::make_unique<serving::http::Server>(options,
                                                      std::vector<serving::http::Route>{list, one});
    EXPECT_TRUE(server_->Start());
  }

  static Response Json(unsigned status, const char* text) {
    Response response{status, std::string(text)};
    response.content_type = "application/json";
    return response;
  }

  struct Ran {
    int status;
    std::string out;
    std::string err;
  };
  Ran Run(const std::string& word = "", bool yes = true) {
    Invocation invocation{
        Settings(Join({LostForSettings(), ServerInsteadSettings(), {{"zone", "ZONE", "x", ""}}})),
        {},
        {}};
    if (!word.empty()) invocation.words = {word};
    invocation.settings.Set("lost-for", {{"7d"}, "--lost-for"});
    invocation.settings.Set("server", {{"http://" + server_->bound()[0]}, "--server"});
    if (yes) invocation.settings.Set("yes", {{"true"}, "--yes"});
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = DeregisterLost(invocation);
    std::fflush(stdout);
    return {status, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
  }

  std::map<std::string, unsigned> statuses_{
      {"a.node.x", 200}, {"b.node.x", 200}, {"f.node.x", 200}};
  Guarded<std::vector<std::string>> deleted_;
  std::unique_ptr<serving::http::Server> server_;
};

TEST_F(LostForTest, TakesAwayWhatIsLostForSoLongIfItStillIsAsItWasShown) {
  const Ran ran = Run();
  EXPECT_EQ(ran.status, kDone) << ran.err;
  EXPECT_THAT(*deleted_.Lock(),
              ElementsAre("a.node.x 2026-01-01T00:00:00Z 1", "b.node.x 2026-01-02T00:00:00Z 2",
                          "f.node.x 2026-01-03T00:00:00Z 6"));
  EXPECT_THAT(ran.out, EndsWith("deregistered /k/a\nderegistered /k/b\nderegistered /k/f\n"));
}

TEST_F(LostForTest, WhatIsBackMeanwhileStays) {
  statuses_["a.node.x"] = 412;
  statuses_["b.node.x"] = 404;
  const Ran ran = Run();
  EXPECT_EQ(ran.status, kDone);
  EXPECT_THAT(ran.out, EndsWith("left, for it is no longer as it was: /k/a\n"
                                "left, for it is no longer as it was: /k/b\nderegistered /k/f\n"));
}

TEST_F(LostForTest, OneThatMayNotBeTakenAwayIsSaidAndTheOthersGo) {
  statuses_["a.node.x"] = 403;
  statuses_["b.node.x"] = 400;
  const Ran ran = Run();
  EXPECT_EQ(ran.status, kFailed);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("/k/a: http://127"), HasSubstr("/k/b: http://127"),
                             HasSubstr("no?"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(ran.out, EndsWith("deregistered /k/f\n"));
}

TEST_F(LostForTest, WithTheStoreAwayItEnds) {
  statuses_["b.node.x"] = 503;
  const Ran ran = Run();
  EXPECT_EQ(ran.status, kFailed);
  EXPECT_EQ(deleted_.Lock()->size(), 2U);
  EXPECT_THAT(ran.out, EndsWith("deregistered /k/a\n"));
}

TEST_F(LostForTest, WithoutAYesNothingIsDone) {
  const Ran ran = Run("", false);
  EXPECT_NE(ran.status, kDone);
  EXPECT_THAT(ran.out, HasSubstr("node.x"));
  EXPECT_THAT(*deleted_.Lock(), IsEmpty());
}

TEST_F(LostForTest, AHostIsNotTheNameOfAll) {
  const Ran ran = Run("@a");
  EXPECT_EQ(ran.status, kUsage);
  EXPECT_THAT(*deleted_.Lock(), IsEmpty());
}

}  // namespace
}  // namespace rollcall::app
