#include "doctor/http_sd.h"

#include <gmock/gmock.h>

#include "doctor/consul_sd.h"

namespace rollcall::doctor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

http_client::Response Answer(std::string body) {
  return {
      .status = 200, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

Check Judge(const http_client::Response& response) {
  Check check;
  JudgeHttpSd({.job = "a"}, response, check);
  return check;
}

// The traps, a word each; "": all is well.
std::string Traps(const Check& check) {
  std::string traps;
  for (const Finding& finding : check.findings) {
    if (finding.severity == Severity::kSuccess) continue;
    traps += std::string(traps.empty() ? "" : " ") + std::string(finding.trap);
  }
  return traps;
}

struct Case {
  const char* body;
  std::vector<std::string> targets;
  const char* traps;
  bool counts = true;
};

TEST(HttpSd, ABodyIsTakenAsPrometheusTakesIt) {
  for (const Case& test : {
           Case{R"([{"targets":["a:1","[::1]:2"],"labels":{"x":"y"}}])", {"[::1]:2", "a:1"}, ""},
           Case{R"([{"Targets":["a:1"]},{"targets":null,"labels":null},{}])", {"a:1"}, ""},
           Case{"[]", {}, "no_targets"},
           Case{"null", {}, "no_targets"},
           Case{R"([{"targets":[]}])", {}, "no_targets"},
           Case{"[null]", {}, "shape", false},
           Case{"{}", {}, "shape", false},
           Case{"", {}, "json", false},
           Case{"[", {}, "json", false},
           Case{R"([{"targets":["a:1"],"id":1}])", {}, "shape", false},
           Case{R"([{"targets":["a:1"],"labels":{"a-b":"c"}}])", {}, "shape", false},
           Case{R"([{"targets":["a:1"],"labels":{"a":1}}])", {}, "shape", false},
           Case{R"([{"targets":[1]}])", {}, "shape", false},
           Case{R"([{"targets":"a:1"}])", {}, "shape", false},
           Case{R"([{"targets":["a:1/x","b:1"]}])", {"b:1"}, "bad_target"},
           Case{R"([{"targets":["a","::1","[::1]","b:1"]}])",
                {"::1", "[::1]", "a", "b:1"},
                "no_port"},
           Case{R"([{"targets":["a:1","a:1"]}])", {"a:1"}, "duplicates"},
           Case{R"([{"targets":["a:1"]},{"targets":["a:1"],"labels":{"x":"y"}}])",
                {"a:1"},
                "duplicates"},
       }) {
    const Check check = Judge(Answer(test.body));
    EXPECT_EQ(check.targets, test.targets) << test.body;
    EXPECT_EQ(Traps(check), test.traps) << test.body;
    EXPECT_EQ(check.counts, test.counts) << test.body;
  }
}

TEST(HttpSd, OnlyStatus200AndPlainJsonCount) {
  for (const unsigned status : {204u, 304u, 400u, 404u, 429u, 500u, 503u}) {
    auto response = Answer("[]");
    response.status = status;
    EXPECT_EQ(Traps(Judge(response)), "status") << status;
  }
  auto packed = Answer("\x1f\x8b\x08 packed");
  EXPECT_EQ(Traps(Judge(packed)), "compressed");
  packed = Answer("[]");
  packed.headers.emplace_back("content-encoding", "gzip");
  EXPECT_EQ(Traps(Judge(packed)), "compressed");
  packed.headers = {{"Content-Type", "text/plain"}};
  EXPECT_EQ(Traps(Judge(packed)), "content_type");
}

TEST(HttpSd, TheTypeIsThatOfPrometheussExpression) {
  for (const char* type :
       {"application/json", "Application/JSON", "application/json;charset=utf-8",
        "application/json; charset=UTF-8", "application/json; charset=\"utf-8\""}) {
    EXPECT_TRUE(IsJsonType(type)) << type;
  }
  for (const char* type : {"", "text/plain", "application/json; charset=utf-8; x=1",
                           "application/json; charset=latin1", "application/jsonp",
                           "application/json ;charset=utf-8"}) {
    EXPECT_FALSE(IsJsonType(type)) << type;
  }
}

TEST(HttpSd, SlowerThanHalfTheRefreshIntervalIsATrap) {
  auto response = Answer(R"([{"targets":["a:1"]}])");
  response.took = std::chrono::seconds(31);
  EXPECT_EQ(Traps(Judge(response)), "slow");
}

TEST(ConsulSd, AnInstanceHasTheServicesAddressOrElseTheNodes) {
  std::vector<std::string> targets;
  ASSERT_TRUE(ReadConsulHealth(
      R"([{"Node":{"Address":"192.0.2.1"},"Service":{"Address":"","Port":1}},
          {"Node":{"Address":"192.0.2.1"},"Service":{"Address":"::1","Port":2}}])",
      targets));
  EXPECT_THAT(targets, ElementsAre("192.0.2.1:1", "[::1]:2"));
  for (const char* body : {"{}", "[1]", "[{}]", R"([{"Node":{},"Service":{"Port":"1"}}])",
                           R"([{"Node":{},"Service":{"Port":70000}}])", "["}) {
    EXPECT_FALSE(ReadConsulHealth(body, targets)) << body;
  }
}

}  // namespace
}  // namespace rollcall::doctor
