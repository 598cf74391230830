// Names outside the zones, with stand-in upstreams on loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <semaphore>

#include "serving/dns/testing/loopback.h"

namespace rollcall::serving::dns {
namespace {

using std::chrono::milliseconds;
using testing::Bytes;
using testing::Query;
using testing::Reply;
using testing::Says;
using testing::TcpClient;
using testing::UdpClient;
using testing::Upstream;
using testing::World;
using wire::Rcode;
using wire::Type;

const Says kOne{.addresses = {{192, 0, 2, 1}}};

Upstream::Script Always(const Says& says) {
  return [says](const wire::Query& query, bool) { return Reply(query, says); };
}

Options ForwardTo(std::initializer_list<const Upstream*> upstreams) {
  Options options;
  for (const Upstream* upstream : upstreams) options.forward.push_back(upstream->address());
  return options;
}

std::vector<wire::Ipv4> AddressesOf(const wire::Response& reply) {
  std::vector<wire::Ipv4> addresses;
  for (const wire::Record& record : reply.answer) {
    if (const auto* a = std::get_if<wire::A>(&record.rdata)) addresses.push_back(a->address);
  }
  return addresses;
}

TEST(Forward, PassesOnWhatTheUpstreamSays) {
  const Upstream upstream(Always(kOne));
  World world;
  ASSERT_TRUE(world.Serve(ForwardTo({&upstream})));
  UdpClient client(world.address());
  const auto reply = client.Ask(Query("Example.com", Type::kA, {.id = 77}));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->id, 77);
  EXPECT_EQ(reply->questions.at(0).name.ToText(), "Example.com.");
  EXPECT_FALSE(reply->authoritative);
  EXPECT_TRUE(reply->recursion_available);
  EXPECT_FALSE(reply->has_edns) << "the upstream's OPT is not the client's";
  EXPECT_THAT(AddressesOf(*reply), ::testing::ElementsAre(wire::Ipv4{192, 0, 2, 1}));
  TcpClient tcp(world.address());
  EXPECT_EQ(tcp.Ask(Query("example.com", Type::kA))->answer.size(), 1u);
  EXPECT_EQ(world.server().counters().forwarded, 2u);
}

TEST(Forward, AsksOnceForWhatItHasInTheCache) {
  const Upstream upstream(Always(kOne));
  World world;
  ASSERT_TRUE(world.Serve(ForwardTo({&upstream})));
  UdpClient client(world.address());
  for (const char* name : {"example.com", "EXAMPLE.com", "example.COM"}) {
    ASSERT_EQ(client.Ask(Query(name, Type::kA))->answer.size(), 1u);
  }
  EXPECT_EQ(upstream.udp_questions(), 1);
}

TEST(Forward, AsksAgainForWhatIsGoodForTenSecondsOnly) {
  const Upstream upstream(Always({.addresses = {{192, 0, 2, 1}}, .ttl = 10}));
  World world;
  ASSERT_TRUE(world.Serve(ForwardTo({&upstream})));
  UdpClient client(world.address());
  ASSERT_EQ(client.Ask(Query("example.com", Type::kA))->answer.size(), 1u);
  ASSERT_EQ(client.Ask(Query("example.com", Type::kA))->answer.size(), 1u);
  EXPECT_EQ(upstream.udp_questions(), 2);
}

TEST(Forward, AsksAgainAfterAFailure) {
  const Upstream upstream(Always({.addresses = {}, .rcode = Rcode::kServFail}));
  World world;
  ASSERT_TRUE(world.Serve(ForwardTo({&upstream})));
  UdpClient client(world.address());
  EXPECT_EQ(client.Ask(Query("example.com", Type::kA))->rcode, Rcode::kServFail);
  EXPECT_EQ(upstream.udp_questions(), 1);
  EXPECT_EQ(client.Ask(Query("example.com", Type::kA))->rcode, Rcode::kServFail);
  EXPECT_EQ(upstream.udp_questions(), 2);
}

TEST(Forward, RefusesWhatIsNotRecursionDesired) {
  const Upstream upstream(Always(kOne));
  World world;
  ASSERT_TRUE(world.Serve(ForwardTo({&upstream})));
  UdpClient client(world.address());
  EXPECT_EQ(client.Ask(Query("example.com", Type::kA, {.recursion_desired = false}))->rcode,
            Rcode::kRefused);
  EXPECT_EQ(client.Ask(Query("example.com", Type::kAxfr))->rcode, Rcode::kRefused);
  EXPECT_EQ(upstream.udp_questions(), 0);
}

TEST(Forward, GoesToTheNextUpstreamWhenOneIsDeadOrFails) {
  Address nobody;
  {
    const Upstream gone(Always(kOne));
    nobody = gone.address();
  }
  const Upstream failing(Always({.addresses = {}, .rcode = Rcode::kServFail}));
  const Upstream sound(Always(kOne));
  World world;
  Options options = ForwardTo({&failing, &sound});
  options.forward.insert(options.forward.begin(), nobody);
  ASSERT_TRUE(world.Serve(options));
  UdpClient client(world.address());
  EXPECT_EQ(client.Ask(Query("a.example", Type::kA))->answer.size(), 1u);
  EXPECT_EQ(client.Ask(Query("b.example", Type::kA))->answer.size(), 1u);
  EXPECT_EQ(sound.udp_questions(), 2);
}

TEST(Forward, RemembersWhoStaysSilentAndSaysServfailInTime) {
  const Upstream silent([](const wire::Query&, bool) { return std::nullopt; });
  const Upstream sound(Always(kOne));
  World world;
  Options options = ForwardTo({&silent, &sound});
  options.forward_timeout = milliseconds(3'000);  // a third of it for each try
  ASSERT_TRUE(world.Serve(options));
  UdpClient client(world.address());
  EXPECT_EQ(client.Ask(Query("a.example", Type::kA))->answer.size(), 1u);
  EXPECT_EQ(client.Ask(Query("b.example", Type::kA))->answer.size(), 1u);
  EXPECT_EQ(silent.udp_questions(), 1) << "then it is asked last";

  World lonely;
  options.forward = {silent.address()};
  options.forward_timeout = milliseconds(600);
  ASSERT_TRUE(lonely.Serve(options));
  UdpClient other(lonely.address());
  const auto start = std::chrono::steady_clock::now();
  const auto reply = other.Ask(Query("a.example", Type::kA, {.edns_udp_size = 1232}));
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(3'000));
  EXPECT_EQ(reply->rcode, Rcode::kServFail);
  EXPECT_EQ(lonely.server().counters().forward_failed, 1u);
}

TEST(Forward, FetchesByTcpWhatUdpTruncates) {
  Says many;
  for (std::uint8_t i = 1; i <= 200; ++i) many.addresses.push_back({192, 0, 2, i});
  const Upstream upstream([&many](const wire::Query& query, bool tcp) {
    return Reply(query, tcp ? many : Says{.addresses = {{192, 0, 2, 1}}, .truncated = true});
  });
  World world;
  ASSERT_TRUE(world.Serve(ForwardTo({&upstream})));
  UdpClient udp(world.address());
  const auto part = udp.Ask(Query("many.example", Type::kA));
  ASSERT_TRUE(part);
  EXPECT_TRUE(part->truncated) << "200 addresses do not fit into 512 octets";
  EXPECT_GT(part->answer.size(), 10u);
  TcpClient tcp(world.address());
  const auto whole = tcp.Ask(Query("many.example", Type::kA));
  ASSERT_TRUE(whole);
  EXPECT_FALSE(whole->truncated);
  EXPECT_EQ(whole->answer.size(), 200u);
  EXPECT_EQ(upstream.tcp_questions(), 1) << "the second came from the cache";
}

TEST(Forward, MakesDoWithTheTruncatedPartWhenTcpFails) {
  const Upstream upstream([](const wire::Query& query, bool tcp) -> std::optional<Bytes> {
    if (tcp) return Bytes{};
    return Reply(query, {.addresses = {{192, 0, 2, 1}}, .truncated = true});
  });
  World world;
  ASSERT_TRUE(world.Serve(ForwardTo({&upstream})));
  UdpClient udp(world.address());
  const auto reply = udp.Ask(Query("many.example", Type::kA));
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->truncated);
  EXPECT_EQ(reply->answer.size(), 1u);
}

TEST(Forward, BelievesNoReplyToAnotherQuestion) {
  std::atomic<int> n{0};
  const Upstream upstream([&n](const wire::Query& query, bool) -> std::optional<Bytes> {
    wire::Query other = query;
    switch (n++) {
      case 0:
        other.id = static_cast<std::uint16_t>(query.id + 1);
        break;
      case 1:
        other.question.name = testing::NameOf("evil.example");
        break;
      case 2:
        other.question.type = Type::kAaaa;
        break;
      default:
        return Reply(query, kOne);
    }
    return Reply(other, {.addresses = {{203, 0, 113, 66}}});
  });
  World world;
  Options options = ForwardTo({&upstream, &upstream, &upstream});
  options.forward_timeout = milliseconds(1500);
  ASSERT_TRUE(world.Serve(options));
  UdpClient client(world.address());
  EXPECT_EQ(client.Ask(Query("a.example", Type::kA))->rcode, Rcode::kServFail)
      << "three lies, then time is up";
  // Another name, lest it joins the flight that is just about to end.
  const auto reply = client.Ask(Query("b.example", Type::kA));
  EXPECT_THAT(AddressesOf(*reply), ::testing::ElementsAre(wire::Ipv4{192, 0, 2, 1}));
}

TEST(Forward, AsksOnceForEqualQuestionsInFlightAndBoundsTheOthers) {
  std::counting_semaphore<> release(0);
  const Upstream upstream([&release](const wire::Query& query, bool) {
    release.acquire();
    return Reply(query, kOne);
  });
  World world;
  Options options = ForwardTo({&upstream});
  options.forward_in_flight = 2;
  options.forward_timeout = milliseconds(9'000);
  ASSERT_TRUE(world.Serve(options));
  UdpClient first(world.address());
  UdpClient same(world.address());
  UdpClient second(world.address());
  UdpClient third(world.address());
  first.Send(Query("a.example", Type::kA));
  while (world.server().counters().forwarded < 1) std::this_thread::yield();
  same.Send(Query("a.example", Type::kA));
  second.Send(Query("b.example", Type::kA));
  while (world.server().counters().forwarded < 3) std::this_thread::yield();
  EXPECT_EQ(third.Ask(Query("c.example", Type::kA))->rcode, Rcode::kServFail);
  release.release(2);
  for (UdpClient* client : {&first, &same, &second}) {
    const auto reply = wire::DecodeResponse(client->Receive());
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->answer.size(), 1u);
  }
  EXPECT_EQ(upstream.udp_questions(), 2);
  release.release(100);
}

TEST(Forward, FollowsAnAliasThatLeavesTheZones) {
  const Upstream upstream(Always({.addresses = {{192, 0, 2, 1}}, .ttl = 10}));
  World world{{"alias", R"({"host":"outside.example"})"}};
  ASSERT_TRUE(world.Serve(ForwardTo({&upstream})));
  UdpClient client(world.address());
  const auto reply = client.Ask(Query("alias.prom.internal", Type::kA));
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->authoritative);
  ASSERT_EQ(reply->answer.size(), 2u);
  EXPECT_EQ(reply->answer[0].type, Type::kCname);
  EXPECT_EQ(reply->answer[1].owner.ToText(), "outside.example.");
  EXPECT_FALSE(reply->truncated);
}

TEST(Forward, ShowsABareAliasWithoutAForwarder) {
  World world{{"alias", R"({"host":"outside.example"})"}};
  ASSERT_TRUE(world.Serve());
  UdpClient client(world.address());
  const auto reply = client.Ask(Query("alias.prom.internal", Type::kA));
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->answer.size(), 1u);
  EXPECT_EQ(reply->answer[0].type, Type::kCname);
}

TEST(Forward, SendsAUdpClientToTcpWhereTheUpstreamTruncatedAnAlias) {
  const Upstream upstream([](const wire::Query& query, bool tcp) {
    return Reply(query, {.addresses = {{192, 0, 2, 1}}, .truncated = !tcp});
  });
  World world{{"alias", R"({"host":"outside.example"})"}};
  ASSERT_TRUE(world.Serve(ForwardTo({&upstream})));
  UdpClient udp(world.address());
  const auto part = udp.Ask(Query("alias.prom.internal", Type::kA));
  ASSERT_TRUE(part);
  EXPECT_TRUE(part->truncated);
  EXPECT_EQ(part->answer.size(), 2u);
  TcpClient tcp(world.address());
  const auto whole = tcp.Ask(Query("alias.prom.internal", Type::kA));
  ASSERT_TRUE(whole);
  EXPECT_FALSE(whole->truncated);
  EXPECT_EQ(whole->answer.size(), 2u);
}

TEST(Forward, AnswersAnAliasInTimeWhenNobodyReplies) {
  const Upstream silent([](const wire::Query&, bool) { return std::nullopt; });
  World world{{"mixed/a", R"({"host":"outside.example","port":80})"},
              {"mixed/b", R"({"host":"10.0.0.1","port":80})"}};
  Options options = ForwardTo({&silent});
  options.forward_timeout = milliseconds(300);
  ASSERT_TRUE(world.Serve(options));
  UdpClient client(world.address());
  const auto reply = client.Ask(Query("mixed.prom.internal", Type::kSrv));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->rcode, Rcode::kNoError);
  EXPECT_EQ(reply->answer.size(), 2u) << "a missing address is no missing target";
}

TEST(Forward, ShowsABareAliasWhenNobodyReplies) {
  const Upstream silent([](const wire::Query&, bool) { return std::nullopt; });
  World world{{"two/a", R"({"host":"one.example"})"}, {"two/b", R"({"host":"other.example"})"}};
  Options options = ForwardTo({&silent});
  options.forward_timeout = milliseconds(300);
  ASSERT_TRUE(world.Serve(options));
  UdpClient client(world.address());
  const auto reply = client.Ask(Query("two.prom.internal", Type::kA));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->rcode, Rcode::kNoError);
  ASSERT_EQ(reply->answer.size(), 1u) << "neither NODATA nor SERVFAIL";
  EXPECT_EQ(reply->answer[0].type, Type::kCname);
}

TEST(Forward, StopsInTimeWithQuestionsUnderWay) {
  const Upstream silent([](const wire::Query&, bool) { return std::nullopt; });
  World world;
  Options options = ForwardTo({&silent});
  options.forward_timeout = milliseconds(60'000);
  ASSERT_TRUE(world.Serve(options));
  UdpClient udp(world.address());
  TcpClient tcp(world.address());
  udp.Send(Query("a.example", Type::kA));
  tcp.Send(Query("b.example", Type::kA));
  while (world.server().counters().forwarded < 2) std::this_thread::yield();
  const auto start = std::chrono::steady_clock::now();
  world.server().Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(5'000))
      << "one, on an idle machine";
}

}  // namespace
}  // namespace rollcall::serving::dns
