// UDP as a client sees it, over loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>
#include <random>

#include "serving/dns/testing/loopback.h"

namespace rollcall::serving::dns {
namespace {

using testing::Bytes;
using testing::NameOf;
using testing::Query;
using testing::UdpClient;
using testing::World;
using wire::Rcode;
using wire::Type;

const std::pair<std::string, std::string> kNode{"node/a", R"({"host":"10.0.0.1","port":9100})"};

TEST(Udp, AnswersFromTheViewWithTheSameIdAndSpelling) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  UdpClient client(world.address());
  const auto reply = client.Ask(Query("nOdE.prom.internal", Type::kSrv, {.id = 0xBEEF}));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->id, 0xBEEF);
  EXPECT_TRUE(reply->authoritative);
  EXPECT_FALSE(reply->recursion_available);
  EXPECT_FALSE(reply->has_edns);
  EXPECT_EQ(reply->questions.at(0).name.ToText(), "nOdE.prom.internal.");
  ASSERT_EQ(reply->answer.size(), 1u);
  EXPECT_EQ(std::get<wire::Srv>(reply->answer[0].rdata).port, 9100);
}

TEST(Udp, SeesAChangeAtOnce) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  UdpClient client(world.address());
  EXPECT_EQ(client.Ask(Query("b.node.prom.internal", Type::kA))->rcode, Rcode::kNxDomain);
  world.Put("node/b", R"({"host":"10.0.0.2"})");
  EXPECT_EQ(client.Ask(Query("b.node.prom.internal", Type::kA))->answer.size(), 1u);
}

TEST(Udp, RefusesNamesOutsideWithoutAForwarder) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  UdpClient client(world.address());
  EXPECT_EQ(client.Ask(Query("example.com", Type::kA))->rcode, Rcode::kRefused);
}

TEST(Udp, SaysServfailWhileNothingIsKnown) {
  World world;
  world.set_standing(catalog::Standing::kNever);
  ASSERT_TRUE(world.Serve());
  UdpClient client(world.address());
  EXPECT_EQ(client.Ask(Query("node.prom.internal", Type::kSrv))->rcode, Rcode::kServFail);
}

TEST(Udp, KeepsToTheLowerOfTheClientsAndItsOwnSizeAndSetsTc) {
  World world;
  world.Fill("node", 200);
  ASSERT_TRUE(world.Serve());
  UdpClient client(world.address());
  struct Case {
    std::optional<std::uint16_t> edns;
    std::size_t most;
  };
  for (const auto& [edns, most] : {Case{std::nullopt, 512}, Case{0, 512}, Case{800, 800},
                                   Case{1232, 1232}, Case{65535, 1232}}) {
    client.Send(Query("node.prom.internal", Type::kSrv, {.edns_udp_size = edns}));
    const Bytes bytes = client.Receive();
    EXPECT_LE(bytes.size(), most);
    const auto reply = wire::DecodeResponse(bytes);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_TRUE(reply->truncated);
    EXPECT_EQ(reply->has_edns, edns.has_value());
    EXPECT_EQ(reply->edns_udp_size, edns ? 1232 : 0);
  }
}

TEST(Udp, SendsLargerRepliesWhereAllowed) {
  World world;
  world.Fill("node", 60);
  Options options;
  options.max_udp_size = 8192;
  ASSERT_TRUE(world.Serve(options));
  UdpClient client(world.address());
  const auto reply = client.Ask(Query("node.prom.internal", Type::kSrv, {.edns_udp_size = 8192}));
  ASSERT_TRUE(reply);
  EXPECT_FALSE(reply->truncated);
  EXPECT_EQ(reply->answer.size(), 60u) << "fragmented, not lost";
}

TEST(Udp, TellsItsIdentityToThoseWhoAsk) {
  World world{kNode};
  Options options;
  options.nsid = "replica-1";
  ASSERT_TRUE(world.Serve(options));
  UdpClient client(world.address());
  const auto reply = client.Ask(
      Query("node.prom.internal", Type::kSrv, {.edns_udp_size = 1232, .wants_nsid = true}));
  ASSERT_TRUE(reply);
  EXPECT_THAT(reply->edns_options, ::testing::ElementsAre(std::pair<std::uint16_t, std::string>(
                                       3, "replica-1 revision 1")));
}

TEST(Udp, StaysSilentToResponsesAndStumps) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  UdpClient client(world.address());
  Bytes response = Query("node.prom.internal", Type::kSrv);
  response[2] |= 0x80;
  client.Send(response);
  client.Send({});
  client.Send({1});
  client.Send(Bytes(11));
  EXPECT_TRUE(client.Receive(testing::kQuietMs).empty());
  EXPECT_TRUE(client.Ask(Query("node.prom.internal", Type::kSrv)));
  EXPECT_EQ(world.server().counters().dropped, 4u);
}

TEST(Udp, CountsEachRequestUnderOneType) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  UdpClient client(world.address());
  EXPECT_TRUE(client.Ask(Query("node.prom.internal", Type::kSrv)));
  EXPECT_TRUE(client.Ask(Query("node.prom.internal", Type::kAaaa)));
  EXPECT_TRUE(client.Ask(Query("node.prom.internal", Type::kHttps)));
  client.Send({1});
  EXPECT_TRUE(client.Ask(Query("node.prom.internal", Type::kSrv)));
  const Counters counters = world.server().counters();
  EXPECT_EQ(counters.udp_types[TypeIndex(Type::kSrv)], 2u);
  EXPECT_EQ(counters.udp_types[TypeIndex(Type::kAaaa)], 1u);
  EXPECT_EQ(counters.udp_types.back(), 2u) << "HTTPS, and what is no question";
}

TEST(Udp, NamesTheFaultOfAMalformedRequest) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  UdpClient client(world.address());
  Bytes update = Query("node.prom.internal", Type::kSrv);
  update[2] = 5 << 3;
  EXPECT_EQ(client.Ask(update)->rcode, Rcode::kNotImp);
  Bytes cut = Query("node.prom.internal", Type::kSrv);
  cut.resize(20);
  EXPECT_EQ(client.Ask(cut)->rcode, Rcode::kFormErr);
  Bytes chaos = Query("node.prom.internal", Type::kTxt);
  chaos.back() = 3;
  EXPECT_EQ(client.Ask(chaos)->rcode, Rcode::kRefused);
}

TEST(Udp, SurvivesAFloodOfGarbage) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  UdpClient flood(world.address());
  std::minstd_rand random(1);
  const Bytes sound = Query("node.prom.internal", Type::kSrv, {.edns_udp_size = 1232});
  for (int i = 0; i < 5'000; ++i) {
    Bytes message = sound;
    if (i % 2 == 0) {
      message.resize(random() % 600);
      for (auto& octet : message) octet = static_cast<std::uint8_t>(random());
    } else {
      for (int k = 0; k < 3; ++k)
        message[random() % message.size()] = static_cast<std::uint8_t>(random());
    }
    flood.Send(message);
    while (!flood.Receive(0).empty()) {
    }
  }
  // What comes while the buffer is still full is lost: so ask again, as clients do.
  UdpClient client(world.address());
  bool answered = false;
  for (int i = 0; i < 50 && !answered; ++i) {
    client.Send(sound);
    answered = !client.Receive(testing::kQuietMs).empty();
  }
  EXPECT_TRUE(answered);
}

TEST(Udp, AnswersABurstWhole) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  UdpClient client(world.address());
  constexpr int kBurst = 100;  // what a socket's buffer holds for certain
  for (std::uint16_t i = 0; i < kBurst; ++i) {
    client.Send(Query("node.prom.internal", Type::kSrv, {.id = i}));
  }
  std::vector<bool> seen(kBurst);
  for (int i = 0; i < kBurst; ++i) {
    const auto reply = wire::DecodeResponse(client.Receive());
    ASSERT_TRUE(reply);
    ASSERT_LT(reply->id, kBurst);
    EXPECT_FALSE(seen[reply->id]);
    seen[reply->id] = true;
  }
  EXPECT_EQ(world.server().counters().udp_queries, static_cast<std::uint64_t>(kBurst));
  EXPECT_EQ(world.server().counters().rcodes[0], static_cast<std::uint64_t>(kBurst));
}

// A client that asked 127.0.0.5 has connected its socket to that: a reply from
// 127.0.0.1 never reaches it.
TEST(Udp, RepliesFromTheAddressThatWasAskedWhenBoundToAll) {
  World world{kNode};
  Options options;
  options.listen = {{"0.0.0.0", 0}};
  ASSERT_TRUE(world.Serve(options));
  for (const char* host : {"127.0.0.1", "127.0.0.5", "127.3.2.1"}) {
    UdpClient client({host, world.address().port});
    EXPECT_TRUE(client.Ask(Query("node.prom.internal", Type::kSrv))) << host;
  }
}

TEST(Udp, ServesIpv6BesideIpv4OnOnePort) {
  World world{kNode};
  Options options;
  options.listen = {{"0.0.0.0", 0}};
  ASSERT_TRUE(world.Serve(options));
  World second{kNode};
  options.listen = {{"::", world.address().port}, {"::1", 0}};
  const auto started = second.Serve(options);
  if (!started) GTEST_SKIP() << "no IPv6 here: " << started.error().message;
  for (const Address& address : {Address{"::1", world.address().port}, second.address(1)}) {
    UdpClient client(address);
    EXPECT_TRUE(client.Ask(Query("node.prom.internal", Type::kSrv))) << ToText(address);
  }
}

}  // namespace
}  // namespace rollcall::serving::dns
