#include "wire/encode.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <string>

#include "wire/build_query.h"
#include "wire/decode.h"
#include "wire/test_octets.h"

namespace rollcall::wire {
namespace {

using test::FromHex;
using test::N;
using test::Octets;

Query Ask(std::string_view name, Type type, const QueryOptions& options = {.id = 7}) {
  Query query;
  EXPECT_TRUE(ParseQuery(BuildQuery({N(name), type, Class::kIn}, options), query));
  return query;
}

Octets Encode(const Query& query, const Reply& reply, const Limits& limits) {
  Octets out(kMaxMessageSize, 0xee);
  out.resize(EncodeReply(query, reply, limits, out));
  return out;
}

Response Decode(const Octets& message) {
  auto response = DecodeResponse(message);
  EXPECT_TRUE(response) << (response ? "" : response.error().message);
  return response.value();
}

// A name with `count` instances: SRV, and A and AAAA for each target.
struct Instances {
  explicit Instances(std::size_t count, std::string_view owner = "node.prom.internal") {
    const NameView at = names.emplace_back(N(owner));
    for (std::size_t i = 0; i < count; ++i) {
      Name target = N("node.prom.internal");
      EXPECT_TRUE(target.PrependLabel("server" + std::to_string(i)));
      const NameView name = names.emplace_back(target);
      answer.push_back({at, Type::kSrv, 15, Srv{10, 100, 9100, name}});
      additional.push_back({name, Type::kA, 15, A{{10, 0, 0, 1}}});
      additional.push_back({name, Type::kA, 15, A{{10, 0, 0, 2}}});
      additional.push_back({name, Type::kAaaa, 15, Aaaa{}});
    }
  }
  [[nodiscard]] Reply reply() const {
    Reply reply;
    reply.authoritative = true;
    reply.answer = answer;
    reply.additional = additional;
    return reply;
  }
  std::deque<Name> names;
  std::vector<Record> answer;
  std::vector<Record> additional;
};

TEST(EncodeReplyTest, ASmallReplyOctetForOctet) {
  const Query query = Ask("Node.prom", Type::kSrv, {.id = 0x1234, .edns_udp_size = 4096});
  const Name target = N("a.Node.prom");
  const Record answer[] = {{query.question.name, Type::kSrv, 15, Srv{10, 100, 9100, target}}};
  const Record additional[] = {{target, Type::kA, 15, A{{192, 168, 1, 1}}}};
  Reply reply;
  reply.authoritative = true;
  reply.answer = answer;
  reply.additional = additional;
  EXPECT_EQ(Encode(query, reply, {1232, 1232}),
            FromHex("1234 8500 0001 0001 0000 0002"
                    " 04 'Node' 04 'prom' 00 0021 0001"
                    " c00c 0021 0001 0000000f 0013 000a 0064 238c 01 'a' 04 'Node' 04 'prom' 00"
                    " c02d 0001 0001 0000000f 0004 c0a80101"  // into the target above
                    " 00 0029 04d0 00 00 0000 0000"));
}

TEST(EncodeReplyTest, ANegativeReplyOctetForOctet) {
  const Query query = Ask("x.prom", Type::kA);
  const Name zone = N("prom");
  const Name mname = N("ns.dns.prom");
  const Name rname = N("hostmaster.prom");
  const Record authority[] = {{zone, Type::kSoa, 5, Soa{mname, rname, 1, 2, 3, 4, 5}}};
  Reply reply;
  reply.rcode = Rcode::kNxDomain;
  reply.authoritative = true;
  reply.authority = authority;
  EXPECT_EQ(Encode(query, reply, {}),
            FromHex("0007 8503 0001 0000 0001 0000 01 'x' 04 'prom' 00 0001 0001"
                    " c00e 0006 0001 00000005 002a 02 'ns' 03 'dns' c00e 0a 'hostmaster' c00e"
                    " 00000001 00000002 00000003 00000004 00000005"));
}

TEST(EncodeReplyTest, HeaderBitsAreCopiedOrSaid) {
  Query query = Ask("a", Type::kA, {.id = 1, .checking_disabled = true});
  Reply reply;
  reply.rcode = Rcode::kRefused;
  reply.recursion_available = true;
  reply.truncated = true;
  EXPECT_EQ(Encode(query, reply, {}), FromHex("0001 8395 0001 0000 0000 0000 01 'a' 00 0001 0001"));
  query.recursion_desired = query.checking_disabled = false;
  query.opcode = Opcode::kNotify;
  EXPECT_EQ(Encode(query, {Rcode::kNotImp}, {}),
            FromHex("0001 a004 0001 0000 0000 0000 01 'a' 00 0001 0001"));
}

TEST(EncodeReplyTest, AQueryThatCannotBeReadGetsAHeader) {
  Query query;
  ASSERT_TRUE(ParseQuery(FromHex("0007 0100 0001 0000 0000 0000 c00c 0001 0001"), query));
  EXPECT_EQ(Encode(query, {query.verdict}, {}), FromHex("0007 8101 0000 0000 0000 0000"));
}

TEST(EncodeReplyTest, OptExactlyIfOneCame) {
  Reply reply;
  reply.extended_error = ExtendedError{kStaleAnswer};
  reply.nsid = "ns1";
  const std::string question = " 01 'a' 00 0001 0001";
  EXPECT_EQ(Encode(Ask("a", Type::kA), reply, {}),
            FromHex("0007 8100 0001 0000 0000 0000" + question));
  EXPECT_EQ(Encode(Ask("a", Type::kA, {.id = 7, .edns_udp_size = 100}), reply, {512, 1400}),
            FromHex("0007 8100 0001 0000 0000 0001" + question +
                    "00 0029 0578 00 00 0000 0006 000f 0002 0003"));
  EXPECT_EQ(Encode(Ask("a", Type::kA,
                       {.id = 7, .edns_udp_size = 4096, .dnssec_ok = true, .wants_nsid = true}),
                   reply, {}),
            FromHex("0007 8100 0001 0000 0000 0001" + question +
                    "00 0029 04d0 00 00 8000 000d 000f 0002 0003 0003 0003 'ns1'"));
}

TEST(EncodeReplyTest, NoZBitIsEchoed) {
  Query query;
  ASSERT_TRUE(ParseQuery(FromHex("0007 0100 0001 0000 0000 0001 01 'a' 00 0001 0001"
                                 " 00 0029 04d0 00 00 ca5a 0000"),
                         query));
  const Octets reply = Encode(query, {}, {});
  EXPECT_EQ(Octets(reply.end() - 4, reply.end()), FromHex("8000 0000"));
}

TEST(EncodeReplyTest, HighRcodesNeedAnOpt) {
  EXPECT_EQ(Decode(Encode(Ask("a", Type::kA, {.edns_udp_size = 512}), {Rcode::kBadVers}, {})).rcode,
            Rcode::kBadVers);
  EXPECT_EQ(Decode(Encode(Ask("a", Type::kA), {Rcode::kBadVers}, {})).rcode, Rcode::kServFail);
}

TEST(EncodeReplyTest, AnNsidThatLeavesNoRoomIsLeftOut) {
  const std::string nsid(500, 'n');
  Reply reply;
  reply.nsid = nsid;
  const Query query = Ask("a", Type::kA, {.edns_udp_size = 512, .wants_nsid = true});
  EXPECT_TRUE(Decode(Encode(query, reply, {512, 1232})).edns_options.empty());
  EXPECT_EQ(Decode(Encode(query, reply, {1232, 1232})).edns_options.size(), 1u);
}

TEST(EncodeReplyTest, TextIsCutIntoStringsWithoutAnEmptyTail) {
  const struct {
    std::size_t size;
    std::vector<unsigned> strings;
  } cases[] = {{0, {0}},        {1, {1}},          {254, {254}},        {255, {255}},
               {256, {255, 1}}, {510, {255, 255}}, {511, {255, 255, 1}}};
  for (const auto& c : cases) {
    const std::string text(c.size, 't');
    const Query query = Ask("a", Type::kTxt);
    const Record answer[] = {{query.question.name, Type::kTxt, 15, Txt{text}}};
    Reply reply;
    reply.answer = answer;
    const Octets message = Encode(query, reply, {4096, 1232});
    std::vector<unsigned> strings;
    for (std::size_t at = 12 + 7 + 12; at < message.size(); at += 1 + message[at]) {
      strings.push_back(message[at]);
    }
    EXPECT_EQ(strings, c.strings) << c.size;
    EXPECT_EQ(Decode(message).answer.at(0), answer[0]);
  }
}

TEST(EncodeReplyTest, ATtlGoesOutWithAll32Bits) {
  const Query query = Ask("a", Type::kA);
  const Record answer[] = {{query.question.name, Type::kA, 0xffffffff, A{{1, 2, 3, 4}}}};
  Reply reply;
  reply.answer = answer;
  EXPECT_EQ(Decode(Encode(query, reply, {})).answer.at(0).ttl, 0xffffffff);
}

// Cases differ between the question and the stored names; each keeps its own.
TEST(EncodeReplyTest, EachNameKeepsItsCase) {
  const Query query = Ask("NODE.prom.Internal", Type::kSrv);
  const Instances instances(3, "NODE.prom.Internal");
  const Response response = Decode(Encode(query, instances.reply(), {1232, 1232}));
  EXPECT_EQ(ToText(response.answer.at(2)),
            "NODE.prom.Internal. 15 IN SRV 10 100 9100 server2.node.prom.internal.");
  EXPECT_EQ(ToText(response.additional.at(0)), "server0.node.prom.internal. 15 IN A 10.0.0.1");
}

TEST(EncodeReplyTest, NamesOfOldTypesAreCompressedOthersNever) {
  const Query query = Ask("prom", Type::kAny);
  const Name name = query.question.name;
  const auto size = [&](Type type, const Rdata& rdata) {
    const Record answer[] = {{name, type, 15, rdata}};
    Reply reply;
    reply.answer = answer;
    return Encode(query, reply, {}).size() - (12 + 6 + 4) - 12;
  };
  EXPECT_EQ(size(Type::kCname, NameData{name}), 2u);
  EXPECT_EQ(size(Type::kNs, NameData{name}), 2u);
  EXPECT_EQ(size(Type::kPtr, NameData{name}), 2u);
  EXPECT_EQ(size(Type::kMx, Mx{10, name}), 4u);
  EXPECT_EQ(size(Type::kSoa, Soa{name, name, 1, 2, 3, 4, 5}), 24u);
  EXPECT_EQ(size(Type::kSrv, Srv{1, 2, 3, name}), 12u);
  EXPECT_EQ(size(static_cast<Type>(39), NameData{name}), 6u);  // DNAME (RFC 6672)
}

TEST(EncodeReplyTest, OwnersPointIntoEarlierTargets) {
  const Query query = Ask("node.prom.internal", Type::kSrv);
  const Instances instances(100);
  const Octets message = Encode(query, instances.reply(), {kMaxMessageSize, 1232});
  std::size_t expected = 12 + query.question.name.view().size() + 4;
  for (const Record& record : instances.answer) {
    expected += 12 + 6 + std::get<Srv>(record.rdata).target.size();
  }
  expected += 100 * (16 + 16 + 28);
  EXPECT_EQ(message.size(), expected);
}

// Names behind the reach of a pointer (0x3fff) are written out, and read back.
TEST(EncodeReplyTest, NamesFarBehindAreStillRight) {
  const Query query = Ask("node.prom.internal", Type::kSrv);
  const Instances instances(500);
  const Response response = Decode(Encode(query, instances.reply(), {kMaxMessageSize, 1232}));
  EXPECT_FALSE(response.truncated);
  EXPECT_EQ(response.answer, instances.answer);
  EXPECT_EQ(response.additional,
            std::vector<Record>(instances.additional.begin(), instances.additional.begin() + 1500));
}

TEST(EncodeReplyTest, AdditionalsAreWholeRrsetsDroppedWithoutTc) {
  const Query query = Ask("node.prom.internal", Type::kSrv, {.edns_udp_size = 1232});
  const Instances instances(5);
  const std::size_t whole = Encode(query, instances.reply(), {kMaxMessageSize, 1232}).size();
  for (std::size_t max_size = 512; max_size <= whole; ++max_size) {
    const Octets message = Encode(query, instances.reply(), {max_size, 1232});
    ASSERT_LE(message.size(), max_size);
    const Response response = Decode(message);
    EXPECT_FALSE(response.truncated);
    EXPECT_EQ(response.answer, instances.answer);
    std::size_t a = 0;
    for (const Record& record : response.additional) a += record.type == Type::kA;
    EXPECT_EQ(a % 2, 0u) << max_size;
    // The smallest RRset missing would be an AAAA.
    if (response.additional.size() < instances.additional.size()) {
      EXPECT_GT(message.size() + 32, max_size);
    }
  }
}

TEST(EncodeReplyTest, ASmallRrsetFitsBehindOneThatDoesNot) {
  const Query query = Ask("a", Type::kA);
  const Name big = N("big");
  const Name small = N("small");
  std::vector<Record> additional(40, {big, Type::kA, 15, A{}});
  additional.push_back({small, Type::kA, 15, A{}});
  Reply reply;
  reply.additional = additional;
  const Response response = Decode(Encode(query, reply, {512, 1232}));
  EXPECT_FALSE(response.truncated);
  ASSERT_EQ(response.additional.size(), 1u);
  EXPECT_EQ(response.additional[0].owner, small);
}

// A budget for each size from the least to all that is needed.
TEST(EncodeReplyTest, EveryBudgetGivesAPrefixAndTcExactlyIfCut) {
  for (const bool edns : {false, true}) {
    QueryOptions options{.id = 7};
    if (edns) options.edns_udp_size = 1232;
    const Query query = Ask("node.prom.internal", Type::kSrv, options);
    const Instances instances(40);
    const Name zone = N("prom.internal");
    const std::vector<Record> authority = {{zone, Type::kNs, 15, NameData{zone}}};
    Reply reply = instances.reply();
    reply.authority = authority;
    const std::size_t whole = Encode(query, reply, {kMaxMessageSize, 1232}).size();
    std::size_t last = 0;
    for (std::size_t max_size = kMinUdpSize; max_size <= whole; ++max_size) {
      const Octets message = Encode(query, reply, {max_size, 1232});
      ASSERT_LE(message.size(), max_size);
      const Response response = Decode(message);
      ASSERT_EQ(response.has_edns, edns);
      ASSERT_GE(response.answer.size(), last);
      last = response.answer.size();
      ASSERT_EQ(response.answer,
                std::vector<Record>(instances.answer.begin(),
                                    instances.answer.begin() + static_cast<std::ptrdiff_t>(last)));
      const bool complete = last == reply.answer.size() && response.authority == authority;
      ASSERT_EQ(response.truncated, !complete) << max_size;
      if (!complete) {
        ASSERT_TRUE(response.authority.empty() && response.additional.empty());
      }
      // No more would have fitted: the largest SRV here takes 47 octets.
      if (last < reply.answer.size()) {
        ASSERT_GT(message.size() + 47, max_size);
      }
    }
    EXPECT_EQ(Decode(Encode(query, reply, {whole, 1232})).additional, instances.additional);
    EXPECT_TRUE(Decode(Encode(query, reply, {whole - 1, 1232})).additional.size() <
                instances.additional.size());
  }
}

TEST(EncodeReplyTest, AnAuthorityThatDoesNotFitSetsTcAndGoes) {
  const Query query = Ask("node.prom.internal", Type::kSrv);
  const Instances instances(5);
  const Name zone = N("prom.internal");
  const std::string label(63, 'x');
  const Name long_name = N(label + '.' + label + '.' + label);
  const std::vector<Record> authority = {{zone, Type::kNs, 15, NameData{zone}},
                                         {zone, Type::kNs, 15, NameData{long_name}},
                                         {zone, Type::kTxt, 15, Txt{label}}};
  Reply reply = instances.reply();
  reply.authority = authority;
  const Response response = Decode(Encode(query, reply, {512, 1232}));
  EXPECT_TRUE(response.truncated);
  EXPECT_EQ(response.answer, instances.answer);
  EXPECT_TRUE(response.authority.empty());
  EXPECT_TRUE(response.additional.empty());
}

// After a record that was taken back, nothing may point to where it stood.
TEST(EncodeReplyTest, OverflowTakesTheCompressionTableBackToo) {
  const Query query = Ask("a", Type::kA);
  const std::string label(63, 'x');
  const Name gone = N("gone." + label);
  const Name big = N("deep." + label + ".gone." + label);
  std::vector<Record> additional = {{big, Type::kTxt, 15, Txt{}}};
  const std::string filler(400, 'f');
  std::get<Txt>(additional[0].rdata).text = filler;
  additional.push_back({gone, Type::kA, 15, A{}});
  additional.push_back({big, Type::kA, 15, A{}});
  Reply reply;
  reply.additional = additional;
  const Response response = Decode(Encode(query, reply, {512, 1232}));
  ASSERT_EQ(response.additional.size(), 2u);
  EXPECT_EQ(response.additional[0], additional[1]);
  EXPECT_EQ(response.additional[1], additional[2]);
}

TEST(EncodeReplyTest, SixtyFourKibibytesAreUsedToTheEnd) {
  const Query query = Ask("node.prom.internal", Type::kSrv);
  const Instances instances(3000);
  const Octets message = Encode(query, instances.reply(), {kMaxMessageSize + 1, 1232});
  EXPECT_LE(message.size(), kMaxMessageSize);
  EXPECT_GT(message.size(), kMaxMessageSize - 50);
  const Response response = Decode(message);
  EXPECT_TRUE(response.truncated);
  EXPECT_GT(response.answer.size(), 1300u);
}

TEST(EncodeReplyTest, TheBufferBindsAsTheLimitDoes) {
  const Query query = Ask("node.prom.internal", Type::kSrv);
  const Instances instances(100);
  std::vector<std::uint8_t> out(600, 0xee);
  const std::size_t size =
      EncodeReply(query, instances.reply(), {4096, 1232}, std::span(out).first(560));
  EXPECT_LE(size, 560u);
  EXPECT_EQ(Octets(out.begin() + 560, out.end()), Octets(40, 0xee));
}

// As deep and as long as names get, so that every suffix is one of 127.
TEST(EncodeReplyTest, TheDeepestNamesAreCompressed) {
  std::string text;
  for (int i = 0; i < 127; ++i) text += "a.";
  const Query query = Ask(text, Type::kCname);
  const Name parent(query.question.name.view().Parent());
  const Record answer[] = {{query.question.name, Type::kCname, 15, NameData{parent}},
                           {parent, Type::kA, 15, A{}}};
  Reply reply;
  reply.answer = answer;
  const Response response = Decode(Encode(query, reply, {}));
  ASSERT_EQ(response.answer.size(), 2u);
  EXPECT_EQ(response.answer[0], answer[0]);
  EXPECT_EQ(response.answer[1], answer[1]);
}

// Of the reply to `name` at so many octets: the serial, read where SerialAt() says; none, if it
// says that there is none.
std::optional<std::uint32_t> SerialIn(std::string_view name, const Reply& reply,
                                      std::size_t max_size, const QueryOptions& options) {
  const Query query = Ask(name, Type::kSoa, options);
  const Octets message = Encode(query, reply, {max_size, 1232});
  const std::size_t at = SerialAt(query, reply, message);
  if (at == 0) return std::nullopt;
  return message.at(at) << 24 | message.at(at + 1) << 16 | message.at(at + 2) << 8 |
         message.at(at + 3);
}

TEST(EncodeReplyTest, TellsWhereTheSerialOfAnSoaLies) {
  const Name zone = N("prom.internal");
  const Record soa[] = {{zone, Type::kSoa, 5, Soa{zone, zone, 0x12345678, 1, 2, 3, 4}}};
  for (const bool asked : {true, false}) {
    Reply reply;
    (asked ? reply.answer : reply.authority) = soa;
    for (const QueryOptions& options :
         {QueryOptions{}, QueryOptions{.edns_udp_size = 1232, .dnssec_ok = true}}) {
      EXPECT_EQ(SerialIn("a.prom.internal", reply, 512, options), 0x12345678U);
      reply.extended_error = ExtendedError{kStaleAnswer};
      EXPECT_EQ(SerialIn("a.prom.internal", reply, 512, options), 0x12345678U);
    }
  }
  EXPECT_EQ(SerialIn("a.prom.internal", {}, 512, {}), std::nullopt);
}

// Names are compressed where their case is the same, so that this one is written twice.
TEST(EncodeReplyTest, AnSoaThatDidNotFitHasNoSerial) {
  std::string name = "test";
  for (int i = 0; i < 4; ++i) name.insert(0, std::string(55, 'l') + ".");
  const Name zone = N(name);
  const Record soa[] = {{zone, Type::kSoa, 5, Soa{zone, zone, 1, 1, 2, 3, 4}}};
  std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c == 'l' ? 'L' : c; });
  name.replace(name.size() - 4, 4, "TEST");
  for (const bool asked : {true, false}) {
    Reply reply;
    (asked ? reply.answer : reply.authority) = soa;
    EXPECT_EQ(SerialIn(name, reply, 512, {.edns_udp_size = 512}), std::nullopt);
    EXPECT_EQ(SerialIn(name, reply, 1232, {.edns_udp_size = 1232}), 1U);
  }
}

}  // namespace
}  // namespace rollcall::wire
