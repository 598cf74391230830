#include <gtest/gtest.h>

#include <string>

#include "model/service.h"
#include "wire/name.h"

namespace rollcall::model {
namespace {

TEST(ClassifyHost, SeesWhatNetParseIpSees) {
  const struct {
    std::string host;
    HostKind kind;
  } rows[] = {
      {"", HostKind::kNone},
      {"example.org", HostKind::kName},
      {"127.0.0.1", HostKind::kIpv4},
      {"255.255.255.255", HostKind::kIpv4},
      {"0.0.0.0", HostKind::kIpv4},
      {"2000::3", HostKind::kIpv6},
      {"::1", HostKind::kIpv6},
      {"::", HostKind::kIpv6},
      {"1:2:3:4:5:6:7:8", HostKind::kIpv6},
      {"1:2:3:4:5:6:7::", HostKind::kIpv6},
      {"FE80::A", HostKind::kIpv6},
      {"::10.0.0.1", HostKind::kIpv6},       // IPv4-compatible
      {"::ffff:10.0.0.1", HostKind::kIpv4},  // IPv4-mapped
      {"::FFFF:0a00:1", HostKind::kIpv4},
      {"127.0.0.257", HostKind::kName},
      {"010.0.0.1", HostKind::kName},
      {"1.2.3", HostKind::kName},
      {"1.2.3.4.", HostKind::kName},
      {"1.2.3.4.5", HostKind::kName},
      {" 1.2.3.4", HostKind::kName},
      {"1.2.3.4 ", HostKind::kName},
      {std::string("1.2.3.4\0", 8), HostKind::kName},
      {"0x7f.0.0.1", HostKind::kName},
      {"2130706433", HostKind::kName},
      {"fe80::1%eth0", HostKind::kName},
      {"[::1]", HostKind::kName},
      {"1:2:3:4:5:6:7", HostKind::kName},
      {"1:2:3:4:5:6:7:8::", HostKind::kName},
      {"1::2::3", HostKind::kName},
      {"12345::", HostKind::kName},
      {"::010.0.0.1", HostKind::kName},
      {"1:2:3:4:5:6:1.2.3.4.5", HostKind::kName},
  };
  for (const auto& row : rows) {
    const auto got = ClassifyHost(row.host);
    ASSERT_TRUE(got) << row.host << ": " << got.error().message;
    EXPECT_EQ(got->kind, row.kind) << row.host;
    EXPECT_EQ(got->name.empty(), row.kind != HostKind::kName) << row.host;
  }
}

TEST(ClassifyHost, KeepsTheOctetsOfAnAddress) {
  const std::array<std::uint8_t, 16> mapped = {10, 0, 0, 1};
  EXPECT_EQ(ClassifyHost("::ffff:10.0.0.1")->address, mapped);
  EXPECT_EQ(ClassifyHost("10.0.0.1")->address, mapped);
  const std::array<std::uint8_t, 16> six = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0,
                                            0,    0,    0,    0,    0, 0, 0, 1};
  EXPECT_EQ(ClassifyHost("2001:db8::1")->address, six);
}

TEST(ClassifyHost, KeepsTheCaseOfAName) {
  EXPECT_EQ(ClassifyHost("A.Example.ORG")->name, std::string("\1A\7Example\3ORG\0", 15));
  EXPECT_EQ(ClassifyHost("a\\.b.c.")->name, std::string("\3a.b\1c\0", 7));
}

TEST(ClassifyHost, RefusesWhatCannotBeAName) {
  const std::string label(64, 'x');
  std::string name;
  for (int i = 0; i < 64; ++i) name += "abc.";
  for (const std::string& host : {std::string("2000..3"), std::string(".a"), label, name,
                                  std::string("a\\25"), std::string(".")}) {
    const auto got = ClassifyHost(host);
    ASSERT_FALSE(got) << host;
    EXPECT_EQ(got.error().flaw, Flaw::kHost);
    EXPECT_EQ(got.error().message.substr(0, 13), "member host: ");
  }
}

}  // namespace
}  // namespace rollcall::model
