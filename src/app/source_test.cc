#include "app/source.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>

#include "app/orders.h"
#include "base/log.h"

namespace rollcall::app {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Whatever listens where a server would: answers each request with what it is told.
class Listener {
 public:
  explicit Listener(std::string answer) : answer_(std::move(answer)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(fd_, any, size), 0);
    EXPECT_EQ(listen(fd_, 8), 0);
    EXPECT_EQ(getsockname(fd_, any, &size), 0);
    url_ = fmt::format("http://127.0.0.1:{}", ntohs(address.sin_port));
    thread_ = std::jthread([this] { Serve(); });
  }
  ~Listener() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    close(fd_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  void Serve() {
    for (int one = accept(fd_, nullptr, nullptr); one >= 0; one = accept(fd_, nullptr, nullptr)) {
      char request[4096];
      if (recv(one, request, sizeof request, 0) > 0) {
        (void)send(one, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      }
      close(one);
    }
  }

  const std::string answer_;
  const int fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string url_;
  std::jthread thread_;
};

std::string Http(int status, const std::string& body) {
  return fmt::format("HTTP/1.1 {} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", status,
                     body.size(), body);
}
std::string RuntimeInfo(const std::string& standing) {
  return R"({"status":"success","data":{"standing":")" + standing + R"("}})";
}

class SourceTest : public ::testing::Test {
 protected:
  SourceTest() {
    for (const char* variable : {"ETCD_ENDPOINT", "ETCD_BASE_PATH"}) unsetenv(variable);
    char name[] = "/tmp/rollcall-source-XXXXXX";
    directory_ = mkdtemp(name);
    setenv("ROLLCALL_PENDING_PATH", directory_.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("ROLLCALL_PENDING_PATH");
    std::filesystem::remove_all(directory_);
  }

  // What is chosen where a server would be at `url`, and what the log says of it.
  struct Chosen {
    Result<Source> source;
    std::string log;
  };
  static Chosen Choose(const std::string& url,
                       const std::vector<std::pair<std::string, std::string>>& given = {}) {
    std::vector<Setting> known = Join({SourceSettings(), ClientSettings()});
    known[0].fallback = url;
    Settings settings(known);
    for (const auto& [name, value] : given) settings.Set(name, {{value}, "--" + name});
    ::testing::internal::CaptureStderr();
    auto source = ChooseSource(settings);
    return {std::move(source), ::testing::internal::GetCapturedStderr()};
  }

  std::filesystem::path directory_;
};

constexpr const char* kNobody = "http://127.0.0.1:1";

TEST_F(SourceTest, WhereNobodyListensItIsTheStore) {
  const Chosen chosen = Choose(kNobody);
  EXPECT_EQ(chosen.source, Source::kStore);
  EXPECT_THAT(chosen.log, IsEmpty()) << "nothing to be told of";
}

TEST_F(SourceTest, AServerThatKnowsIsAsked) {
  const Listener server(Http(200, RuntimeInfo("synced")));
  const Chosen chosen = Choose(server.url());
  EXPECT_EQ(chosen.source, Source::kServer);
  EXPECT_THAT(chosen.log, IsEmpty());
}

TEST_F(SourceTest, OfAServerThatIsNotSureOneIsWarned) {
  const Listener server(Http(200, RuntimeInfo("stale")));
  const Chosen chosen = Choose(server.url());
  EXPECT_EQ(chosen.source, Source::kServer);
  EXPECT_THAT(chosen.log, HasSubstr("may be old"));
}

TEST_F(SourceTest, AServerThatKnowsNothingYetIsNotAsked) {
  const Listener server(Http(200, RuntimeInfo("never")));
  EXPECT_EQ(Choose(server.url()).source, Source::kStore);
}

TEST_F(SourceTest, AServerThatWantsALoginIsNoReasonToAskSomebodyElse) {
  const std::string refusal = R"({"status":"error","errorType":"unauthorized","error":"who?"})";
  for (const int status : {401, 403}) {
    const Listener server(Http(status, refusal));
    const Chosen chosen = Choose(server.url());
    ASSERT_FALSE(chosen.source) << status;
    EXPECT_EQ(chosen.source.error().code, ErrorCode::kRefused);
    EXPECT_THAT(chosen.source.error().message, HasSubstr(server.url()));
    EXPECT_THAT(chosen.source.error().message, HasSubstr("--server.token-file"));
    EXPECT_THAT(chosen.source.error().message, HasSubstr("--etcd.endpoint"));
  }
}

TEST_F(SourceTest, WhatIsNoServerOfOursIsNoticed) {
  for (const std::string& answer :
       {Http(200, "<html>"), Http(200, R"({"status":"success","data":{"startTime":"x"}})"),
        Http(401, "who are you"), Http(404, "{}"), Http(200, "[]"), Http(200, R"({"data":5})"),
        std::string("SSH-2.0-x\r\n"), std::string()}) {
    const Listener other(answer);
    const Chosen chosen = Choose(other.url());
    EXPECT_EQ(chosen.source, Source::kStore) << answer;
    EXPECT_THAT(chosen.log, HasSubstr("no rollcall server")) << answer;
    EXPECT_THAT(chosen.log, HasSubstr(other.url())) << answer;
  }
}

TEST_F(SourceTest, WhoNamesAStoreGetsIt) {
  const Listener server(Http(200, RuntimeInfo("synced")));
  for (const char* flag :
       {"etcd.endpoint", "etcd.discovery-srv", "etcd.user", "prefix", "pending.path"}) {
    EXPECT_EQ(Choose(server.url(), {{flag, "x"}}).source, Source::kStore) << flag;
  }
  for (const char* flag : {"zone", "log.level"}) {
    EXPECT_EQ(Choose(server.url(), {{flag, "x"}}).source, Source::kServer) << flag;
  }
  for (const char* variable : {"ETCD_ENDPOINT", "ETCD_BASE_PATH"}) {
    setenv(variable, "x", 1);
    EXPECT_EQ(Choose(server.url()).source, Source::kStore) << variable;
    setenv(variable, "", 1);
    EXPECT_EQ(Choose(server.url()).source, Source::kServer) << variable;
    unsetenv(variable);
  }
}

TEST_F(SourceTest, WhoNamesAServerGetsItOrAnError) {
  setenv("ETCD_ENDPOINT", "x", 1);
  for (const char* flag : {"server", "server.token-file", "server.user", "server.ca"}) {
    EXPECT_EQ(Choose(kNobody, {{flag, kNobody}}).source, Source::kServer) << flag;
    EXPECT_EQ(Choose(kNobody, {{flag, kNobody}, {"etcd.endpoint", "x"}}).source, Source::kServer);
  }
  unsetenv("ETCD_ENDPOINT");
}

// Whoever reads what he has just ordered finds it: the order is carried out first, at the store.
TEST_F(SourceTest, WhileAnOrderWaitsItIsTheStore) {
  const Listener server(Http(200, RuntimeInfo("synced")));
  PendingOrder order;
  order.since = WallTime(std::chrono::seconds(1));
  order.store = "http://a:2379";
  order.order.service = "node";
  order.order.host = "server01";
  order.order.value.host = "192.0.2.1";
  order.order.value.port = 9100;
  const Pending pending(directory_);
  ASSERT_TRUE(pending.Put(order));
  EXPECT_EQ(Choose(server.url()).source, Source::kStore);
  ASSERT_TRUE(pending.Drop(order.Subject()));
  EXPECT_EQ(Choose(server.url()).source, Source::kServer);
}

}  // namespace
}  // namespace rollcall::app
