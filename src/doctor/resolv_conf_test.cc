#include "doctor/resolv_conf.h"

#include <gmock/gmock.h>

namespace rollcall::doctor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ResolvConf, IsReadAsGoReadsIt) {
  const ResolvConf conf = ParseResolvConf(
      "# a comment\n"
      "nameserver 192.0.2.1 and more\n"
      "  nameserver\t2001:db8::1\r\n"
      "nameserver\n"
      "nameserver 192.0.2.3\nnameserver 192.0.2.4\n"
      "domain old.example\n"
      "search a.example b.example.\n"
      "options timeout:1 ndots:2 rotate\n"
      ";nameserver 192.0.2.9\nnameserverx 192.0.2.9");
  EXPECT_THAT(conf.servers, ElementsAre("192.0.2.1", "2001:db8::1", "192.0.2.3", "192.0.2.4"));
  EXPECT_THAT(conf.search, ElementsAre("a.example", "b.example."));
  EXPECT_EQ(conf.ndots, 2u);
}

TEST(ResolvConf, TheLastSearchOrDomainCounts) {
  EXPECT_THAT(ParseResolvConf("search a b\ndomain c d\n").search, ElementsAre("c"));
  EXPECT_THAT(ParseResolvConf("domain c\nsearch a b").search, ElementsAre("a", "b"));
  EXPECT_THAT(ParseResolvConf("search a\nsearch\n").search, IsEmpty());
  EXPECT_THAT(ParseResolvConf("search a\ndomain\n").search, IsEmpty());
}

TEST(ResolvConf, NoNameserverIsNotThisHost) {
  EXPECT_THAT(ParseResolvConf("").servers, IsEmpty());
}

TEST(ResolvConf, NdotsIsFrom0To15) {
  const std::pair<const char*, unsigned> cases[] = {
      {"", 1},
      {"options ndots:0", 0},
      {"options ndots:15", 15},
      {"options ndots:16", 15},
      {"options ndots:-1", 0},
      {"options ndots:x", 0},
      {"options ndots:", 0},
      {"options Ndots:3", 1},
      {"options ndots:+3", 3},
      {"options ndots:99999999999", 15},
      {"options ndots:99999999999999999999", 15},
  };
  for (const auto& [text, ndots] : cases) EXPECT_EQ(ParseResolvConf(text).ndots, ndots) << text;
}

struct Names {
  const char* name;
  unsigned ndots;
  std::vector<std::string> search;
  std::vector<std::string> list;
};

// miekg/dns, clientconfig.go, NameList.
TEST(NameList, FollowsGosRules) {
  const std::vector<std::string> ab = {"a.example", "b."};
  for (const Names& names : {
           Names{"node.prom.internal", 1, {}, {"node.prom.internal."}},
           Names{"node.prom.internal.", 1, ab, {"node.prom.internal."}},
           Names{"node.prom.internal",
                 1,
                 ab,
                 {"node.prom.internal.", "node.prom.internal.a.example.", "node.prom.internal.b."}},
           // Labels are counted, not dots: two are more than one.
           Names{"node.prom", 1, {"x"}, {"node.prom.", "node.prom.x."}},
           Names{"node", 1, {"x"}, {"node.x.", "node."}},
           Names{"node", 0, {"x"}, {"node.", "node.x."}},
           Names{"node.prom.internal", 3, {"x"}, {"node.prom.internal.x.", "node.prom.internal."}},
           Names{"node.prom.internal", 2, {"x"}, {"node.prom.internal.", "node.prom.internal.x."}},
           Names{"a\\.b", 1, {"x"}, {"a\\.b.x.", "a\\.b."}},
           // A dot that is escaped does not end the name.
           Names{"a\\.", 1, {}, {"a\\.."}},
           Names{"a\\\\.", 1, {"x"}, {"a\\\\."}},
       }) {
    const ResolvConf conf{.servers = {}, .search = names.search, .ndots = names.ndots};
    EXPECT_EQ(NameList(conf, names.name), names.list) << names.name << " ndots:" << names.ndots;
  }
}

}  // namespace
}  // namespace rollcall::doctor
