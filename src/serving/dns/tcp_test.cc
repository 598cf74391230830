// TCP as a client sees it, over loopback.
#include <gtest/gtest.h>

#include "serving/dns/testing/loopback.h"

namespace rollcall::serving::dns {
namespace {

using testing::Bytes;
using testing::Query;
using testing::TcpClient;
using testing::World;
using wire::Rcode;
using wire::Type;

const std::pair<std::string, std::string> kNode{"node/a", R"({"host":"10.0.0.1","port":9100})"};

TEST(Tcp, AnswersManyQuestionsOnOneConnection) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  TcpClient client(world.address());
  for (std::uint16_t id = 0; id < 100; ++id) {
    const auto reply = client.Ask(Query("node.prom.internal", Type::kSrv, {.id = id}));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->id, id);
    EXPECT_EQ(reply->answer.size(), 1u);
  }
  const Counters counters = world.server().counters();
  EXPECT_EQ(counters.tcp_queries, 100u);
  EXPECT_EQ(counters.tcp_connections, 1u);
  EXPECT_EQ(counters.tcp_types[TypeIndex(Type::kSrv)], 100u);
}

TEST(Tcp, AnswersPipelinedQuestionsHoweverTheyAreCut) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  TcpClient client(world.address());
  Bytes all;
  for (std::uint16_t id = 0; id < 500; ++id) {
    const Bytes framed = TcpClient::Frame(Query("node.prom.internal", Type::kSrv, {.id = id}));
    all.insert(all.end(), framed.begin(), framed.end());
  }
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t size = std::min(all.size() - at, at % 997 + 1);
    ASSERT_TRUE(client.SendRaw({all.begin() + static_cast<std::ptrdiff_t>(at),
                                all.begin() + static_cast<std::ptrdiff_t>(at + size)}));
    at += size;
  }
  for (std::uint16_t id = 0; id < 500; ++id) {
    const auto reply = wire::DecodeResponse(client.Receive());
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->id, id) << "what the view answers needs no reordering";
  }
}

TEST(Tcp, SendsTheWholeOfALargeAnswer) {
  World world;
  world.Fill("node", 1'000);
  ASSERT_TRUE(world.Serve());
  TcpClient client(world.address());
  for (int i = 0; i < 3; ++i) {
    client.Send(Query("node.prom.internal", Type::kSrv));
    const Bytes bytes = client.Receive();
    EXPECT_GT(bytes.size(), 50'000u);
    const auto reply = wire::DecodeResponse(bytes);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_FALSE(reply->truncated);
    EXPECT_EQ(reply->answer.size(), 1'000u);
  }
}

TEST(Tcp, SetsTcWhereEven64KiBDoNotDo) {
  World world;
  world.Fill("node", 2'000);
  ASSERT_TRUE(world.Serve());
  TcpClient client(world.address());
  const auto reply = client.Ask(Query("node.prom.internal", Type::kSrv));
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->truncated);
}

TEST(Tcp, ClosesAnIdleConnectionButNotABusyOne) {
  World world{kNode};
  Options options;
  options.tcp_idle = std::chrono::milliseconds(1'000);  // a busy machine stalls us for less
  ASSERT_TRUE(world.Serve(options));
  TcpClient silent(world.address());
  TcpClient asked(world.address());
  TcpClient busy(world.address());
  const Bytes question = Query("node.prom.internal", Type::kSrv);
  EXPECT_TRUE(asked.Ask(question));
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(2'500);
  while (std::chrono::steady_clock::now() < end) {
    ASSERT_TRUE(busy.Ask(question)) << "longer than the limit, but never idle";
  }
  EXPECT_TRUE(silent.WaitForClose());
  EXPECT_TRUE(asked.WaitForClose());
}

TEST(Tcp, GivesUpAPeerThatDribbles) {
  World world{kNode};
  Options options;
  options.tcp_idle = std::chrono::milliseconds(200);
  ASSERT_TRUE(world.Serve(options));
  TcpClient client(world.address());
  const Bytes framed = TcpClient::Frame(Query("node.prom.internal", Type::kSrv));
  bool closed = false;
  for (std::size_t i = 0; i + 1 < framed.size() && !closed; ++i) {
    closed = !client.SendRaw({framed[i]}) || client.WaitForClose(30);
  }
  EXPECT_TRUE(closed) << "single octets are no questions";
}

TEST(Tcp, ClosesWhoAnnouncesMoreThanAQuestion) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  TcpClient client(world.address());
  client.SendRaw({0xFF, 0xFF, 0, 0});
  EXPECT_TRUE(client.WaitForClose());
}

TEST(Tcp, AnswersBeforeClosingWhenThePeerHasClosedItsSide) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  TcpClient client(world.address());
  ASSERT_TRUE(client.Send(Query("node.prom.internal", Type::kSrv)));
  shutdown(client.fd(), SHUT_WR);
  EXPECT_FALSE(client.Receive().empty());
  EXPECT_TRUE(client.WaitForClose());
}

TEST(Tcp, AnswersAllThatWasPipelinedBeforeThePeerClosedItsSide) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  TcpClient client(world.address());
  Bytes all;
  for (std::uint16_t id = 0; id < 300; ++id) {
    const Bytes framed = TcpClient::Frame(Query("node.prom.internal", Type::kSrv, {.id = id}));
    all.insert(all.end(), framed.begin(), framed.end());
  }
  ASSERT_TRUE(client.SendRaw(all));
  shutdown(client.fd(), SHUT_WR);
  for (int id = 0; id < 300; ++id) ASSERT_FALSE(client.Receive().empty()) << id;
  EXPECT_TRUE(client.WaitForClose());
}

TEST(Tcp, StopsReadingFromAPeerThatDoesNotReadItsAnswers) {
  World world;
  world.Fill("node", 1'000);
  ASSERT_TRUE(world.Serve());
  TcpClient client(world.address(), 4'096);
  const Bytes framed = TcpClient::Frame(Query("node.prom.internal", Type::kSrv));
  constexpr int kAsked = 5'000;
  int sent = 0;
  while (sent < kAsked &&
         send(client.fd(), framed.data(), framed.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
             static_cast<ssize_t>(framed.size())) {
    ++sent;
  }
  TcpClient other(world.address());
  ASSERT_TRUE(other.Ask(Query("a.node.prom.internal", Type::kA))) << "others are served meanwhile";
  const std::uint64_t answered = world.server().counters().tcp_queries;
  EXPECT_LT(answered, 500u) << "of " << sent << " asked: the rest waits in the kernel";
  // It reads after all, and gets on where it stopped.
  for (int i = 0; i < 200; ++i) ASSERT_FALSE(client.Receive().empty()) << i;
}

TEST(Tcp, GivesUpTheConnectionIdleForLongestWhenThereAreTooMany) {
  World world{kNode};
  Options options;
  options.tcp_connections = 3;
  ASSERT_TRUE(world.Serve(options));
  const Bytes question = Query("node.prom.internal", Type::kSrv);
  TcpClient first(world.address());
  TcpClient second(world.address());
  TcpClient third(world.address());
  for (TcpClient* client : {&first, &second, &third, &first}) ASSERT_TRUE(client->Ask(question));
  TcpClient fourth(world.address());
  EXPECT_TRUE(fourth.Ask(question));
  EXPECT_TRUE(second.WaitForClose());
  EXPECT_TRUE(first.Ask(question));
  EXPECT_TRUE(third.Ask(question));
}

TEST(Tcp, KeepsItsAnswersApartFromMalformedOnes) {
  World world{kNode};
  ASSERT_TRUE(world.Serve());
  TcpClient client(world.address());
  ASSERT_TRUE(client.SendRaw({0, 0}));                                       // nothing: no reply
  ASSERT_TRUE(client.SendRaw({0, 3, 1, 2, 3}));                              // a stump: no reply
  ASSERT_TRUE(client.SendRaw({0, 12, 7, 7, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0}));  // QDCOUNT 9
  EXPECT_EQ(wire::DecodeResponse(client.Receive())->rcode, Rcode::kFormErr);
  EXPECT_EQ(client.Ask(Query("node.prom.internal", Type::kSrv))->rcode, Rcode::kNoError);
}

}  // namespace
}  // namespace rollcall::serving::dns
