#include <gmock/gmock.h>

#include "agent/checker.h"
#include "agent/test_peers.h"

namespace rollcall::agent {
namespace {

using model::Health;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kMetrics[] = "# HELP up Is it?\n# TYPE up gauge\nup 1\n";

CheckSpec HttpCheck(const std::string& url, milliseconds timeout = milliseconds(5000)) {
  CheckSpec spec;
  spec.type = CheckSpec::Type::kHttp;
  spec.url = url;
  spec.interval = milliseconds(100);
  spec.timeout = timeout;
  return spec;
}

struct Case {
  std::string name;
  Peer::Behaviour behaviour;
  Health health;
  std::string output;  // begins with
  milliseconds timeout{5000};
};

class HttpAnswerTest : public ::testing::TestWithParam<Case> {};

TEST_P(HttpAnswerTest, IsJudged) {
  const Case& c = GetParam();
  const Peer peer(c.behaviour);
  const auto verdict = FirstVerdict(HttpCheck("http://" + peer.address() + "/metrics", c.timeout));
  EXPECT_EQ(verdict.health, c.health);
  EXPECT_THAT(verdict.output, StartsWith(c.output));
}

// Sends `head`, then `piece` for as long as somebody takes it, with a wait between.
Peer::Behaviour Endless(std::string head, std::string piece, milliseconds wait) {
  return [=](Client& client) {
    client.ReadRequest();
    bool there = client.Send(head);
    while (there) {
      there = client.Send(piece);
      std::this_thread::sleep_for(wait);
    }
  };
}

INSTANTIATE_TEST_SUITE_P(
    Well, HttpAnswerTest,
    ::testing::Values(Case{"metrics", Answering(Http("200 OK", kMetrics)), Health::kPassing,
                           "status 200, metrics"},
                      Case{"another_2xx", Answering(Http("203 Non-Authoritative", kMetrics)),
                           Health::kPassing, "status 203"},
                      Case{"chunked",
                           Answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                     "3\r\nup \r\n2\r\n1\n\r\n0\r\n\r\n"),
                           Health::kPassing, "status 200"},
                      Case{"until_it_closes",
                           Answering(std::string("HTTP/1.0 200 OK\r\n\r\n") + kMetrics),
                           Health::kPassing, "status 200"},
                      Case{"endless_metrics",
                           Endless("HTTP/1.1 200 OK\r\n\r\n", "up{a=\"b\"} 1\n", milliseconds(0)),
                           Health::kPassing, "status 200"},
                      Case{"long_metrics",
                           Answering(Http("200 OK",
                                          [] {
                                            std::string body;
                                            while (body.size() < 1'000'000)
                                              body += "up{a=\"b\"} 1\n";
                                            return body;
                                          }())),
                           Health::kPassing, "status 200"}),
    [](const auto& the_case) { return the_case.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Ill, HttpAnswerTest,
    ::testing::Values(
        Case{"status_503", Answering(Http("503 Service Unavailable", kMetrics)), Health::kCritical,
             "status 503"},
        Case{"status_404", Answering(Http("404 Not Found", "")), Health::kCritical, "status 404"},
        Case{"redirect",
             Answering("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
             Health::kCritical, "status 302, which is not followed"},
        Case{"html", Answering(Http("200 OK", "<html>\n<body>Log in</body>")), Health::kCritical,
             "the body is no metrics: <html>"},
        Case{"health_page", Answering(Http("200 OK", "OK\n")), Health::kCritical,
             "the body is no metrics: OK"},
        Case{"empty", Answering(Http("200 OK", "")), Health::kCritical,
             "status 200, but nothing in it"},
        Case{"no_content", Answering("HTTP/1.1 204 No Content\r\n\r\n"), Health::kCritical,
             "status 204, but nothing in it"},
        Case{"endless_html", Endless("HTTP/1.1 200 OK\r\n\r\n<html>\n", "<p>", milliseconds(0)),
             Health::kCritical, "the body is no metrics: <html>"},
        Case{"endless_header", Endless("HTTP/1.1 200 OK\r\n", "X-More: 1\r\n", milliseconds(0)),
             Health::kCritical, "the answer's header has no end"},
        // Whether the kernel sends FIN or RST depends on whether it had the request already.
        Case{"closes_at_once", [](Client&) {}, Health::kCritical, ""},
        Case{"closes_after_the_request", Answering(""), Health::kCritical,
             "closed without an answer"},
        Case{"closes_in_the_header", Answering("HTTP/1.1 200 OK\r\nConte"), Health::kCritical,
             "the answer ends too soon"},
        Case{"closes_in_the_body",
             Answering("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nup 1\n"), Health::kCritical,
             "the answer ends too soon"},
        Case{"reset",
             [](Client& client) {
               client.ReadRequest();
               client.Reset();
             },
             Health::kCritical, "no answer: Connection reset by peer"},
        Case{"another_protocol", Answering("SSH-2.0-OpenSSH_9.2\r\n\r\n"), Health::kCritical,
             "the answer is not HTTP"},
        Case{"garbage", Answering(std::string("\0\xff\x01 what is this\r\n\r\n", 20)),
             Health::kCritical, "the answer is not HTTP"},
        Case{"silent", [](Client& client) { client.StaySilent(); }, Health::kCritical,
             "no answer within 150ms", milliseconds(150)},
        Case{"headers_only",
             [](Client& client) {
               client.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
               client.StaySilent();
             },
             Health::kCritical, "no answer within 150ms", milliseconds(150)},
        Case{"slow", Endless("HTTP/1.1 200 OK\r\n\r\n", "u", milliseconds(20)), Health::kCritical,
             "no answer within 150ms", milliseconds(150)}),
    [](const auto& the_case) { return the_case.param.name; });

TEST(ProbeHttp, NobodyListens) {
  std::string address;
  {
    const Peer peer([](Client&) {});
    address = peer.address();
  }
  const auto verdict = FirstVerdict(HttpCheck("http://" + address + "/"));
  EXPECT_EQ(verdict.health, Health::kCritical);
  EXPECT_EQ(verdict.output, "no connection to " + address + ": Connection refused");
}

TEST(ProbeHttp, AsksAsItIsWritten) {
  Guarded<std::string> request;
  const Peer peer(
      [&](Client& client) {
        *request.Lock() = client.ReadRequest();
        client.Send(Http("200 OK", kMetrics));
      },
      true);
  const auto verdict = FirstVerdict(HttpCheck("http://" + peer.address() + "/m?collect[]=cpu"));
  EXPECT_EQ(verdict.health, Health::kPassing) << verdict.output;
  EXPECT_THAT(*request.Lock(), StartsWith("GET /m?collect[]=cpu HTTP/1.1\r\n"));
  EXPECT_THAT(*request.Lock(), HasSubstr("Host: " + peer.address() + "\r\n"));
  EXPECT_THAT(*request.Lock(), HasSubstr("Connection: close\r\n"));
}

TEST(ProbeHttp, LocalhostIsEitherLoopback) {
  for (const bool v6 : {false, true}) {
    const Peer peer(Answering(Http("200 OK", kMetrics)), v6);
    const auto verdict =
        FirstVerdict(HttpCheck("http://localhost:" + std::to_string(peer.port()) + "/"));
    EXPECT_EQ(verdict.health, Health::kPassing) << verdict.output;
  }
}

TEST(ProbeHttp, AUrlThatIsNoneIsCriticalAndSaysWhy) {
  const auto verdict = FirstVerdict(HttpCheck("http//127.0.0.1"));
  EXPECT_EQ(verdict.health, Health::kCritical);
  EXPECT_THAT(verdict.output, HasSubstr("neither with http"));
}

TEST(ProbeTcp, AcceptsOrDoesNot) {
  CheckSpec spec;
  spec.type = CheckSpec::Type::kTcp;
  spec.interval = milliseconds(100);
  for (const bool v6 : {false, true}) {
    {
      const Peer peer([](Client& client) { client.StaySilent(); }, v6);
      spec.address = peer.address();
      const auto verdict = FirstVerdict(spec);
      EXPECT_EQ(verdict.health, Health::kPassing);
      EXPECT_EQ(verdict.output, spec.address + " accepts connections");
    }
    const auto verdict = FirstVerdict(spec);
    EXPECT_EQ(verdict.health, Health::kCritical);
    EXPECT_THAT(verdict.output, HasSubstr("Connection refused"));
  }
  spec.address = "127.0.0.1";
  EXPECT_THAT(FirstVerdict(spec).output, HasSubstr("a port is missing"));
}

TEST(ProbeTcp, ABacklogThatIsFullTimesOut) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(fd, 0), 0);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  std::vector<int> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    (void)connect(fillers.back(), reinterpret_cast<sockaddr*>(&address), size);
  }
  CheckSpec spec;
  spec.type = CheckSpec::Type::kTcp;
  spec.interval = milliseconds(100);
  spec.timeout = milliseconds(150);
  spec.address = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  EXPECT_EQ(FirstVerdict(spec).output, "no answer within 150ms");
  for (const int filler : fillers) close(filler);
  close(fd);
}

}  // namespace
}  // namespace rollcall::agent
