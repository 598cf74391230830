#include "wire/query.h"

#include <gmock/gmock.h>

#include "wire/build_query.h"
#include "wire/test_octets.h"

namespace rollcall::wire {
namespace {

using test::FromHex;
using test::N;
using test::Octets;

// one.skydns.test. A IN
const std::string kAsked = " 03 'one' 06 'skydns' 04 'test' 00 0001 0001";
const std::string kOpt = " 00 0029 04d0 00 00 0000 0000";
const std::string kTsig = " 03 'key' 00 00fa 00ff 00000000 0004 01020304";

struct Case {
  const char* name;
  std::string hex;
  Rcode verdict;
  bool has_question = true;
  bool has_edns = false;
};

TEST(ParseQueryTest, Verdicts) {
  const Case cases[] = {
      {"plain", "0007 0100 0001 0000 0000 0000" + kAsked, Rcode::kNoError},
      {"with OPT", "0007 0100 0001 0000 0000 0001" + kAsked + kOpt, Rcode::kNoError, true, true},
      {"OPT and TSIG", "0007 0100 0001 0000 0000 0002" + kAsked + kOpt + kTsig, Rcode::kNoError,
       true, true},
      {"TSIG and OPT", "0007 0100 0001 0000 0000 0002" + kAsked + kTsig + kOpt, Rcode::kNoError,
       true, true},
      {"trailing octets", "0007 0100 0001 0000 0000 0000" + kAsked + "ff", Rcode::kNoError},
      {"class CHAOS", "0007 0100 0001 0000 0000 0000 07 'version' 04 'bind' 00 0010 0003",
       Rcode::kNoError},
      {"root name", "0007 0100 0001 0000 0000 0000 00 0002 0001", Rcode::kNoError},
      {"IXFR with its SOA",
       "0007 0000 0001 0000 0001 0000 04 'test' 00 00fb 0001"
       " c00c 0006 0001 00000000 0016 00 00 00000001 00000002 00000003 00000004 00000005",
       Rcode::kNoError},
      {"EDNS version 1", "0007 0100 0001 0000 0000 0001" + kAsked + "00 0029 04d0 00 01 0000 0000",
       Rcode::kBadVers, true, true},
      {"EDNS version 1 with data of its own",
       "0007 0100 0001 0000 0000 0001" + kAsked + "00 0029 04d0 00 01 0000 0001 ff",
       Rcode::kBadVers, true, true},

      {"no question", "0007 0100 0000 0000 0000 0000", Rcode::kFormErr, false},
      {"two questions", "0007 0100 0002 0000 0000 0000" + kAsked + kAsked, Rcode::kFormErr, false},
      {"answers announced", "0007 0100 0001 0002 0000 0000" + kAsked, Rcode::kFormErr, false},
      {"an answer",
       "0007 0100 0001 0001 0000 0000" + kAsked + "c00c 0001 0001 00000005 0004 0a000001",
       Rcode::kFormErr, false},
      {"an authority record",
       "0007 0100 0001 0000 0001 0000" + kAsked + "c00c 0001 0001 00000005 0004 0a000001",
       Rcode::kFormErr, false},
      {"three additional records", "0007 0100 0001 0000 0000 0003" + kAsked + kOpt + kTsig + kTsig,
       Rcode::kFormErr, false},
      {"two OPTs", "0007 0100 0001 0000 0000 0002" + kAsked + kOpt + kOpt, Rcode::kFormErr, false},
      {"OPT below the root",
       "0007 0100 0001 0000 0000 0001" + kAsked + "01 'a' 00 0029 04d0 00 00 0000 0000",
       Rcode::kFormErr, false},
      {"OPT missing", "0007 0100 0001 0000 0000 0001" + kAsked, Rcode::kFormErr, false},
      {"option longer than the OPT",
       "0007 0100 0001 0000 0000 0001" + kAsked + "00 0029 04d0 00 00 0000 0005 0003 0002 00 00",
       Rcode::kFormErr, false},
      {"OPT longer than the message",
       "0007 0100 0001 0000 0000 0001" + kAsked + "00 0029 04d0 00 00 0000 0004 0003 00",
       Rcode::kFormErr, false},
      {"cut within the name", "0007 0100 0001 0000 0000 0000 03 'one' 06 'sk'", Rcode::kFormErr,
       false},
      {"cut behind the name", "0007 0100 0001 0000 0000 0000 03 'one' 00 0001", Rcode::kFormErr,
       false},
      {"pointer to itself", "0007 0100 0001 0000 0000 0000 c00c 0001 0001", Rcode::kFormErr, false},
      {"pointer into the header", "0007 0100 0001 0000 0000 0000 c004 0001 0001", Rcode::kFormErr,
       false},
      {"reserved label kind", "0007 0100 0001 0000 0000 0000 41 03 'a' 00 0001 0001",
       Rcode::kFormErr, false},

      {"NOTIFY", "0007 2400 0001 0000 0000 0000" + kAsked, Rcode::kNotImp},
      {"STATUS with OPT", "0007 1000 0001 0000 0000 0001" + kAsked + kOpt, Rcode::kNotImp, true,
       true},
      {"UPDATE",
       "0007 2800 0001 0000 0001 0001" + kAsked + "c00c 0001 0001 00000005 0004 0a000001" + kOpt,
       Rcode::kNotImp, true, true},
      {"UPDATE cut in its records", "0007 2800 0001 0000 0001 0001" + kAsked + "c00c",
       Rcode::kNotImp},
      {"unknown opcode without a question", "0007 7800 0000 0000 0000 0000", Rcode::kNotImp, false},
      {"NOTIFY cut in its question", "0007 2400 0001 0000 0000 0000 03 'one'", Rcode::kNotImp,
       false},
  };
  for (const Case& c : cases) {
    Query query;
    ASSERT_TRUE(ParseQuery(FromHex(c.hex), query)) << c.name;
    EXPECT_EQ(ToText(query.verdict), ToText(c.verdict)) << c.name;
    EXPECT_EQ(query.has_question, c.has_question) << c.name;
    EXPECT_EQ(query.edns.present, c.has_edns) << c.name;
    EXPECT_EQ(query.id, 7) << c.name;
  }
}

TEST(ParseQueryTest, NoReplyToAResponseOrAFragment) {
  Query query;
  EXPECT_FALSE(ParseQuery(FromHex("0007 8100 0001 0000 0000 0000" + kAsked), query));
  EXPECT_FALSE(ParseQuery(FromHex("0007 0100"), query));
  EXPECT_FALSE(ParseQuery(FromHex("0007 0100 0001 0000 0000 00"), query));
  EXPECT_FALSE(ParseQuery({}, query));
}

TEST(ParseQueryTest, NothingOfTheLastQueryIsLeft) {
  Query query;
  Question question{N("old.name"), Type::kTxt, Class::kChaos};
  const Octets old = BuildQuery(
      question,
      {.checking_disabled = true, .edns_udp_size = 4096, .dnssec_ok = true, .wants_nsid = true});
  ASSERT_TRUE(ParseQuery(old, query));
  EXPECT_TRUE(query.edns.dnssec_ok && query.edns.wants_nsid && query.checking_disabled);
  ASSERT_TRUE(ParseQuery(FromHex("0007 0000 0000 0000 0000 0000"), query));
  EXPECT_EQ(query.verdict, Rcode::kFormErr);
  EXPECT_TRUE(query.question.name.view().IsRoot());
  EXPECT_FALSE(query.has_question || query.recursion_desired || query.checking_disabled);
  EXPECT_FALSE(query.edns.present || query.edns.dnssec_ok || query.edns.wants_nsid);
}

TEST(ParseQueryTest, BuiltQueriesAreReadBack) {
  for (const bool flag : {false, true}) {
    const Question question{N("NoDe.prom.internal"), Type::kSrv, Class::kIn};
    const Octets message = BuildQuery(question, {.id = 0xabcd,
                                                 .recursion_desired = flag,
                                                 .checking_disabled = !flag,
                                                 .edns_udp_size = 4096,
                                                 .dnssec_ok = flag,
                                                 .wants_nsid = !flag});
    Query query;
    ASSERT_TRUE(ParseQuery(message, query));
    EXPECT_EQ(query.verdict, Rcode::kNoError);
    EXPECT_EQ(query.id, 0xabcd);
    EXPECT_EQ(query.question.name.view().wire(), question.name.view().wire());
    EXPECT_EQ(query.question.type, Type::kSrv);
    EXPECT_EQ(query.recursion_desired, flag);
    EXPECT_EQ(query.checking_disabled, !flag);
    EXPECT_EQ(query.edns.udp_size, 4096);
    EXPECT_EQ(query.edns.dnssec_ok, flag);
    EXPECT_EQ(query.edns.wants_nsid, !flag);
  }
}

TEST(ParseQueryTest, WhatStockPrometheusSends) {
  const Question question{N("node.prom.local"), Type::kSrv, Class::kIn};
  EXPECT_EQ(BuildQuery(question, {.id = 1, .edns_udp_size = 4096}),
            FromHex("0001 0100 0001 0000 0000 0001 04 'node' 04 'prom' 05 'local' 00 0021 0001"
                    " 00 0029 1000 00 00 0000 0000"));
}

// Every cut and every changed octet gives some verdict; the sanitizers watch that
// nothing outside is touched.
TEST(ParseQueryTest, EveryPrefixAndEveryChangedOctetIsSurvived) {
  const Octets good = FromHex("0007 0100 0001 0000 0000 0002" + kAsked +
                              "00 0029 04d0 00 00 8000 0004 0003 0000" + kTsig);
  Query query;
  ASSERT_TRUE(ParseQuery(good, query));
  ASSERT_EQ(query.verdict, Rcode::kNoError);
  for (std::size_t size = 0; size < good.size(); ++size) {
    const Octets cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(ParseQuery(cut, query), size >= kHeaderSize);
    if (size >= kHeaderSize) {
      EXPECT_EQ(query.verdict, Rcode::kFormErr) << size;
    }
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (unsigned value = 0; value < 256; ++value) {
      Octets changed = good;
      changed[at] = static_cast<std::uint8_t>(value);
      if (!ParseQuery(changed, query)) continue;
      EXPECT_TRUE(query.has_question || query.verdict != Rcode::kNoError);
      EXPECT_LE(query.question.name.view().LabelCount(), kMaxLabels);
    }
  }
}

}  // namespace
}  // namespace rollcall::wire
