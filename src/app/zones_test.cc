#include "app/zones.h"

#include <gmock/gmock.h>

namespace rollcall::app {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> Names(std::string_view text) {
  const auto zones = ParseZone(text);
  if (!zones) return {zones.error().message};
  std::vector<std::string> names;
  for (const wire::Name& name : *zones) names.push_back(name.ToText());
  return names;
}

struct Case {
  const char* text;
  std::vector<std::string> zones;
};

TEST(Zones, NetworksAreTheReverseZonesThatCoverThem) {
  for (const Case& c : {
           Case{"prom.internal", {"prom.internal."}},
           Case{"Prom.Internal.", {"prom.internal."}},
           Case{".", {"."}},
           Case{"10.0.0.0/8", {"10.in-addr.arpa."}},
           Case{"10.1.0.0/16", {"1.10.in-addr.arpa."}},
           Case{"192.0.2.0/24", {"2.0.192.in-addr.arpa."}},
           Case{"192.0.2.1/32", {"1.2.0.192.in-addr.arpa."}},
           Case{"10.2.0.0/15", {"2.10.in-addr.arpa.", "3.10.in-addr.arpa."}},
           Case{"192.0.2.8/31", {"8.2.0.192.in-addr.arpa.", "9.2.0.192.in-addr.arpa."}},
           Case{"0.0.0.0/0", {"in-addr.arpa."}},
           Case{"2001:db8::/32", {"8.b.d.0.1.0.0.2.ip6.arpa."}},
           Case{"2001:db8::/31", {"8.b.d.0.1.0.0.2.ip6.arpa.", "9.b.d.0.1.0.0.2.ip6.arpa."}},
           Case{"::/0", {"ip6.arpa."}},
       }) {
    EXPECT_EQ(Names(c.text), c.zones) << c.text;
  }
}

TEST(Zones, ANetworkThatEndsWithinAnOctetIsSplitAtTheNext) {
  EXPECT_EQ(Names("10.16.0.0/12").size(), 16U);
  EXPECT_EQ(Names("10.16.0.0/12").front(), "16.10.in-addr.arpa.");
  EXPECT_EQ(Names("10.16.0.0/12").back(), "31.10.in-addr.arpa.");
  EXPECT_EQ(Names("192.0.2.0/25").size(), 128U);
  EXPECT_EQ(Names("128.0.0.0/1").size(), 128U);
  EXPECT_EQ(Names("128.0.0.0/1").back(), "255.in-addr.arpa.");
}

TEST(Zones, ANetworkWithBitsSetBehindItsLengthIsRefusedAndTheOneMeantNamed) {
  struct Meant {
    const char* text;
    const char* network;
  };
  for (const Meant& c : {
           Meant{"10.0.0.1/8", "10.0.0.0/8"},
           Meant{"192.0.2.77/24", "192.0.2.0/24"},
           Meant{"10.3.0.0/15", "10.2.0.0/15"},
           Meant{"192.0.2.9/31", "192.0.2.8/31"},
           Meant{"128.0.0.0/0", "0.0.0.0/0"},
           Meant{"2001:db8::1/32", "2001:db8::/32"},
           Meant{"2001:db9::/31", "2001:db8::/31"},
           Meant{"::1/127", "::/127"},
       }) {
    const auto zones = ParseZone(c.text);
    ASSERT_FALSE(zones) << c.text;
    EXPECT_EQ(zones.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(zones.error().message, HasSubstr(std::string(c.network) + " was probably meant"));
  }
}

TEST(Zones, WhatIsNeitherNameNorNetworkIsRefused) {
  for (const char* bad : {"", "a..b", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/8x",
                          "10.0.0/8", "::/129", "prom/24", "10.0.0.0/-1"}) {
    const auto zones = ParseZone(bad);
    ASSERT_FALSE(zones) << bad;
    EXPECT_EQ(zones.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace rollcall::app
