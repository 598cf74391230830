// Against a server that says exactly what a test has it say.
#include "http_client/send.h"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <thread>

namespace rollcall::http_client {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ::testing::HasSubstr;

// What a server that says `octets` and closes is understood to have said.
Result<Response> Understood(const std::string& octets) {
  asio::io_context io;
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  const std::uint16_t port = acceptor.local_endpoint().port();
  std::thread server([&] {
    tcp::socket client = acceptor.accept();
    std::string head;
    boost::system::error_code error;  // the client may have heard enough
    asio::read_until(client, asio::dynamic_buffer(head), "\r\n\r\n", error);
    asio::write(client, asio::buffer(octets), error);
  });
  auto url = ParseUrl("http://127.0.0.1:" + std::to_string(port) + "/");
  auto response = Send({.url = *std::move(url)});
  server.join();
  return response;
}

const std::string kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]";

TEST(Send, TheAnswerIsTheOneThatCounts) {
  const std::string early = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
  for (const std::string& before : {std::string(), std::string("HTTP/1.1 100 Continue\r\n\r\n"),
                                    early + "HTTP/1.1 102 Processing\r\n\r\n" + early}) {
    const auto response = Understood(before + kAnswer);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 200u) << before;
    EXPECT_EQ(response->body, "[1]");
    EXPECT_EQ(response->Header("Link"), "");
  }
  EXPECT_EQ(Understood("HTTP/1.1 101 Switching Protocols\r\n\r\n")->status, 101u);
}

TEST(Send, AnnouncementsWithoutAnAnswerAreNone) {
  const auto response = Understood("HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(Understood(many + kAnswer)->status, 100u) << "nobody waits for that long";
}

// Takes one connection, sends what it is told, and closes it once it is destroyed or told to.
class OneAnswer {
 public:
  explicit OneAnswer(std::string text, bool ends = false)
      : thread_([this, text = std::move(text), ends] {
          tcp::socket client = acceptor_.accept();
          std::string request;
          asio::read_until(client, asio::dynamic_buffer(request), "\r\n\r\n");
          asio::write(client, asio::buffer(text));
          boost::system::error_code closed;
          if (!ends) asio::read(client, asio::dynamic_buffer(request), closed);
        }) {}
  ~OneAnswer() { thread_.join(); }
  [[nodiscard]] Request Ask(std::chrono::milliseconds patience = std::chrono::seconds(10)) const {
    Request request;
    request.url = *ParseUrl(
        "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/events");
    request.patience = patience;
    return request;
  }

 private:
  asio::io_context context_;
  tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

constexpr char kBegin[] =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3\r\none\r\n3\r\ntwo\r\n";

TEST(FollowTest, HandsOnWhatComesUntilItIsEnough) {
  const OneAnswer server(kBegin);
  std::string heard;
  const auto ended = Follow(server.Ask(), [&](std::string_view octets) {
    heard += octets;
    return heard != "onetwo";
  });
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(ended->status, 200U);
}

TEST(FollowTest, SilenceIsSaidSoThatOneCanStopAndEndsAtItsDeadline) {
  const OneAnswer server(kBegin);
  bool silent = false;
  const auto ended = Follow(server.Ask(std::chrono::milliseconds(700)), [&](auto octets) {
    silent = silent || octets.empty();
    return true;
  });
  EXPECT_TRUE(silent);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::kDeadline);
}

TEST(FollowTest, NothingOfWhatCameBeforeTheEndIsLost) {
  for (const std::string end : {"", "0\r\n\r\n"}) {
    const OneAnswer server(kBegin + end, true);
    std::string heard;
    const auto ended = Follow(server.Ask(), [&](std::string_view octets) {
      heard += octets;
      return true;
    });
    EXPECT_EQ(heard, "onetwo");
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, ErrorCode::kUnavailable);
  }
}

TEST(FollowTest, AnotherStatusIsAnAnswerAsAWhole) {
  const OneAnswer server("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope", true);
  const auto said = Follow(server.Ask(), [](std::string_view) { return true; });
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_EQ(said->status, 403U);
  EXPECT_EQ(said->body, "nope");
}

TEST(FollowTest, AnAnnouncementIsNotWhatFollows) {
  const OneAnswer server(std::string("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n") + kBegin);
  std::string heard;
  const auto ended = Follow(server.Ask(), [&](std::string_view octets) {
    heard += octets;
    return heard != "onetwo";
  });
  EXPECT_TRUE(ended) << ended.error().message;
}

TEST(FollowTest, OneCanStopBeforeThereIsAnAnswer) {
  const OneAnswer server("");
  const auto ended = Follow(server.Ask(), [](std::string_view) { return false; });
  EXPECT_TRUE(ended) << ended.error().message;
}

TEST(FollowTest, WhatTakesTimeIsNoSilence) {
  const OneAnswer server(kBegin);
  int calls = 0;
  const auto ended = Follow(server.Ask(std::chrono::milliseconds(300)), [&](std::string_view) {
    std::this_thread::sleep_for(std::chrono::milliseconds(400));  // longer than its patience
    return ++calls < 3;
  });
  EXPECT_TRUE(ended) << ended.error().message;
}

TEST(FollowTest, AHeadThatDoesNotComeEndsAtTheDeadline) {
  const OneAnswer server("HTTP/1.1 200 OK\r\n");
  const auto said =
      Follow(server.Ask(std::chrono::milliseconds(100)), [](std::string_view) { return true; });
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error().code, ErrorCode::kDeadline);
  EXPECT_THAT(said.error().message, HasSubstr("nothing came in time"));
}

}  // namespace
}  // namespace rollcall::http_client
