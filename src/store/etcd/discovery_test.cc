#include "store/etcd/discovery.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <thread>

namespace rollcall::store::etcd {
namespace {

using ::testing::ElementsAre;

struct Srv {
  std::uint16_t priority;
  std::uint16_t weight;
  std::uint16_t port;
  std::string target;  // "" for the root
};

constexpr int kNoError = 0;
constexpr int kServerFailure = 2;
constexpr int kNameError = 3;
constexpr int kSilent = -1;

void AppendNumber(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xff);
}

std::string EncodeName(const std::string& name) {
  std::string out;
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    out += static_cast<char>(end - begin);
    out += name.substr(begin, end - begin);
    begin = end + 1;
  }
  return out + '\0';
}

// A name server on loopback with one zone in a map; names that are not there get
// `otherwise` as rcode.
class NameServer {
 public:
  using Zone = std::map<std::string, std::vector<Srv>>;

  NameServer(Zone zone, int otherwise) : zone_(std::move(zone)), otherwise_(otherwise) {
    fd_ = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    address_ = address;
    thread_ = std::jthread([this] { Serve(); });
  }
  ~NameServer() {
    // An empty datagram ends Serve().
    sendto(fd_, "", 0, 0, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    thread_.join();
    close(fd_);
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(ntohs(address_.sin_port)); }

 private:
  void Serve() {
    for (;;) {
      char query[512];
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      const ssize_t length =
          recvfrom(fd_, query, sizeof query, 0, reinterpret_cast<sockaddr*>(&peer), &size);
      if (length <= 0) return;
      const std::string reply = Answer(std::string(query, static_cast<std::size_t>(length)));
      if (reply.empty()) continue;
      sendto(fd_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&peer), size);
    }
  }

  std::string Answer(const std::string& query) const {
    const std::size_t name_end = query.find('\0', 12) + 1;
    const std::string question = query.substr(12, name_end + 4 - 12);
    for (const auto& [name, records] : zone_) {
      if (question.starts_with(EncodeName(name))) return Reply(query, question, kNoError, records);
    }
    return otherwise_ == kSilent ? "" : Reply(query, question, otherwise_, {});
  }

  static std::string Reply(const std::string& query, const std::string& question, int rcode,
                           const std::vector<Srv>& records) {
    std::string out = query.substr(0, 2);
    AppendNumber(out, 0x8580U | static_cast<unsigned>(rcode));  // QR AA RD RA
    AppendNumber(out, 1);
    AppendNumber(out, static_cast<unsigned>(records.size()));
    AppendNumber(out, 0);
    AppendNumber(out, 0);
    out += question;
    for (const Srv& record : records) {
      std::string data;
      AppendNumber(data, record.priority);
      AppendNumber(data, record.weight);
      AppendNumber(data, record.port);
      data += EncodeName(record.target);
      AppendNumber(out, 0xc00c);  // the question's name
      AppendNumber(out, 33);      // SRV
      AppendNumber(out, 1);       // IN
      AppendNumber(out, 0);
      AppendNumber(out, 30);  // TTL
      AppendNumber(out, static_cast<unsigned>(data.size()));
      out += data;
    }
    return out;
  }

  const Zone zone_;
  const int otherwise_;
  int fd_ = -1;
  sockaddr_in address_{};
  std::jthread thread_;
};

SteadyTime In(std::chrono::milliseconds wait) {
  return std::chrono::steady_clock::now() + wait;
}

Result<std::vector<std::string>> Ask(const NameServer& server,
                                     std::chrono::milliseconds wait = std::chrono::seconds(20)) {
  return Discover({"prom.local", {server.address()}}, In(wait));
}

TEST(Discover, GivesUrlsByPriorityAndWeight) {
  const NameServer server({{"_etcd-client._tcp.prom.local",
                            {{20, 0, 2379, "c.prom.local"},
                             {10, 1, 2379, "a.prom.local"},
                             {10, 9, 4001, "b.prom.local"}}}},
                          kNameError);
  const auto urls = Ask(server);
  ASSERT_TRUE(urls) << urls.error().message;
  EXPECT_THAT(*urls, ElementsAre("http://b.prom.local:4001", "http://a.prom.local:2379",
                                 "http://c.prom.local:2379"));
}

TEST(Discover, TakesOnlyTheEncryptedOnesWhereThereAreBoth) {
  const NameServer server({{"_etcd-client._tcp.prom.local", {{0, 0, 2379, "a.prom.local"}}},
                           {"_etcd-client-ssl._tcp.prom.local", {{0, 0, 2380, "a.prom.local"}}}},
                          kNameError);
  EXPECT_THAT(Ask(server).value(), ElementsAre("https://a.prom.local:2380"));
}

TEST(Discover, TakesPlainOnesOnlyWhereThereAreCertainlyNoEncryptedOnes) {
  for (const int otherwise : {kServerFailure, kSilent}) {
    const NameServer server({{"_etcd-client._tcp.prom.local", {{0, 0, 2379, "a.prom.local"}}}},
                            otherwise);
    const auto urls = Ask(server, std::chrono::milliseconds(500));
    ASSERT_FALSE(urls) << otherwise;
    EXPECT_EQ(urls.error().code, ErrorCode::kUnavailable);
  }
}

TEST(Discover, ANameThatIsNotThereIsNotFound) {
  const NameServer server({}, kNameError);
  const auto urls = Ask(server);
  ASSERT_FALSE(urls);
  EXPECT_EQ(urls.error().code, ErrorCode::kNotFound);
  EXPECT_NE(urls.error().message.find("prom.local"), std::string::npos);
}

TEST(Discover, ANameWithoutRecordsIsNotFound) {
  const NameServer server({}, kNoError);
  EXPECT_EQ(Ask(server).error().code, ErrorCode::kNotFound);
}

TEST(Discover, TheRootAsTargetMeansNoSuchService) {
  const NameServer server({{"_etcd-client._tcp.prom.local", {{0, 0, 0, ""}}}}, kNameError);
  EXPECT_EQ(Ask(server).error().code, ErrorCode::kNotFound);
}

TEST(Discover, AServerThatFailsIsUnavailable) {
  const NameServer server({}, kServerFailure);
  EXPECT_EQ(Ask(server).error().code, ErrorCode::kUnavailable);
}

TEST(Discover, ASilentServerIsUnavailableByTheDeadline) {
  const NameServer server({}, kSilent);
  const SteadyTime start = std::chrono::steady_clock::now();
  EXPECT_EQ(Ask(server, std::chrono::milliseconds(100)).error().code, ErrorCode::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Discover, ASecondServerAnswersWhereTheFirstFails) {
  const NameServer broken({}, kServerFailure);
  const NameServer good({{"_etcd-client._tcp.prom.local", {{0, 0, 2379, "a.prom.local"}}}},
                        kNameError);
  const auto urls =
      Discover({"prom.local", {broken.address(), good.address()}}, In(std::chrono::seconds(20)));
  EXPECT_THAT(urls.value(), ElementsAre("http://a.prom.local:2379"));
}

TEST(Discover, RefusesWhatIsNoServerAndNoDomain) {
  EXPECT_EQ(Discover({"prom.local", {"not an address"}}, In(std::chrono::seconds(1))).error().code,
            ErrorCode::kInvalid);
  EXPECT_EQ(Discover({"", {"127.0.0.1:53"}}, In(std::chrono::seconds(1))).error().code,
            ErrorCode::kInvalid);
}

}  // namespace
}  // namespace rollcall::store::etcd
