#include "agent/check_names.h"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "agent/test_peers.h"

namespace rollcall::agent {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A name server on loopback that answers each question by `answer`; "": not at all.
class NameServer {
 public:
  using Answer = std::function<std::string(std::string question)>;

  explicit NameServer(Answer answer) : answer_(std::move(answer)) {
    fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0) std::abort();
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { Serve(); });
  }
  ~NameServer() {
    stop_ = true;
    thread_.join();
    close(fd_);
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;
  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  void Serve() {
    while (!stop_) {
      pollfd waiting{fd_, POLLIN, 0};
      if (poll(&waiting, 1, 20) <= 0) continue;
      char buffer[1500];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t n =
          recvfrom(fd_, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (n < 12) continue;
      const std::string reply = answer_(std::string(buffer, static_cast<std::size_t>(n)));
      if (reply.empty()) continue;
      sendto(fd_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }

  Answer answer_;
  int fd_ = -1;
  std::string address_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// The question as an answer: with rcode, and with 127.0.0.9 if it asks for A.
std::string Reply(std::string question, int rcode) {
  const std::size_t end = question.find('\0', 12);  // of its name
  std::string reply = question.substr(0, end + 5);
  const bool address = rcode == 0 && question[end + 2] == 1;
  reply[2] = static_cast<char>(0x85);
  reply[3] = static_cast<char>(0x80 | rcode);
  for (const int i : {6, 8, 10}) reply[i] = reply[i + 1] = 0;
  reply[7] = address ? 1 : 0;
  if (address) reply += std::string("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\x09", 16);
  return reply;
}

Result<std::vector<asio::ip::address>> Ask(const std::string& host, milliseconds patience,
                                           const std::string& servers) {
  asio::io_context io;
  Result<std::vector<asio::ip::address>> result = Fail(ErrorCode::kInternal, "never came back");
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        result = co_await LookUp(host, std::chrono::steady_clock::now() + patience, servers);
      },
      asio::detached);
  io.run();
  return result;
}

TEST(LookUp, AnAddressIsItsOwn) {
  EXPECT_THAT(Ask("192.0.2.1", seconds(1), "").value(),
              ElementsAre(asio::ip::make_address("192.0.2.1")));
  EXPECT_THAT(Ask("2001:db8::1", seconds(1), "").value(),
              ElementsAre(asio::ip::make_address("2001:db8::1")));
}

TEST(LookUp, FindsAName) {
  const NameServer server([](std::string question) { return Reply(std::move(question), 0); });
  const auto found = Ask("exporter.test", seconds(5), server.address());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(*found, ElementsAre(asio::ip::make_address("127.0.0.9")));
}

TEST(LookUp, ANameThatIsNotThereIsToldAtOnce) {
  const NameServer server([](std::string question) { return Reply(std::move(question), 3); });
  const auto found = Ask("exporter.test", seconds(5), server.address());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(found.error().message, "the name exporter.test has no address");
}

TEST(LookUp, ASilentServerCostsItsTimeAndNoMore) {
  const NameServer server([](const std::string&) { return std::string(); });
  const auto began = std::chrono::steady_clock::now();
  const auto found = Ask("exporter.test", milliseconds(200), server.address());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kDeadline);
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(2));
}

TEST(LookUp, AServerThatLosesAQuestionIsAskedAgain) {
  std::atomic<int> asked{0};
  const NameServer server([&](std::string question) {
    return ++asked <= 2 ? std::string() : Reply(std::move(question), 0);  // A and AAAA
  });
  const auto found = Ask("exporter.test", seconds(8), server.address());
  ASSERT_TRUE(found) << found.error().message;
}

TEST(LookUp, NoServerIsToldAsSuch) {
  std::string nobody;
  {
    const NameServer server([](const std::string&) { return std::string(); });
    nobody = server.address();
  }
  const auto found = Ask("exporter.test", seconds(5), nobody);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kUnavailable);
}

TEST(LookUp, GarbageIsNotBelieved) {
  const NameServer server(
      [](const std::string& question) { return question.substr(0, 2) + "\x85\x80 this is none"; });
  EXPECT_FALSE(Ask("exporter.test", milliseconds(300), server.address()));
}

TEST(Checker, ANameServerThatHangsHoldsUpNeitherOthersNorTheEnd) {
  const NameServer silent([](const std::string&) { return std::string(); });
  const Peer well([](Client& client) { client.StaySilent(); });
  Listener listener;
  std::optional<Checker> checker(
      std::in_place, listener.Hear(), SystemClock(),
      Checker::Options{
          .most_connections = 64, .most_commands = 2, .name_servers = silent.address()});
  std::map<std::string, CheckSpec> checks;
  for (int i = 0; i < 50; ++i) {
    CheckSpec spec;
    spec.type = CheckSpec::Type::kHttp;
    spec.url = "http://exporter" + std::to_string(i) + ".test:9100/";
    spec.interval = milliseconds(50);
    spec.timeout = seconds(60);
    checks["hangs" + std::to_string(i)] = spec;
  }
  CheckSpec tcp;
  tcp.type = CheckSpec::Type::kTcp;
  tcp.address = well.address();
  tcp.interval = milliseconds(100);
  checks["well"] = tcp;
  checker->Set(checks);
  ASSERT_TRUE(listener.Wait("well"));
  const auto began = std::chrono::steady_clock::now();
  checker.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(1));
}

}  // namespace
}  // namespace rollcall::agent
