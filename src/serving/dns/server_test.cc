// Starting, stopping and serving under change.
#include <gtest/gtest.h>

#include "serving/dns/testing/loopback.h"

namespace rollcall::serving::dns {
namespace {

using testing::Bytes;
using testing::Query;
using testing::TcpClient;
using testing::UdpClient;
using testing::World;
using wire::Type;

const std::pair<std::string, std::string> kNode{"node/a", R"({"host":"10.0.0.1","port":9100})"};

TEST(Server, TellsTheAddressesItBound) {
  World world{kNode};
  Options options;
  options.listen = {{"127.0.0.1", 0}, {"127.0.0.2", 0}};
  ASSERT_TRUE(world.Serve(options));
  ASSERT_EQ(world.server().bound().size(), 2u);
  EXPECT_EQ(world.address(1).host, "127.0.0.2");
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_NE(world.address(i).port, 0);
    EXPECT_TRUE(UdpClient(world.address(i)).Ask(Query("node.prom.internal", Type::kSrv)));
    EXPECT_TRUE(TcpClient(world.address(i)).Ask(Query("node.prom.internal", Type::kSrv)));
  }
}

TEST(Server, SaysWhichAddressIsTakenAndRunsNothing) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  World second{kNode};
  Options options;
  options.listen = {{"127.0.0.1", 0}, world.address()};
  const auto started = second.Serve(options);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find(ToText(world.address())), std::string::npos)
      << started.error().message;
  EXPECT_NE(started.error().message.find("another program"), std::string::npos);
}

TEST(Server, SaysWhenAnAddressIsNotOurs) {
  World world{kNode};
  Options options;
  options.listen = {{"203.0.113.1", 53}};
  const auto started = world.Serve(options);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("203.0.113.1:53"), std::string::npos);
}

TEST(Server, DoesNotForwardToItself) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  const Address taken = world.address();
  world.server().Stop();
  World second{kNode};
  Options options;
  options.listen = {taken};
  options.forward = {taken};
  const auto started = second.Serve(options);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("this server"), std::string::npos);
}

TEST(Server, StopsUnderLoadInTimeAndMayBeStoppedTwice) {
  World world;
  world.Fill("node", 300);
  ASSERT_TRUE(world.Serve());
  std::atomic<bool> over{false};
  std::vector<std::jthread> load;
  for (int i = 0; i < 2; ++i) {
    load.emplace_back([&world, &over] {
      UdpClient client(world.address());
      while (!over) {
        client.Send(Query("node.prom.internal", Type::kSrv));
        (void)client.Receive(0);
      }
    });
    load.emplace_back([&world, &over] {
      while (!over) {
        TcpClient client(world.address());
        client.Send(Query("node.prom.internal", Type::kSrv));
        (void)client.Receive(50);
      }
    });
  }
  while (world.server().counters().udp_queries < 100 ||
         world.server().counters().tcp_queries < 10) {
    std::this_thread::yield();
  }
  const auto start = std::chrono::steady_clock::now();
  world.server().Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5))
      << "two, on an idle machine";
  over = true;
  load.clear();
  world.server().Stop();
}

TEST(Server, AnswersEveryQuestionWhileTheViewChanges) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  std::atomic<bool> over{false};
  std::jthread writer([&world, &over] {
    for (int i = 0; !over; ++i) {
      world.Put("node/b" + std::to_string(i % 50), R"({"host":"10.0.1.1","port":9100})");
    }
  });
  UdpClient udp(world.address());
  TcpClient tcp(world.address());
  for (int i = 0; i < 300; ++i) {
    const auto by_udp = udp.Ask(Query("a.node.prom.internal", Type::kA));
    ASSERT_TRUE(by_udp);
    ASSERT_EQ(by_udp->answer.size(), 1u);
    const auto by_tcp = tcp.Ask(Query("node.prom.internal", Type::kSrv));
    ASSERT_TRUE(by_tcp);
    ASSERT_GE(by_tcp->answer.size(), 1u);
  }
  over = true;
}

// Replies that are kept are made anew once a change is published, by every worker and by TCP.
TEST(Server, NoReplyIsOlderThanItsQuestion) {
  World world{kNode};
  const auto put = [&world](int port) {
    world.Put("node/a", R"({"host":"10.0.0.1","port":)" + std::to_string(port) + "}");
  };
  put(1);
  ASSERT_TRUE(world.Serve());
  std::atomic<int> published{1};
  std::atomic<int> old{0};
  constexpr int kMost = 60'000;
  const auto ask = [&](auto client) {
    const Bytes question = Query("node.prom.internal", Type::kSrv);
    for (int i = 0; i < 500 || published < 300; ++i) {
      const int least = published;
      const auto reply = client.Ask(question);
      const bool whole = reply && reply->answer.size() == 1;
      if (!whole || std::get<wire::Srv>(reply->answer[0].rdata).port < least) ++old;
    }
  };
  std::atomic<bool> over{false};
  std::jthread writer([&] {
    for (int port = 2; port < kMost && !over; ++port) {
      put(port);
      published = port;
    }
  });
  {
    std::vector<std::jthread> askers;
    for (int i = 0; i < 2; ++i) {
      askers.emplace_back([&] { ask(UdpClient(world.address())); });
      askers.emplace_back([&] { ask(TcpClient(world.address())); });
    }
  }
  over = true;
  EXPECT_EQ(old, 0);
}

}  // namespace
}  // namespace rollcall::serving::dns
