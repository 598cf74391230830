#include "wire/decode.h"

#include <gmock/gmock.h>

#include "wire/test_octets.h"

namespace rollcall::wire {
namespace {

using test::FromHex;
using test::N;
using test::Octets;
using testing::HasSubstr;

const std::string kQuestion = " 04 'node' 04 'prom' 00 0021 0001";

TEST(DecodeResponseTest, EveryTypeAsZoneText) {
  const struct {
    const char* hex;  // type, class, TTL, length, data
    const char* text;
  } cases[] = {
      {"0001 0001 0000000f 0004 c0000201", "A 192.0.2.1"},
      {"001c 0001 0000000f 0010 20010db8 00000000 00000000 00000001", "AAAA 2001:db8::1"},
      {"0005 0001 0000000f 0004 01 'b' c011", "CNAME b.prom."},
      {"0002 0001 0000000f 0002 c00c", "NS node.prom."},
      {"000c 0001 0000000f 0001 00", "PTR ."},
      {"000f 0001 0000000f 0004 000a c00c", "MX 10 node.prom."},
      {"0021 0001 0000000f 0011 000a 0064 238c 04 'node' 04 'prom' 00",
       "SRV 10 100 9100 node.prom."},
      {"0021 0001 0000000f 000a 000a 0064 238c 01 'a' c00c", "SRV 10 100 9100 a.node.prom."},
      {"0010 0001 0000000f 0006 02 'ab' 00 01 'c'", "TXT \"abc\""},
      {"0010 0001 0000000f 0001 00", "TXT \"\""},
      {"0010 0001 0000000f 0005 04 22 5c 00 ff", "TXT \"\\\"\\\\\\000\\255\""},
      {"0006 0001 0000000f 0018 c00c c011 00000001 00000002 00000003 00000004 00000005",
       "SOA node.prom. prom. 1 2 3 4 5"},
      {"ff00 0001 0000000f 0003 01 ab ff", "TYPE65280 \\# 3 01abff"},
      {"ff00 0001 0000000f 0000", "TYPE65280 \\# 0"},
      {"0027 0001 0000000f 0004 01 'x' c011", "TYPE39 \\# 8 01780470726f6d00"},
      {"0023 0001 0000000f 000a 0001 0002 01 'u' 00 00 c011",
       "TYPE35 \\# 14 00010002017500000470726f6d00"},
  };
  for (const auto& c : cases) {
    const auto response =
        DecodeResponse(FromHex("0007 8580 0001 0001 0000 0000" + kQuestion + "c00c" + c.hex));
    ASSERT_TRUE(response) << c.text << ": " << response.error().message;
    EXPECT_EQ(ToText(response->answer.at(0)), std::string("node.prom. 15 IN ") + c.text);
  }
}

TEST(DecodeResponseTest, HeaderQuestionAndEdns) {
  const auto response =
      DecodeResponse(FromHex("abcd 87b3 0001 0000 0000 0001" + kQuestion +
                             " 00 0029 04d0 01 00 8000 0009 000f 0002 0003 0003 ffff"));
  EXPECT_FALSE(response);
  const auto good =
      DecodeResponse(FromHex("abcd 87b0 0001 0000 0000 0001" + kQuestion +
                             " 00 0029 04d0 01 00 8000 000d 000f 0002 0003 0003 0003 'ns1'"));
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->id, 0xabcd);
  EXPECT_TRUE(good->is_response && good->authoritative && good->truncated);
  EXPECT_TRUE(good->recursion_desired && good->recursion_available);
  EXPECT_TRUE(good->authentic_data && good->checking_disabled);
  EXPECT_EQ(good->rcode, Rcode::kBadVers);
  EXPECT_EQ(good->questions.at(0).name, N("node.prom"));
  EXPECT_EQ(good->questions.at(0).type, Type::kSrv);
  EXPECT_TRUE(good->has_edns && good->edns_dnssec_ok && good->additional.empty());
  EXPECT_EQ(good->edns_udp_size, 1232);
  ASSERT_EQ(good->edns_options.size(), 2u);
  EXPECT_EQ(good->edns_options[1], std::pair(kOptionNsid, std::string("ns1")));
}

TEST(DecodeResponseTest, WhatIsWrongAndWhere) {
  const std::string header = "0007 8180 0001 0001 0000 0000" + kQuestion;
  const struct {
    std::string hex;
    const char* says;
  } cases[] = {
      {"", "octet 0: the message ends too early"},
      {"0007 8180 0001", "octet 6: the message ends too early"},
      {header, "ends within a name"},
      {header + "c00c 0001 0001 0000000f 0003 01020304", "of another length"},
      {header + "c00c 0001 0001 0000000f 0005 0102030405", "of another length"},
      {header + "c00c 0001 0001 0000000f 0005 01020304", "of another length"},
      {header + "c00c 0010 0001 0000000f 0000", "ends too early"},
      {header + "c00c 0010 0001 0000000f 0002 05 'a'", "ends too early"},
      {header + "c00c 0005 0001 0000000f 0003 c00c 00", "of another length"},
      {header + "c00c 0010 0003 0000000f 0001 00", "a class other than IN"},
      {header + "c01b 0001 0001 0000000f 0004 01020304", "does not lead back"},
      {header + "c0ff 0001 0001 0000000f 0004 01020304", "does not lead back"},
      {header + "80 0001 0001 0000000f 0004 01020304", "reserved kind"},
      {header + "c00c 0001 0001 0000000f 0004 01020304 ff", "octets behind the end"},
      {"0007 8180 0000 0000 0000 0002 00 0029 04d0 00 00 0000 0000 00 0029 04d0 00 00 0000 0000",
       "an OPT record too many"},
      {"0007 8180 0000 0000 0000 0001 01 'a' 00 0029 04d0 00 00 0000 0000", "an OPT record"},
  };
  for (const auto& c : cases) {
    const auto response = DecodeResponse(FromHex(c.hex));
    ASSERT_FALSE(response) << c.says;
    EXPECT_EQ(response.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(response.error().message, HasSubstr(c.says));
  }
}

TEST(DecodeResponseTest, RecordsOutliveTheMessageAndTheMove) {
  Octets message = FromHex("0007 8180 0001 0001 0000 0000" + kQuestion +
                           "c00c 0010 0001 0000000f 0004 03 'abc'");
  auto response = DecodeResponse(message);
  ASSERT_TRUE(response);
  message.assign(message.size(), 0);
  const Response moved = *std::move(response);
  const std::vector<Record> records = moved.answer;
  EXPECT_EQ(ToText(records.at(0)), "node.prom. 15 IN TXT \"abc\"");
}

// A pointer behind a pointer behind a pointer ends, and is bounded in length.
TEST(DecodeResponseTest, ChainsOfPointersEnd) {
  std::string hex = "0007 8180 0000 0080 0000 0000 01 'a' 00 0001 0001 00000000 0004 01020304";
  std::size_t at = 12;
  for (int i = 1; i < 128; ++i) {
    constexpr std::string_view kHex = "0123456789abcdef";
    hex += " 01 'a' c";
    for (const int shift : {8, 4, 0}) hex += kHex[at >> shift & 0xf];
    at = i == 1 ? 12 + 17 : at + 18;
    hex += " 0001 0001 00000000 0004 01020304";
  }
  const auto response = DecodeResponse(FromHex(hex));
  ASSERT_FALSE(response);  // the last name has 128 labels
  EXPECT_THAT(response.error().message, HasSubstr("longer than 255"));
}

TEST(DecodeResponseTest, EveryPrefixAndEveryChangedOctetIsSurvived) {
  const Octets good =
      FromHex("0007 8580 0001 0002 0001 0002" + kQuestion +
              "c00c 0021 0001 0000000f 000a 000a 0064 238c 01 'a' c00c"
              "c00c 0010 0001 0000000f 0004 03 'abc'"
              "c011 0006 0001 0000000f 0018 c00c c011 00000001 00000002 00000003 00000004 00000005"
              "c028 0001 0001 0000000f 0004 01020304"
              "00 0029 04d0 00 00 0000 0004 0003 0000");
  ASSERT_TRUE(DecodeResponse(good));
  for (std::size_t size = 0; size < good.size(); ++size) {
    const Octets cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(DecodeResponse(cut)) << size;
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (unsigned value = 0; value < 256; ++value) {
      Octets changed = good;
      changed[at] = static_cast<std::uint8_t>(value);
      const auto response = DecodeResponse(changed);
      if (!response) continue;
      for (const Record& record : response->answer) EXPECT_FALSE(ToText(record).empty());
    }
  }
}

}  // namespace
}  // namespace rollcall::wire
