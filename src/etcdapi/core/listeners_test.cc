#include "etcdapi/core/listeners.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>
#include <utility>
#include <vector>

#include "base/guarded.h"

namespace rollcall::etcdapi {
namespace {

using ::testing::HasSubstr;

class Clients {
 public:
  // Their descriptors are above those that a lowered limit leaves.
  explicit Clients(int count) {
    for (int i = 0; i < count; ++i) {
      const int low = socket(AF_INET, SOCK_STREAM, 0);
      all_.push_back(fcntl(low, F_DUPFD, 600));
      close(low);
    }
  }
  ~Clients() {
    for (const int one : all_) close(one);
  }
  void Connect(std::uint16_t port) const {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    for (const int one : all_) {
      EXPECT_EQ(connect(one, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    }
  }
  // Until it is closed by the other side.
  static bool IsClosed(int one) {
    char octet = 0;
    return recv(one, &octet, 1, 0) == 0;
  }
  [[nodiscard]] const std::vector<int>& all() const { return all_; }

 private:
  std::vector<int> all_;
};

// For as long as it lives no descriptor can be had from the `count`th free one on.
class Lowered {
 public:
  explicit Lowered(int count) {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const int next = dup(STDERR_FILENO);
    close(next);
    const rlimit lowered{static_cast<rlim_t>(next + count), before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &lowered), 0);
    most_ = next + count;
  }
  ~Lowered() { (void)setrlimit(RLIMIT_NOFILE, &before_); }
  [[nodiscard]] int most() const { return most_; }

 private:
  rlimit before_{};
  int most_ = 0;
};

class ListenersTest : public ::testing::Test {
 public:
  ~ListenersTest() override {
    listeners_.Stop();
    for (const int guest : *guests_.Lock()) close(guest);
  }

 protected:
  void Start() {
    listeners_.Start([this](int connection, int) { guests_.Lock()->push_back(connection); });
  }
  // Waits until there are so many, and closes them.
  bool Dismiss(std::size_t count) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (guests_.Lock()->size() < count) {
      if (std::chrono::steady_clock::now() > limit) return false;
      std::this_thread::yield();
    }
    for (const int guest : std::exchange(*guests_.Lock(), {})) close(guest);
    return true;
  }

  Guarded<std::vector<int>> guests_;
  Listeners listeners_;
};

TEST_F(ListenersTest, WithoutDescriptorsConnectionsWaitUntilThereAreSome) {
  const auto port = listeners_.Listen("127.0.0.1", "0");
  ASSERT_TRUE(port) << port.error().message;
  const Clients clients(6);
  Start();
  const Lowered lowered(2);
  clients.Connect(*port);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Dismiss(2)) << i;
}

TEST_F(ListenersTest, BeyondWhatTheRestOfTheProgramNeedsConnectionsAreClosed) {
  const auto port = listeners_.Listen("127.0.0.1", "0");
  ASSERT_TRUE(port) << port.error().message;
  const Clients clients(100);
  const Lowered lowered(100);
  Start();
  clients.Connect(*port);
  EXPECT_TRUE(Clients::IsClosed(clients.all().back()));
  auto guests = guests_.Lock();
  EXPECT_GT(guests->size(), 50U);
  for (const int guest : *guests) EXPECT_LE(guest, lowered.most() - lowered.most() / 4);
}

TEST_F(ListenersTest, APlaceThatCannotBeHadIsSaidSo) {
  const auto port = listeners_.Listen("127.0.0.1", "0");
  ASSERT_TRUE(port);
  Listeners second;
  const auto taken = second.Listen("127.0.0.1", std::to_string(*port));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kConflict);
  EXPECT_THAT(taken.error().message,
              HasSubstr("127.0.0.1:" + std::to_string(*port) + " is in use"));
  const auto elsewhere = second.Listen("240.0.0.1", "0");  // reserved: no machine's
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(second.Listen("127.0.0.1", "x").error().code, ErrorCode::kInvalid);
}

TEST_F(ListenersTest, WithoutAHostTheyListenAtAllAddressesAtOnePort) {
  const auto port = listeners_.Listen("", "0");
  ASSERT_TRUE(port) << port.error().message;
  Start();
  const Clients clients(1);
  clients.Connect(*port);
  EXPECT_TRUE(Dismiss(1));
}

}  // namespace
}  // namespace rollcall::etcdapi
