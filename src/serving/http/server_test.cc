// The server through real sockets.
#include "serving/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "serving/http/testing/client.h"

namespace rollcall::serving::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AnyOf;
using testing::Client;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// For as long as it lives this process may have no more files than the first `most`.
class FewFiles {
 public:
  explicit FewFiles(rlim_t most) {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit lowered{most, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &lowered), 0);
  }
  ~FewFiles() { (void)setrlimit(RLIMIT_NOFILE, &before_); }
  FewFiles(const FewFiles&) = delete;
  FewFiles& operator=(const FewFiles&) = delete;

 private:
  rlimit before_{};
};

// What a handler holds, for the test to wait for.
template <typename T>
class Box {
 public:
  void Put(T value) {
    auto held = value_.Lock();
    *held = std::move(value);
    changed_.notify_all();  // under the lock: who takes it may be the end of this box
  }
  T Take() {
    auto value = value_.Lock();
    const bool there = value.WaitUntil(changed_, std::chrono::steady_clock::now() + seconds(20),
                                       [&] { return value->has_value(); });
    EXPECT_TRUE(there);
    return there ? *std::exchange(*value, std::nullopt) : T{};
  }

 private:
  Guarded<std::optional<T>> value_;
  std::condition_variable changed_;
};

Route Get(const std::string& path, Handler handler, Right right = Right::kRead) {
  Route route;
  route.path = path;
  route.handler = std::move(handler);
  route.right = right;
  return route;
}

Octets Shared(const std::string& text) {
  return std::make_shared<const std::string>(text);
}

class HttpTest : public ::testing::Test {
 protected:
  void Start(Options options = {}) {
    options.listen = {"127.0.0.1:0"};
    std::vector<Route> routes = {
        Get("/-/healthy", Answering([](const Request&) {
              return Response{200, "well\n"};
            }),
            Right::kNone),
        Get("/-/ready", Answering([](const Request&) {
              return Response{503, "not yet\n"};
            })),
        Get("/hold", [this](const ExchangePtr& exchange) { held_.Put(exchange); }),
        Get("/throw", [](const ExchangePtr&) { throw std::runtime_error("no"); }),
        Get("/drop", [](const ExchangePtr&) {}),
        Get("/large", Answering([this](const Request&) {
              return Response{200, large_};
            })),
        Get("/alone", Answering([this](const Request&) {
              return Response{200, *large_};
            })),
        Get("/peer", Answering([](const Request& request) {
              return Response{200, request.peer.address + (request.peer.loopback ? " here" : "")};
            })),
    };
    routes.push_back(Get("/wait", [this](const ExchangePtr& exchange) {
      held_.Put(exchange);
      go_.Take();
      exchange->Reply({200, "waited\n"});
    }));
    routes.back().waits = true;
    routes.push_back(Get("/echo", Answering([](const Request& request) {
                           return Response{200, request.method + " " + request.body + "\n"};
                         }),
                         Right::kWrite));
    routes.back().method = "PUT";
    routes.back().most_body = 1000;
    server_ = std::make_unique<Server>(options, routes);
    ASSERT_TRUE(server_->Start());
  }
  Client Connect() { return Client(server_->bound()[0]); }
  std::string Ask(const std::string& octets) {
    Client client = Connect();
    client.Send(octets);
    return client.Rest();
  }
  std::string Ask10(const std::string& line) { return Ask(line + " HTTP/1.0\r\n\r\n"); }
  std::string AskOnce(const std::string& line, const std::string& headers = "") {
    return Ask(line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + "\r\n");
  }
  std::string Put(const std::string& headers, const std::string& body) {
    return Ask(
        "PUT /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "
        "application/json\r\n" +
        headers + "\r\n" + body);
  }

  Octets large_ = Shared(std::string(5'000'000, 'x'));
  Box<ExchangePtr> held_;
  Box<bool> go_;
  std::unique_ptr<Server> server_;
};

const std::string kGet = "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n";
const std::string kHold = "GET /hold HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST_F(HttpTest, AnswersAPathWithItsStatus) {
  Start();
  EXPECT_THAT(AskOnce("GET /-/healthy"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(AskOnce("GET /-/healthy?a=b"), EndsWith("\r\n\r\nwell\n"));
  EXPECT_THAT(AskOnce("GET /-/ready"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(AskOnce("GET /peer"), EndsWith("127.0.0.1 here"));
  EXPECT_THAT(Ask10("GET /-/healthy"), EndsWith("\r\n\r\nwell\n"));
  EXPECT_THAT(AskOnce("GET http://localhost/-/healthy"), EndsWith("well\n"));
}

TEST_F(HttpTest, HeadHasTheHeaderOnly) {
  Start();
  const std::string answer = AskOnce("HEAD /-/healthy");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
  EXPECT_THAT(AskOnce("HEAD /large"), HasSubstr("Content-Length: 5000000\r\n"));
}

TEST_F(HttpTest, RefusalsSayWhy) {
  Start();
  EXPECT_THAT(AskOnce("GET /nowhere"), StartsWith("HTTP/1.1 404 "));
  const std::string post = AskOnce("POST /-/healthy");
  EXPECT_THAT(post, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(post, HasSubstr("Allow: GET, HEAD\r\n"));
  EXPECT_THAT(AskOnce("BREW /-/healthy"), StartsWith("HTTP/1.1 501 "));
  EXPECT_THAT(AskOnce("GET /a/../b"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Ask("GET / HTTP/2.0\r\n\r\n"), StartsWith("HTTP/1.1 505 "));
  EXPECT_THAT(Ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), StartsWith("HTTP/1.1 "));
  EXPECT_THAT(Ask("GET /-/ready HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 421 "));
  EXPECT_THAT(Ask("GET /-/healthy HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Ask(std::string("\x16\x03\x01\x00 a client of TLS\r\n\r\n", 22)),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Ask("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n"),
              StartsWith("HTTP/1.1 414 "));
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(AskOnce("GET /-/healthy", "Content-Length: 10\r\n"), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpTest, AHeaderOfManyShortFieldsIsBoundedAsOneOfALongOne) {
  Start();
  const auto fields = [](std::size_t octets) {
    std::string text;
    while (text.size() < octets) text += "X: y\r\n";
    return text;
  };
  EXPECT_THAT(AskOnce("GET /-/healthy", fields(16'000)), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(AskOnce("GET /-/healthy", fields(17'000)), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(AskOnce("GET /-/healthy", fields(30'000)), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpTest, ErrorsHaveTheStyleOfTheirPath) {
  Options options;
  options.errors = {
      {"/api/", [](unsigned status, const std::string& message) {
         return Response{status, "{\"error\":\"" + message + "\"}", "application/json"};
       }}};
  Start(options);
  const std::string answer = AskOnce("GET /api/nothing");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(answer, EndsWith("{\"error\":\"there is nothing here\"}"));
  EXPECT_THAT(AskOnce("GET /nothing"), EndsWith("there is nothing here\n"));
  EXPECT_THAT(AskOnce("GET /api/"), EndsWith("{\"error\":\"the path has an empty segment\"}"));
  EXPECT_THAT(AskOnce("GET /api/x?%"), HasSubstr("Content-Type: application/json\r\n"));
}

TEST_F(HttpTest, AConnectionTakesSeveralRequests) {
  Start();
  Client client = Connect();
  client.Send("GET /-/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(client.Until("here\n"), StartsWith("HTTP/1.1 404 "));
  client.Send(kGet + "\r\n" + kGet + "GET /-/ready HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.EndSending();
  const std::string both = client.Rest();
  EXPECT_THAT(both, HasSubstr("well\n"
                              "HTTP/1.1 200"));
  EXPECT_THAT(both, EndsWith("not yet\n"));
}

TEST_F(HttpTest, PipelinedRequestsAreAnsweredInTurn) {
  Start();
  Client client = Connect();
  client.Send(kHold + kGet);
  const ExchangePtr held = held_.Take();
  held->Reply({200, "first\n"});
  EXPECT_THAT(client.Until("well\n"), HasSubstr("first\nHTTP/1.1 200"));
}

TEST_F(HttpTest, BodiesAreTakenUpToTheBoundOfTheRoute) {
  Start();
  EXPECT_THAT(Put("Content-Length: 5\r\n", "12345"), EndsWith("PUT 12345\n"));
  EXPECT_THAT(Put("Transfer-Encoding: chunked\r\n", "3;x=y\r\n123\r\n2\r\n45\r\n0\r\nT: u\r\n\r\n"),
              EndsWith("PUT 12345\n"));
  EXPECT_THAT(Put("Content-Length: 0\r\n", ""), EndsWith("PUT \n"));
  EXPECT_THAT(Put("Content-Length: 1001\r\n", ""), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Put("Transfer-Encoding: chunked\r\n", "3e9\r\n"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Put("Transfer-Encoding: chunked\r\n", "zz\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Put("Transfer-Encoding: chunked\r\n", "1;" + std::string(200'000, 'x')),
              StartsWith("HTTP/1.1 4"));
  EXPECT_THAT(Put("Transfer-Encoding: gzip\r\n", ""), StartsWith("HTTP/1.1 501 "));
}

MATCHER(IsOneAnswer, "is one answer") {
  return arg.starts_with("HTTP/1.1 ") && arg.find("HTTP/1.1 ", 1) == std::string::npos;
}

TEST_F(HttpTest, SmugglingEndsTheConnection) {
  Start();
  const std::string inner = "GET /-/ready HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (const std::string& headers :
       {std::string("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n"),
        std::string("Content-Length: 5\r\nContent-Length: 6\r\n"),
        std::string("Content-Length : 5\r\n"), std::string("Transfer-Encoding: xchunked\r\n"),
        std::string("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        std::string("Content-Length: 5,5\r\n"), std::string("X: a\rContent-Length: 5\r\n"),
        std::string("X: a\nContent-Length: 5\r\n"),
        std::string("Transfer-Encoding:\r\n chunked\r\n"),
        std::string("X: a\r\n\tb\r\nTransfer-Encoding: chunked\r\n")}) {
    const std::string answer =
        Ask("PUT /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
            headers + "\r\n0\r\n\r\n" + inner);
    EXPECT_THAT(answer, IsOneAnswer()) << headers << answer;
    EXPECT_THAT(answer, Not(HasSubstr("not yet"))) << headers;
  }
}

TEST_F(HttpTest, WhoAsksWhetherToSendIsTold) {
  Start();
  Client client = Connect();
  const std::string head =
      "PUT /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: "
      "100-continue\r\nContent-Length: ";
  client.Send(head + "3\r\n\r\n");
  EXPECT_EQ(client.Until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("abc");
  EXPECT_THAT(client.Until("abc\n"), StartsWith("HTTP/1.1 200 "));
  client.Send(head + "3000\r\n\r\n");
  EXPECT_THAT(client.Rest(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpTest, WritesOfForeignPagesAreRefused) {
  Start();
  EXPECT_THAT(Put("Content-Length: 1\r\nOrigin: http://evil.example\r\n", "1"),
              StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(Ask("PUT /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "
                  "text/plain\r\nContent-Length: 1\r\n\r\n1"),
              StartsWith("HTTP/1.1 415 "));
}

TEST_F(HttpTest, LargeAnswersComeWhole) {
  Start();
  const std::string answer = AskOnce("GET /large");
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, large_->size());
}

TEST_F(HttpTest, AHandlerThatFailsIsA500) {
  Start();
  EXPECT_THAT(AskOnce("GET /throw"), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(AskOnce("GET /drop"), StartsWith("HTTP/1.1 500 "));
  EXPECT_EQ(server_->counters().answers.at(500), 2U);
}

TEST_F(HttpTest, AnExchangeMayBeAnsweredLater) {
  Start();
  Client client = Connect();
  client.Send(kHold);
  const ExchangePtr exchange = held_.Take();
  exchange->Reply({200, "later\n"});
  exchange->Reply({200, "again\n"});
  EXPECT_THAT(client.Until("later\n"), StartsWith("HTTP/1.1 200 "));
  client.Send(kGet);
  EXPECT_THAT(client.Until("well\n"), StartsWith("HTTP/1.1 200 "));
  exchange->Reply({200, "too late\n"});
}

TEST_F(HttpTest, RoutesThatWaitHoldUpNobody) {
  Options options;
  options.threads = 1;
  options.waiting_threads = 1;
  options.most_waiting = 1;
  Start(options);
  const std::string wait = "GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n";
  Client first = Connect();
  first.Send(wait);
  (void)held_.Take();  // it has begun
  EXPECT_THAT(AskOnce("GET /-/healthy"), EndsWith("well\n"));
  // One of these two waits in the queue, the other finds it full.
  Client second = Connect();
  Client third = Connect();
  second.Send(wait);
  third.Send(wait);
  const auto read = [&](Client& client) { return client.Until("\r\n\r\n"); };
  while (server_->counters().answers.count(503) == 0) std::this_thread::yield();
  go_.Put(true);
  EXPECT_THAT(read(first), StartsWith("HTTP/1.1 200 "));
  std::thread goes([&] {
    (void)held_.Take();
    go_.Put(true);
  });
  const std::string both = read(second).substr(0, 12) + read(third).substr(0, 12);
  goes.join();
  EXPECT_THAT(both, AnyOf("HTTP/1.1 200HTTP/1.1 503", "HTTP/1.1 503HTTP/1.1 200"));
}

TEST_F(HttpTest, AStreamComesInChunks) {
  Start();
  Client client = Connect();
  client.Send(kHold);
  ExchangePtr exchange = held_.Take();
  exchange->Begin({200, {}, "text/event-stream"});
  EXPECT_THAT(client.Until("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_TRUE(exchange->Send(Shared("hello")));
  EXPECT_EQ(client.Until("hello\r\n"), "5\r\nhello\r\n");
  EXPECT_TRUE(exchange->Send(Shared("")));
  EXPECT_TRUE(exchange->Send(Shared(std::string(26, 'x'))));
  exchange->End();
  EXPECT_FALSE(exchange->Send(Shared("more")));
  EXPECT_EQ(client.Until("0\r\n\r\n"), "1a\r\n" + std::string(26, 'x') + "\r\n0\r\n\r\n");
  client.Send(kGet);
  EXPECT_THAT(client.Until("well\n"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpTest, TheHeadOfAStreamIsAllOfIt) {
  Start();
  Client client = Connect();
  client.Send("HEAD /hold HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ExchangePtr exchange = held_.Take();
  exchange->Begin({200, Pieces{Shared("first")}, "text/event-stream"});
  EXPECT_FALSE(exchange->Send(Shared("hello")));
  exchange.reset();
  EXPECT_THAT(client.Until("\r\n\r\n"), HasSubstr("text/event-stream"));
  client.Send(kGet);
  EXPECT_THAT(client.Until("well\n"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpTest, AnOldClientReadsAStreamToItsEnd) {
  Start();
  Client client = Connect();
  client.Send("GET /hold HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  ExchangePtr exchange = held_.Take();
  exchange->Begin({});
  EXPECT_TRUE(exchange->Send(Shared("hello")));
  exchange->End();
  const std::string all = client.Rest();
  EXPECT_THAT(all, EndsWith("\r\n\r\nhello"));
  EXPECT_THAT(all, Not(HasSubstr("chunked")));
}

TEST_F(HttpTest, AStreamThatIsDroppedDoesNotLookWhole) {
  Start();
  Client client = Connect();
  client.Send(kHold);
  ExchangePtr exchange = held_.Take();
  exchange->Begin({});
  EXPECT_TRUE(exchange->Send(Shared("half")));
  EXPECT_THAT(client.Until("half\r\n"), HasSubstr("half"));
  exchange.reset();
  EXPECT_EQ(client.Rest(), "");
}

TEST_F(HttpTest, WhoReadsAStreamTooSlowlyIsCutOff) {
  Options options;
  options.most_unread = 100'000;
  Start(options);
  Client client = Connect();
  client.Send(kHold);
  ExchangePtr exchange = held_.Take();
  Box<bool> gone;
  exchange->WhenGone([&] { gone.Put(true); });
  exchange->Begin({});
  const Octets piece = Shared(std::string(10'000, 'x'));
  std::size_t sent = 0;
  while (exchange->Send(piece)) {
    EXPECT_LE(exchange->waiting(), options.most_unread);
    sent += piece->size();
    ASSERT_LT(sent, 100'000'000U);
  }
  EXPECT_TRUE(gone.Take());
  EXPECT_FALSE(exchange->Send(piece));
  EXPECT_EQ(server_->counters().cut_off, 1U);
}

TEST_F(HttpTest, PiecesThatComeWhileOthersAreSentGoOutAsTheyAre) {
  Options options;
  options.threads = 1;
  options.most_unread = 100'000;
  Start(options);
  Client client = Connect();
  client.Send(kHold);
  const ExchangePtr exchange = held_.Take();
  exchange->Begin({});
  const Octets piece = Shared(std::string(99'999, 'x') + "\n");
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(exchange->SendShared(piece));
    // It is taken up meanwhile, behind what the client's system does not take.
    if (i % 10 == 0) {
      EXPECT_THAT(AskOnce("GET /-/healthy"), HasSubstr("200 OK"));
    }
  }
  EXPECT_TRUE(exchange->Send(Shared("the end")));
  exchange->End();
  std::size_t pieces = 0;
  client.Until("\r\n\r\n");
  for (; client.Until("\n") == "186a0\r\n"; ++pieces) client.Until("x\n\r\n");
  EXPECT_EQ(pieces, 300U);
  EXPECT_EQ(client.Until("0\r\n\r\n"), "the end\r\n0\r\n\r\n");
}

TEST_F(HttpTest, WhoSendsNoMoreGetsAllOfAnAnswerThatIsBeingMade) {
  Options options;
  options.threads = 1;
  Start(options);
  Client client = Connect();
  client.Send(kHold);
  const ExchangePtr exchange = held_.Take();
  exchange->Begin({200, Pieces{Shared("one "), Shared("two ")}});
  EXPECT_THAT(client.Until("two "), HasSubstr("4\r\none \r\n"));
  client.EndSending();
  EXPECT_THAT(AskOnce("GET /-/healthy"), HasSubstr("200 OK"));
  EXPECT_TRUE(exchange->SendShared(Shared("three")));
  exchange->End();
  EXPECT_EQ(client.Rest(), "\r\n5\r\nthree\r\n0\r\n\r\n");

  Client early = Connect();  // before it began
  early.Send(kHold);
  const ExchangePtr later = held_.Take();
  early.EndSending();
  EXPECT_THAT(AskOnce("GET /-/healthy"), HasSubstr("200 OK"));
  later->Begin({200, Pieces{Shared("one ")}});
  EXPECT_TRUE(later->SendShared(Shared("two")));
  later->End();
  EXPECT_THAT(early.Rest(), EndsWith("4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n"));
}

TEST_F(HttpTest, AnAnswerOfPiecesHasTheLengthOfAll) {
  Start();
  Client client = Connect();
  client.Send(kHold + kGet);
  held_.Take()->Reply({200, Pieces{Shared("one "), Shared(""), Shared("two")}});
  EXPECT_THAT(client.Until("\r\n\r\n"), HasSubstr("Content-Length: 7\r\n"));
  EXPECT_EQ(client.Until("two"), "one two");
  EXPECT_THAT(client.Until("well\n"), HasSubstr("200 OK"));
}

TEST_F(HttpTest, WhoReadsAnAnswerTooSlowlyIsCutOff) {
  Options options;
  options.progress_time = milliseconds(50);
  Start(options);
  // More than what the system's buffers take.
  large_ = Shared(std::string(30'000'000, 'x'));  // NOLINT(bugprone-string-constructor)
  Client client = Connect();
  client.Send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  // Nothing is read until the server has given up.
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  while (server_->counters().cut_off == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(server_->counters().cut_off, 1U);
  EXPECT_LT(client.Rest().size(), large_->size());
}

TEST_F(HttpTest, AnswersThatNobodyReadsDoNotFillTheMemory) {
  large_ = Shared(std::string(20'000'000, 'x'));
  Options options;
  options.threads = 1;
  options.most_untaken = 30'000'000;
  for (const bool patient : {true, false}) {
    options.take_time = patient ? milliseconds(3'600'000) : milliseconds(0);
    Start(options);
    Client lazy = Connect();
    lazy.Send("GET /alone HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(lazy.Until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
    const std::string second = AskOnce("GET /alone");
    if (patient) {
      EXPECT_THAT(second, StartsWith("HTTP/1.1 503 "));
      EXPECT_THAT(AskOnce("GET /-/healthy"), EndsWith("well\n")) << "what is small goes out";
    } else {
      EXPECT_GT(second.size(), large_->size());
      EXPECT_LT(lazy.Rest().size(), large_->size()) << "it was cut off";
      EXPECT_EQ(server_->counters().cut_off, 1U);
    }
    EXPECT_THAT(AskOnce("GET /large"), Not(StartsWith("HTTP/1.1 503 "))) << "all have the same";
  }
}

TEST_F(HttpTest, WhoHasTakenHisAnswerLeavesRoom) {
  Options options;
  options.threads = 1;
  options.most_untaken = 8'000'000;
  options.take_time = milliseconds(3'600'000);
  Start(options);
  Client client = Connect();
  for (int i = 0; i < 3; ++i) {
    client.Send("GET /alone HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(client.Until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(client.Octets(large_->size()), *large_);
  }
}

TEST_F(HttpTest, AClientThatLeavesIsNoticed) {
  Start();
  for (const bool rudely : {false, true}) {
    Client client = Connect();
    client.Send(kHold);
    const ExchangePtr exchange = held_.Take();
    Box<bool> gone;
    exchange->WhenGone([&] { gone.Put(true); });
    if (rudely) client.socket().set_option(boost::asio::socket_base::linger(true, 0));
    client.Close();
    EXPECT_TRUE(gone.Take());
    bool at_once = false;
    exchange->WhenGone([&] { at_once = true; });
    EXPECT_TRUE(at_once);
    exchange->Reply({200, "nobody hears it\n"});
  }
}

TEST_F(HttpTest, WhoSendsNoMoreIsAnsweredYet) {
  Start();
  Client client = Connect();
  client.Send(kHold);
  client.EndSending();
  held_.Take()->Reply({200, "heard\n"});
  EXPECT_THAT(client.Rest(), EndsWith("heard\n"));
}

TEST_F(HttpTest, WhoTakesTooLongIsTold) {
  Options options;
  options.header_time = options.body_time = options.idle_time = milliseconds(40);
  Start(options);
  EXPECT_EQ(Ask(""), "");
  EXPECT_THAT(Ask("GET /-/hea"), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(Put("Content-Length: 5\r\n", "123"), StartsWith("HTTP/1.1 408 "));
  const std::string once = Ask(kGet);
  EXPECT_THAT(once, EndsWith("well\n")) << "and closed when idle for too long";
}

TEST_F(HttpTest, BeyondTheBoundIdleConnectionsGiveWay) {
  Options options;
  options.threads = 1;
  options.most_connections = 2;
  Start(options);
  Client held = Connect();
  held.Send(kHold);
  const ExchangePtr exchange = held_.Take();
  Client idle = Connect();
  idle.Send(kGet);
  EXPECT_THAT(idle.Until("well\n"), StartsWith("HTTP/1.1 200 "));
  Client other = Connect();
  other.Send(kHold);
  const ExchangePtr second = held_.Take();
  EXPECT_EQ(idle.Rest(), "") << "it gave way";
  EXPECT_EQ(Ask(kGet), "") << "nobody is idle any more";
  exchange->Reply({200, "one\n"});
  second->Reply({200, "two\n"});
  EXPECT_THAT(held.Until("one\n"), HasSubstr("one"));
  EXPECT_THAT(other.Until("two\n"), HasSubstr("two"));
  EXPECT_GE(server_->counters().turned_away, 1U);
}

TEST_F(HttpTest, HalfOfTheFilesAreForOthers) {
  constexpr std::size_t kFiles = 60;
  {
    const FewFiles few(kFiles);
    Start();
  }
  std::vector<std::unique_ptr<Client>> idle;
  for (std::size_t i = 0; i < kFiles; ++i) {
    idle.push_back(std::make_unique<Client>(server_->bound()[0]));
    idle.back()->Send(kGet);
    EXPECT_THAT(idle.back()->Until("well\n"), StartsWith("HTTP/1.1 200 ")) << i;
    EXPECT_LE(server_->counters().connections, kFiles / 2);
  }
}

TEST_F(HttpTest, WithoutFilesAnIdleConnectionGivesWay) {
  Start();
  Client idle = Connect();
  idle.Send(kGet);
  EXPECT_THAT(idle.Until("well\n"), StartsWith("HTTP/1.1 200 "));
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket other(io, boost::asio::ip::tcp::v4());
  const int next = dup(STDERR_FILENO);
  close(next);
  const FewFiles few(static_cast<rlim_t>(next));
  other.connect(idle.socket().remote_endpoint());
  boost::asio::write(other, boost::asio::buffer(kGet));
  std::string answer;
  boost::asio::read_until(other, boost::asio::dynamic_buffer(answer), "well\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(idle.Rest(), "") << "it gave way";
}

TEST_F(HttpTest, ConnectionsOfAnAddressAreBounded) {
  Options options;
  options.most_per_address = 1;
  Start(options);
  {
    Client client = Connect();
    client.Send(kGet);
    EXPECT_THAT(client.Until("well\n"), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(Ask(kGet), "");
    client.EndSending();
    EXPECT_EQ(client.Rest(), "");
  }
  EXPECT_THAT(AskOnce("GET /-/healthy"), EndsWith("well\n"));
}

TEST_F(HttpTest, AnAddressInUseIsSaidSo) {
  Start();
  Options options;
  options.listen = server_->bound();
  Server second(options, {});
  const auto started = second.Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kConflict);
  EXPECT_THAT(started.error().message, HasSubstr(server_->bound()[0]));
  options.listen = {"localhost:x"};
  EXPECT_EQ(Server(options, {}).Start().error().code, ErrorCode::kInvalid);
}

TEST_F(HttpTest, StoppingAnswersWhatIsUnderWay) {
  Start();
  Client idle = Connect();
  idle.Send(kGet);
  EXPECT_THAT(idle.Until("well\n"), HasSubstr("200"));
  Client waiting = Connect();
  waiting.Send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  (void)held_.Take();
  Client stream = Connect();
  stream.Send(kHold);
  const ExchangePtr streaming = held_.Take();
  streaming->Begin({});
  EXPECT_TRUE(streaming->Send(Shared("piece")));
  Client polling = Connect();
  polling.Send(kHold);
  const ExchangePtr polled = held_.Take();
  Box<bool> told;
  polled->WhenGone([&] { told.Put(true); });

  std::thread stops([&] { server_->Stop(); });
  EXPECT_TRUE(told.Take());
  go_.Put(true);
  EXPECT_THAT(waiting.Rest(), EndsWith("waited\n"));
  EXPECT_THAT(stream.Rest(), EndsWith("5\r\npiece\r\n0\r\n\r\n"));
  EXPECT_THAT(polling.Rest(), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(idle.Rest(), "");
  stops.join();
  EXPECT_FALSE(streaming->Send(Shared("late")));
  polled->Reply({200, "late\n"});
}

TEST_F(HttpTest, StoppingMakesHalfAnAnswerNoWholeOne) {
  Options options;
  options.stop_time = milliseconds(50);
  Start(options);
  Client client = Connect();
  client.Send(kHold);
  const ExchangePtr exchange = held_.Take();
  exchange->Begin({200, Pieces{Shared("half")}});
  client.Until("half");
  server_->Stop();
  EXPECT_EQ(client.Rest(), "\r\n") << "without the chunk that ends it";
}

TEST_F(HttpTest, StoppingWaitsForNobodyForEver) {
  Options options;
  options.stop_time = milliseconds(50);
  Start(options);
  Client client = Connect();
  client.Send(kHold);
  ExchangePtr held = held_.Take();  // and never answered
  const auto begun = std::chrono::steady_clock::now();
  server_->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(10));
  EXPECT_EQ(client.Rest(), "");
  server_.reset();
  held.reset();
}

TEST_F(HttpTest, StopsUnderLoad) {
  Start();
  std::vector<std::thread> clients;
  std::atomic<bool> over{false};
  std::atomic<int> answers{0};
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, bound = server_->bound()[0]] {
      while (!over) {
        try {
          Client client(bound);
          client.Send(kGet + kGet);
          if (client.Until("well\n").ends_with("well\n")) ++answers;
        } catch (const boost::system::system_error&) {  // refused: it listens no more
        }
      }
    });
  }
  while (answers < 50) std::this_thread::yield();
  server_->Stop();
  over = true;
  for (std::thread& client : clients) client.join();
}

}  // namespace
}  // namespace rollcall::serving::http
