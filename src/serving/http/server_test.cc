#include "serving/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <vector>

namespace rollcall::serving::http {
namespace {

using boost::asio::ip::tcp;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class HttpTest : public ::testing::Test {
 protected:
  void Start(Options options = {}) {
    options.listen = {"127.0.0.1:0"};
    server_ = std::make_unique<Server>(
        options, std::map<std::string, Handler, std::less<>>{{"/-/healthy",
                                                              [] {
                                                                return Response{200, "well\n"};
                                                              }},
                                                             {"/-/ready", [] {
                                                                return Response{503, "not yet\n"};
                                                              }}});
    ASSERT_TRUE(server_->Start());
  }
  [[nodiscard]] tcp::socket Connect() {
    const std::string& bound = server_->bound()[0];
    tcp::socket socket(io_);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"),
                    static_cast<std::uint16_t>(std::stoi(bound.substr(bound.rfind(':') + 1)))});
    return socket;
  }
  // All that comes until the server closes.
  static std::string Rest(tcp::socket& socket) {
    std::string all;
    boost::system::error_code error;
    boost::asio::read(socket, boost::asio::dynamic_buffer(all), error);
    return all;
  }
  std::string Ask(const std::string& octets) {
    tcp::socket socket = Connect();
    boost::system::error_code error;
    boost::asio::write(socket, boost::asio::buffer(octets), error);
    return Rest(socket);
  }
  std::string Get(const std::string& line) {
    return Ask(line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }

  boost::asio::io_context io_;
  std::unique_ptr<Server> server_;
};

TEST_F(HttpTest, AnswersAPathWithItsStatus) {
  Start();
  EXPECT_THAT(Get("GET /-/healthy"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(Get("GET /-/healthy"), EndsWith("\r\n\r\nwell\n"));
  EXPECT_THAT(Get("GET /-/healthy?a=b"), EndsWith("well\n"));
  EXPECT_THAT(Get("GET /-/ready"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(Get("GET /-/ready"), EndsWith("not yet\n"));
}

TEST_F(HttpTest, HeadHasTheHeaderOnly) {
  Start();
  const std::string answer = Get("HEAD /-/healthy");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpTest, OtherPathsAndMethodsAreRefused) {
  Start();
  EXPECT_THAT(Get("GET /"), StartsWith("HTTP/1.1 404 "));
  const std::string post = Get("POST /-/healthy");
  EXPECT_THAT(post, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(post, HasSubstr("Allow: GET, HEAD\r\n"));
}

TEST_F(HttpTest, AConnectionTakesSeveralRequests) {
  Start();
  const std::string one = "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string both =
      Ask(one + "GET /-/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(both, HasSubstr("well\n"));
  EXPECT_THAT(both, EndsWith("not yet\n"));
}

TEST_F(HttpTest, GarbageIsSaidSo) {
  Start();
  EXPECT_THAT(Ask(std::string("\x16\x03\x01\x00 a client of TLS\r\n\r\n", 22)),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Ask("GET /-/healthy HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Ask("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpTest, AClientThatSendsNothingIsClosed) {
  Options options;
  options.client_time = std::chrono::milliseconds(50);
  Start(options);
  tcp::socket socket = Connect();
  EXPECT_EQ(Rest(socket), "");
  EXPECT_EQ(Ask("GET /-/hea"), "");
}

TEST_F(HttpTest, ConnectionsAreBounded) {
  Options options;
  options.most_connections = 2;
  Start(options);
  std::vector<tcp::socket> open;
  for (int i = 0; i < 2; ++i) {
    open.push_back(Connect());
    // Answered: so it counts.
    boost::asio::write(
        open.back(),
        boost::asio::buffer(std::string("HEAD /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")));
    char octet = 0;
    boost::asio::read(open.back(), boost::asio::buffer(&octet, 1));
  }
  EXPECT_THAT(Get("GET /-/healthy"), Not(HasSubstr("200")));
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

TEST_F(HttpTest, StopsWithOpenConnections) {
  Start();
  tcp::socket socket = Connect();
  server_->Stop();
  EXPECT_EQ(Rest(socket), "");
}

}  // namespace
}  // namespace rollcall::serving::http
