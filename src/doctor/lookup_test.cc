// Lookups against nameservers on this host that say what a test has them say.

#include "doctor/lookup.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "doctor/dns_traps.h"
#include "wire/build_query.h"

namespace rollcall::doctor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Octets = std::vector<std::uint8_t>;

constexpr unsigned kTc = 0x0200;

// An answer: the question again, `records` of SRV with ports from 1 on, and flags.
Octets Answer(const Octets& query, unsigned rcode, unsigned records, unsigned flags = 0) {
  Octets reply(query.begin(), query.begin() + 12);
  const unsigned all = 0x8000 | 0x0400 | flags | rcode;
  reply[2] = static_cast<std::uint8_t>(all >> 8);
  reply[3] = static_cast<std::uint8_t>(all);
  std::fill(reply.begin() + 6, reply.end(), std::uint8_t{0});
  reply[7] = static_cast<std::uint8_t>(records);
  std::size_t end = 12;
  while (query[end] != 0) end += query[end] + std::size_t{1};
  reply.insert(reply.end(), query.begin() + 12, query.begin() + static_cast<long>(end) + 5);
  for (unsigned i = 1; i <= records; ++i) {
    const Octets record = {0xc0, 12,  0, 33, 0, 1, 0, 0, 0,
                           15,   0,   9, 0,  0, 0, 0, 0, static_cast<std::uint8_t>(i),
                           1,    'a', 0};
    reply.insert(reply.end(), record.begin(), record.end());
  }
  return reply;
}

struct Heard {
  std::string address;
  Transport transport;
  Octets query;
};

// Answers on 127.0.0.N, at one port by UDP and TCP; nothing: it stays silent.
class Servers {
 public:
  using Say = std::function<Octets(const Heard&)>;

  Servers(const std::vector<std::string>& addresses, Say say) : say_(std::move(say)) {
    for (const std::string& address : addresses) Bind(address);
    thread_ = std::jthread([this](const std::stop_token& stop) { Serve(stop); });
  }
  ~Servers() {
    thread_.request_stop();
    thread_.join();
    for (const Open& open : sockets_) ::close(open.descriptor);
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::vector<Heard> heard() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  struct Open {
    int descriptor;
    Transport transport;
    std::string address;
  };

  // UDP and TCP at the same port: the first pair that is free.
  void Bind(const std::string& address) {
    for (int attempt = 0; attempt < 100; ++attempt) {
      const int tcp = ::socket(AF_INET, SOCK_STREAM, 0);
      const int udp = ::socket(AF_INET, SOCK_DGRAM, 0);
      sockaddr_in at{};
      at.sin_family = AF_INET;
      at.sin_port = htons(port_);
      ::inet_pton(AF_INET, address.c_str(), &at.sin_addr);
      socklen_t size = sizeof at;
      auto* const place = reinterpret_cast<sockaddr*>(&at);
      const bool bound = ::bind(tcp, place, size) == 0 && ::getsockname(tcp, place, &size) == 0 &&
                         ::listen(tcp, 8) == 0 && ::bind(udp, place, size) == 0;
      if (bound) {
        port_ = ntohs(at.sin_port);
        sockets_.push_back({tcp, Transport::kTcp, address});
        sockets_.push_back({udp, Transport::kUdp, address});
        return;
      }
      ::close(tcp);
      ::close(udp);
    }
    ADD_FAILURE() << "no port";
  }

  void Serve(const std::stop_token& stop) {
    std::vector<pollfd> all;
    for (const Open& open : sockets_) all.push_back({open.descriptor, POLLIN, 0});
    while (!stop.stop_requested()) {
      if (::poll(all.data(), all.size(), 20) <= 0) continue;
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].revents != 0) One(sockets_[i]);
      }
    }
  }

  Octets Reply(const Open& open, Octets query) {
    const Heard heard{open.address, open.transport, std::move(query)};
    const std::lock_guard lock(mutex_);
    heard_.push_back(heard);
    return say_(heard);
  }

  void One(const Open& open) {
    Octets room(4096);
    if (open.transport == Transport::kUdp) {
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t got = ::recvfrom(open.descriptor, room.data(), room.size(), 0,
                                     reinterpret_cast<sockaddr*>(&from), &size);
      room.resize(static_cast<std::size_t>(got));
      const Octets reply = Reply(open, room);
      if (reply.empty()) return;
      ::sendto(open.descriptor, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from),
               size);
      return;
    }
    const int peer = ::accept(open.descriptor, nullptr, nullptr);
    const ssize_t got = ::recv(peer, room.data(), room.size(), 0);
    if (got > 2) {
      Octets reply = Reply(open, Octets(room.begin() + 2, room.begin() + got));
      const std::uint8_t length[] = {static_cast<std::uint8_t>(reply.size() >> 8),
                                     static_cast<std::uint8_t>(reply.size())};
      reply.insert(reply.begin(), length, length + 2);
      ::send(peer, reply.data(), reply.size(), MSG_NOSIGNAL);
    }
    ::close(peer);
  }

  Say say_;
  std::uint16_t port_ = 0;
  std::vector<Open> sockets_;
  std::mutex mutex_;
  std::vector<Heard> heard_;
  std::jthread thread_;
};

std::string NameIn(const Octets& query) {
  std::string name;
  for (std::size_t at = 12; query[at] != 0; at += query[at] + std::size_t{1}) {
    name.append(query.begin() + static_cast<long>(at) + 1,
                query.begin() + static_cast<long>(at) + 1 + query[at]);
    name += '.';
  }
  return name;
}

const ResolvConf kTwo{.servers = {"127.0.0.1", "127.0.0.2"}};

TEST(Lookup, TheQuestionIsPrometheussOctetForOctet) {
  Servers servers({"127.0.0.1"}, [](const Heard& heard) { return Answer(heard.query, 0, 2); });
  const Lookup lookup =
      LookUp({.servers = {"127.0.0.1"}}, "n.example", wire::Type::kSrv, servers.port());
  ASSERT_EQ(lookup.end, Lookup::End::kAnswer);
  EXPECT_THAT(TargetsOf(*lookup.asked.back().response, 0), ElementsAre("a:1", "a:2"));
  Octets query = servers.heard()[0].query;
  query[0] = query[1] = 0;  // the id
  const Octets want = {0,   0,   1,   0, 0, 1,  0, 0, 0, 0, 0,  1,    1, 'n', 7, 'e', 'x', 'a', 'm',
                       'p', 'l', 'e', 0, 0, 33, 0, 1, 0, 0, 41, 0x10, 0, 0,   0, 0,   0,   0,   0};
  EXPECT_EQ(query, want);
}

TEST(Lookup, ATruncatedAnswerIsAskedForByTcpWithoutEdnsAndWhatFollowsByTcp) {
  Servers servers({"127.0.0.1", "127.0.0.2"}, [](const Heard& heard) {
    if (heard.transport == Transport::kUdp) return Answer(heard.query, 0, 0, kTc);
    return Answer(heard.query, heard.address == "127.0.0.1" ? 2 : 0,
                  heard.address == "127.0.0.1" ? 0 : 1);
  });
  const Lookup lookup = LookUp(kTwo, "n.example.", wire::Type::kSrv, servers.port());
  ASSERT_EQ(lookup.end, Lookup::End::kAnswer);
  const auto heard = servers.heard();
  ASSERT_EQ(heard.size(), 3u);
  EXPECT_EQ(heard[0].transport, Transport::kUdp);
  EXPECT_EQ(heard[1].transport, Transport::kTcp);
  EXPECT_EQ(heard[1].query[11], 0) << "without EDNS";
  EXPECT_EQ(heard[2].address, "127.0.0.2");
  EXPECT_EQ(heard[2].transport, Transport::kTcp);
  EXPECT_EQ(heard[2].query[11], 1) << "with EDNS again";
}

struct Said {
  const char* what;
  std::vector<std::pair<unsigned, unsigned>> of;  // rcode and records of each server
  unsigned flags;
  Lookup::End end;
  std::size_t asked;
};

TEST(Lookup, TheFirstUsableAnswerCounts) {
  for (const Said& said : {
           Said{"data", {{0, 1}, {3, 0}}, 0, Lookup::End::kAnswer, 1},
           Said{"no data", {{0, 0}, {0, 1}}, 0, Lookup::End::kAnswer, 1},
           Said{"no name", {{3, 0}, {0, 1}}, 0, Lookup::End::kNoName, 1},
           Said{"failed, then no name", {{2, 0}, {3, 0}}, 0, Lookup::End::kNoName, 2},
           Said{"refused, then data", {{5, 0}, {0, 1}}, 0, Lookup::End::kAnswer, 2},
           Said{"failed by both", {{2, 0}, {5, 0}}, 0, Lookup::End::kFailed, 2},
           Said{"truncated by TCP too", {{0, 1}, {0, 1}}, kTc, Lookup::End::kFailed, 2},
       }) {
    Servers servers({"127.0.0.1", "127.0.0.2"}, [&](const Heard& heard) {
      const auto& [rcode, records] = said.of[heard.address == "127.0.0.1" ? 0 : 1];
      return Answer(heard.query, rcode, records, said.flags);
    });
    const Lookup lookup = LookUp(kTwo, "n.example.", wire::Type::kSrv, servers.port());
    EXPECT_EQ(lookup.end, said.end) << said.what;
    EXPECT_EQ(lookup.asked.size(), said.asked) << said.what;
  }
}

TEST(Lookup, TheSearchListEndsAtTheFirstThatExists) {
  const ResolvConf conf{.servers = {"127.0.0.1"}, .search = {"x", "y", "z"}};
  Servers servers({"127.0.0.1"}, [&](const Heard& heard) {
    return Answer(heard.query, NameIn(heard.query) == "n.y." ? 0 : 3, 0);
  });
  const Lookup lookup = LookUp(conf, "n", wire::Type::kSrv, servers.port());
  EXPECT_EQ(lookup.end, Lookup::End::kAnswer) << "though it is empty";
  EXPECT_EQ(lookup.asked.back().name, "n.y.");
  Servers broken({"127.0.0.1"}, [&](const Heard& heard) {
    return Answer(heard.query, NameIn(heard.query) == "n.y." ? 2 : 3, 0);
  });
  EXPECT_EQ(LookUp(conf, "n", wire::Type::kSrv, broken.port()).end, Lookup::End::kFailed)
      << "one that failed may have had it";
}

TEST(Lookup, AnAnswerToAnotherQuestionIsPassedOver) {
  Servers servers({"127.0.0.1"}, [](const Heard& heard) {
    Octets reply = Answer(heard.query, 0, 1);
    reply[0] ^= 1;
    return heard.transport == Transport::kUdp ? reply : Octets();
  });
  Transport transport = Transport::kUdp;
  const Asked asked = Ask({"127.0.0.1", servers.port()}, "n.", wire::Type::kSrv, transport);
  EXPECT_TRUE(asked.silent);
}

TEST(Lookup, NobodyThereAndNoAddressFail) {
  Transport transport = Transport::kTcp;
  EXPECT_NE(Ask({"127.0.0.1", 1}, "n.", wire::Type::kSrv, transport).error, "");
  EXPECT_NE(Ask({"localhost", 1}, "n.", wire::Type::kSrv, transport).error, "");
  EXPECT_EQ(LookUp({}, "n.", wire::Type::kSrv, 53).end, Lookup::End::kFailed);
}

std::vector<std::string> Traps(const DnsFacts& facts) {
  Check check;
  JudgeDns(facts, check);
  std::vector<std::string> traps;
  for (const Finding& finding : check.findings) {
    if (finding.severity != Severity::kSuccess) traps.emplace_back(finding.trap);
  }
  return traps;
}

Asked Made(unsigned rcode, unsigned records, std::size_t octets = 100) {
  wire::Question question;
  question.name = *wire::Name::FromText("n.internal.");
  question.type = wire::Type::kSrv;
  const auto query = wire::BuildQuery(question, {});
  Asked asked{.server = "192.0.2.1", .name = "n.internal.", .octets = octets};
  asked.response = *wire::DecodeResponse(Answer(query, rcode, records));
  return asked;
}

DnsFacts Facts(Lookup::End end, Asked asked) {
  DnsFacts facts{.name = "n.internal", .type = "SRV", .conf = {.servers = {"192.0.2.1"}}};
  facts.each = {asked};
  if (asked.HasData()) facts.found = TargetsOf(*asked.response, 0);
  facts.targets = {facts.found};
  facts.lookup = {.end = end, .asked = {std::move(asked)}};
  return facts;
}

TEST(DnsTraps, EachIsToldAndNoOther) {
  using End = Lookup::End;
  EXPECT_THAT(Traps(Facts(End::kAnswer, Made(0, 3))), IsEmpty());
  EXPECT_THAT(Traps(Facts(End::kAnswer, Made(0, 0))), ElementsAre("no_targets"));
  EXPECT_THAT(Traps(Facts(End::kNoName, Made(3, 0))), ElementsAre("no_name"));
  EXPECT_THAT(Traps(Facts(End::kFailed, Made(2, 0))), ElementsAre("lookup_failed"));
  EXPECT_THAT(Traps(Facts(End::kFailed, Made(5, 0))), ElementsAre("lookup_failed", "refused"));
  EXPECT_THAT(Traps(Facts(End::kAnswer, Made(0, 3, 52428))), ElementsAre("near_64k"));

  DnsFacts facts = Facts(End::kAnswer, Made(0, 90));
  EXPECT_THAT(Traps(facts), IsEmpty()) << "rollcall itself";
  facts.lookup.asked[0].response->authoritative = false;
  EXPECT_THAT(Traps(facts), ElementsAre("record_limit"));
  for (wire::Record& record : facts.lookup.asked[0].response->answer) record.ttl = 61;
  EXPECT_THAT(Traps(facts), UnorderedElementsAre("record_limit", "long_ttl"));

  facts = Facts(End::kFailed, Made(2, 0));
  facts.shard = Made(0, 0);
  EXPECT_THAT(Traps(facts), ElementsAre("lookup_failed", "record_limit"));
  facts.shard = Made(2, 0);
  facts.unchecked = Made(0, 1);
  EXPECT_THAT(Traps(facts), ElementsAre("lookup_failed", "validating_resolver"));

  facts = Facts(End::kFailed, Made(0, 0));
  facts.lookup.asked[0].transport = Transport::kTcp;
  facts.lookup.asked[0].response->truncated = true;
  facts.lookup.asked[0].error = "truncated by TCP too";
  EXPECT_THAT(Traps(facts), ElementsAre("lookup_failed", "over_64k"));

  facts = Facts(End::kNoName, Made(3, 0));
  facts.proven = Made(3, 0);
  facts.proven->response->authentic_data = true;
  EXPECT_THAT(Traps(facts), ElementsAre("no_name", "validating_resolver"));
  facts.name = "n.example";
  EXPECT_THAT(Traps(facts), ElementsAre("no_name")) << "a signed zone of one's own";

  facts = Facts(End::kAnswer, Made(0, 3));
  facts.name = "n.LOCAL.";
  facts.lookup.asked[0].name = "n.LOCAL.";
  EXPECT_THAT(Traps(facts), ElementsAre("local"));
  facts.name = "nlocal";
  EXPECT_THAT(Traps(facts), ElementsAre("search_list"));

  facts = Facts(End::kAnswer, Made(0, 3));
  facts.without_address = {"a"};
  EXPECT_THAT(Traps(facts), ElementsAre("no_address"));
}

TEST(DnsTraps, AForeignNameserverIsOneThatDeniesOrIsNotHeard) {
  DnsFacts facts = Facts(Lookup::End::kAnswer, Made(0, 3));
  facts.each.push_back(Made(3, 0));
  facts.targets.emplace_back();
  EXPECT_THAT(Traps(facts), ElementsAre("foreign_nameserver"));
  facts.each[1] = Made(2, 0);
  EXPECT_THAT(Traps(facts), IsEmpty()) << "one that fails does no harm";
  facts.each[1] = Made(0, 2);
  facts.targets[1] = {"a:1", "a:2"};
  EXPECT_THAT(Traps(facts), ElementsAre("nameservers_differ"));
  facts.each[1] = {.server = "192.0.2.2", .error = "no answer within 2 s", .silent = true};
  facts.targets[1].clear();
  EXPECT_THAT(Traps(facts), ElementsAre("dead_nameserver"));

  facts = Facts(Lookup::End::kNoName, Made(3, 0));
  facts.each.push_back(Made(0, 3));
  facts.targets.push_back({"a:1"});
  EXPECT_THAT(Traps(facts), ElementsAre("no_name", "foreign_nameserver"));
}

TEST(DnsTraps, OfResolvConf) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"192.0.2.1", "::1", "fe80::1%eth0"}, ""},
      {{}, "no_nameserver"},
      {{"ns.example"}, "no_address"},
  };
  for (const auto& [servers, trap] : cases) {
    Check check;
    JudgeResolvConf({.servers = servers}, check);
    ASSERT_EQ(check.findings.size(), 1u);
    EXPECT_EQ(check.findings[0].trap, trap);
  }
}

}  // namespace
}  // namespace rollcall::doctor
