#include "serving/dns/tcp_connection.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>

namespace rollcall::serving::dns {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Counts the questions and answers none.
class Counting final : public TcpHost {
 public:
  std::span<const std::uint8_t> Answer(std::span<const std::uint8_t>,
                                       const std::shared_ptr<TcpConnection>&, bool&) override {
    ++asked;
    return {};
  }
  void Touched(Connections::iterator) override {}
  void Closed(Connections::iterator connection) override { connections.erase(connection); }
  const TcpLimits& limits() const override { return limits_; }

  Connections connections;
  int asked = 0;

 private:
  TcpLimits limits_;
};

TEST(TcpConnection, LetsOthersInBetweenManyQuestions) {
  constexpr int kQuestions = 500;
  asio::io_context io{1};
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  tcp::socket client(io);
  client.connect(acceptor.local_endpoint());
  Counting host;
  host.connections.push_back(
      std::make_shared<TcpConnection>(host, acceptor.accept(), SocketAddress{}));
  const std::vector<std::uint8_t> frames(2 * kQuestions);  // of no octets each
  asio::write(client, asio::buffer(frames));
  client.shutdown(tcp::socket::shutdown_send);

  host.connections.front()->Start(host.connections.begin());
  while (!host.connections.empty()) {
    const int before = host.asked;
    ASSERT_EQ(io.run_one(), 1u);
    EXPECT_LE(host.asked - before, 16) << "in one turn of the thread";
  }
  EXPECT_EQ(host.asked, kQuestions) << "and none is forgotten";
}

}  // namespace
}  // namespace rollcall::serving::dns
