// Against a server that says exactly what a test has it say.
#include "http_client/send.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <thread>

namespace rollcall::http_client {
namespace {

using boost::asio::ip::tcp;

// What a server that says `octets` and closes is understood to have said.
Result<Response> Understood(const std::string& octets) {
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  const std::uint16_t port = acceptor.local_endpoint().port();
  std::thread server([&] {
    tcp::socket client = acceptor.accept();
    std::string head;
    boost::system::error_code error;  // the client may have heard enough
    boost::asio::read_until(client, boost::asio::dynamic_buffer(head), "\r\n\r\n", error);
    boost::asio::write(client, boost::asio::buffer(octets), error);
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

}  // namespace
}  // namespace rollcall::http_client
