#include "serving/dns/address.h"

#include <gtest/gtest.h>

namespace rollcall::serving::dns {
namespace {

TEST(ParseAddress, ReadsLiteralsAndWritesThemBack) {
  for (const char* text :
       {"127.0.0.1:5300", "0.0.0.0:53", "[::1]:5300", "[::]:0", "[fd00::1]:65535"}) {
    const auto address = ParseAddress(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(ToText(*address), text);
    const auto socket_address = ToSocketAddress(*address);
    ASSERT_TRUE(socket_address);
    EXPECT_EQ(FromSocketAddress(socket_address->get()), *address);
  }
}

TEST(ParseAddress, SaysWhatIsWrong) {
  struct Case {
    const char* text;
    const char* says;
  };
  for (const auto& [text, says] :
       {Case{"127.0.0.1", "no port"}, Case{":53", "no host"}, Case{"", "no port"},
        Case{"::1:53", "brackets"}, Case{"[::1:53", "without its ]"},
        Case{"[127.0.0.1]:53", "IPv6"}, Case{"127.0.0.1:65536", "65535"},
        Case{"127.0.0.1:", "65535"}, Case{"127.0.0.1:53x", "65535"}, Case{"127.0.0.1:-1", "65535"},
        Case{"localhost:53", "not an IPv4"}, Case{"127.1:53", "not an IPv4"},
        Case{"[::g]:53", "not an IPv4"}, Case{"[]:53", "IPv6"}}) {
    const auto address = ParseAddress(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code, ErrorCode::kInvalid);
    EXPECT_NE(address.error().message.find(says), std::string::npos) << address.error().message;
  }
}

TEST(IsLocal, TellsNearSourcesFromFarOnes) {
  struct Case {
    const char* host;
    bool local;
  };
  for (const auto& [host, local] : {Case{"127.0.0.1", true},
                                    Case{"127.255.255.254", true},
                                    Case{"10.1.2.3", true},
                                    Case{"172.16.0.1", true},
                                    Case{"172.31.255.255", true},
                                    Case{"172.32.0.1", false},
                                    Case{"172.15.255.255", false},
                                    Case{"192.168.7.7", true},
                                    Case{"192.169.0.1", false},
                                    Case{"169.254.1.1", true},
                                    Case{"100.64.0.1", true},
                                    Case{"100.127.255.255", true},
                                    Case{"100.128.0.1", false},
                                    Case{"100.63.255.255", false},
                                    Case{"8.8.8.8", false},
                                    Case{"11.0.0.1", false},
                                    Case{"0.0.0.0", false},
                                    Case{"224.0.0.1", false},
                                    Case{"::1", true},
                                    Case{"fd12::1", true},
                                    Case{"fc00::1", true},
                                    Case{"fe80::1", true},
                                    Case{"febf::1", true},
                                    Case{"fec0::1", false},
                                    Case{"2001:db8::1", false},
                                    Case{"::ffff:10.0.0.1", true},
                                    Case{"::ffff:8.8.8.8", false},
                                    Case{"::", false}}) {
    const auto address = ToSocketAddress({host, 53});
    ASSERT_TRUE(address) << host;
    EXPECT_EQ(IsLocal(address->get()), local) << host;
  }
}

}  // namespace
}  // namespace rollcall::serving::dns
