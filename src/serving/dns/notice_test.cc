// Whom the server remembers, over loopback.
#include "serving/dns/notice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serving/dns/testing/loopback.h"
#include "serving/seen/book.h"

namespace rollcall::serving::dns {
namespace {

using ::testing::ElementsAre;
using testing::Query;
using testing::TcpClient;
using testing::UdpClient;
using testing::World;
using wire::Type;

const std::pair<std::string, std::string> kNode{"node/a", R"({"host":"10.0.0.1","port":9100})"};

class NoticeTest : public ::testing::Test {
 protected:
  void Serve() {
    Options options;
    options.book = &book;
    ASSERT_TRUE(world.Serve(options));
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& consumer : book.List()) names.push_back(consumer.name);
    return names;
  }

  seen::Book book;  // outlives the server
  World world{kNode};
};

TEST_F(NoticeTest, RemembersWhoAsksAndWhatHeWasTold) {
  Serve();
  UdpClient client(world.address());
  (void)client.Ask(Query("Node.prom.internal", Type::kSrv));
  auto consumers = book.List();
  ASSERT_EQ(consumers.size(), 1U);
  EXPECT_EQ(consumers[0].client, "127.0.0.1");
  EXPECT_EQ(consumers[0].name, "node.prom.internal");
  EXPECT_EQ(consumers[0].transport, "udp");
  EXPECT_EQ(consumers[0].revision, 1);
  TcpClient by_tcp(world.address());
  by_tcp.Send(Query("node.prom.internal", Type::kSrv));
  (void)by_tcp.Receive();
  consumers = book.List();
  ASSERT_EQ(consumers.size(), 1U);
  EXPECT_EQ(consumers[0].transport, "tcp");
  EXPECT_EQ(consumers[0].asks, 2U);
}

struct Asked {
  const char* name;
  Type type;
  bool remembered;
};

TEST_F(NoticeTest, OnlyQuestionsForANameThatStandsForSeveralCount) {
  Serve();
  const std::vector<Asked> all = {
      {"node.prom.internal", Type::kA, true},          {"prom.internal", Type::kAaaa, true},
      {"_healthy.node.prom.internal", Type::kA, true}, {"_healthy.prom.internal", Type::kSrv, true},
      {"a.node.prom.internal", Type::kA, false},     // as at each scrape
      {"nowhere.prom.internal", Type::kSrv, false},  // NXDOMAIN: anybody can make many
      {"node.prom.internal", Type::kTxt, false},       {"example.com", Type::kSrv, false},
  };
  UdpClient client(world.address());
  std::vector<std::string> expected;
  for (const auto& [name, type, remembered] : all) {
    ASSERT_TRUE(client.Ask(Query(name, type))) << name;
    if (remembered) expected.emplace_back(name);
  }
  EXPECT_THAT(Names(), ::testing::UnorderedElementsAreArray(expected));
}

TEST_F(NoticeTest, AMappedAddressIsThatOfIpv4) {
  seen::Tap tap;
  catalog::View view;
  sockaddr_in6 mapped{};
  mapped.sin6_family = AF_INET6;
  const std::uint8_t octets[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 1, 2, 3};
  std::copy(std::begin(octets), std::end(octets), mapped.sin6_addr.s6_addr);
  const wire::Name name = testing::NameOf("node.prom.internal");
  Notice(tap, view,
         {.outcome = answer::Outcome::kReply, .asked = true, .type = Type::kSrv, .name = name},
         reinterpret_cast<const sockaddr*>(&mapped), false, SteadyTime{});
  seen::Sighting sighting;
  ASSERT_TRUE(tap.Take(sighting));
  EXPECT_FALSE(sighting.v6);
  EXPECT_THAT(std::vector(sighting.address.begin(), sighting.address.begin() + 4),
              ElementsAre(10, 1, 2, 3));
}

}  // namespace
}  // namespace rollcall::serving::dns
