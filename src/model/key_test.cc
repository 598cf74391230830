#include "model/key.h"

#include <gtest/gtest.h>

#include <string>

namespace rollcall::model {
namespace {

wire::Name NameFrom(const std::string& text) {
  return wire::Name::FromText(text).value();
}

TEST(NormalizePrefix, HasOneSlashInFrontOfEachComponent) {
  const struct {
    std::string prefix;
    std::string want;
  } rows[] = {{"skydns", "/skydns"},
              {"/skydns", "/skydns"},
              {"/skydns/", "/skydns"},
              {"//skydns", "/skydns"},
              {"", ""},
              {"/", ""},
              {"a//b/", "/a/b"}};
  for (const auto& row : rows) EXPECT_EQ(NormalizePrefix(row.prefix), row.want) << row.prefix;
}

TEST(KeyOf, ReversesTheLabels) {
  const struct {
    std::string prefix;
    std::string name;
    std::string want;
  } rows[] = {
      {"/mydns", "service.staging.skydns.local.", "/mydns/local/skydns/staging/service"},
      {"/skydns", "service.staging.skydns.local.", "/skydns/local/skydns/staging/service"},
      {"/skydns", ".", "/skydns"},
      {"/a/b", "x.zone.test.", "/a/b/test/zone/x"},
      {"", "x.zone.test.", "/test/zone/x"},
      {"/skydns", "A.Zone.TEST.", "/skydns/test/zone/a"},
      {"/skydns", "_http._tcp.test.", "/skydns/test/_tcp/_http"},
      {"/skydns", "*.test.", "/skydns/test/*"},
      {"/skydns", "a\\.b.test.", "/skydns/test/a\\.b"},
      {"/skydns", "a\\032b\\@\\;\\(\\)\\\"\\'\\\\.test.",
       "/skydns/test/a\\ b\\@\\;\\(\\)\\\"\\'\\\\"},
      {"/skydns", "\\195\\169\\001.test.", "/skydns/test/\\195\\169\\001"},
  };
  for (const auto& row : rows) {
    const auto got = KeyOf(row.prefix, NameFrom(row.name));
    ASSERT_TRUE(got) << row.name;
    EXPECT_EQ(*got, row.want);
  }
}

TEST(KeyOf, RefusesASlashInALabel) {
  const auto got = KeyOf("/skydns", NameFrom("t/one.skydns.test."));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kInvalid);
}

TEST(NameOf, StripsTheWholePrefix) {
  const struct {
    std::string prefix;
    std::string key;
    std::string want;
  } rows[] = {
      {"/skydns", "/skydns/local/cluster/staging/service", "service.staging.cluster.local."},
      {"/skydns", "/skydns/local/cluster/staging/service/", "service.staging.cluster.local."},
      {"/skydns", "/skydns/", "."},
      {"/a/b", "/a/b/test/zone/x", "x.zone.test."},  // CoreDNS: x.zone.test.b.
      {"", "/test/zone/x", "x.zone.test."},          // CoreDNS: x.zone.
      {"/skydns", "/skydns/test/up/Upper", "Upper.up.test."},
      {"/skydns", "/skydns/test/dotted/foo.bar", "foo.bar.dotted.test."},
      {"/skydns", "/skydns/test/a\\.b", "a\\.b.test."},
      {"/skydns", "/skydns/test/a\\046b", "a\\.b.test."},
      {"/skydns", "/skydns/test/a b", "a\\032b.test."},
      {"/skydns", "/skydns/test/caf\u00e9", "caf\\195\\169.test."},
  };
  for (const auto& row : rows) {
    const auto got = NameOf(row.prefix, row.key);
    ASSERT_TRUE(got) << row.key << ": " << got.error().message;
    EXPECT_EQ(got->view().wire(), NameFrom(row.want).view().wire()) << row.key;
  }
}

TEST(NameOf, RefusesWhatIsNoName) {
  std::string deep = "/skydns";
  for (int i = 0; i < 64; ++i) deep += "/abc";
  const struct {
    std::string key;
    std::string why;
  } rows[] = {
      {"/skydns/test//k", "an empty label"},
      {"/skydns/test/k//", "an empty label"},
      {"/skydns//", "an empty label"},
      {"/skydns/test/a..b", "an empty label"},
      {"/skydns/test/.a", "an empty label"},
      {"/skydns/test/a.", "an empty label"},
      {"/skydns/test/a\\", "a broken escape"},
      {"/skydns/test/a\\/b", "a broken escape"},
      {"/skydns/test/a\\25", "a broken escape"},
      {"/skydns/test/a\\256", "a broken escape"},
      {"/skydns/test/a\\2x5", "a broken escape"},
      {"/skydns/test/a\\047b", "a slash in a label"},
      {"/skydns/test/" + std::string(64, 'x'), "a label is over 63 octets"},
      {deep, "the name is over 255 octets"},
  };
  for (const auto& row : rows) {
    const auto got = NameOf("/skydns", row.key);
    ASSERT_FALSE(got) << row.key;
    EXPECT_EQ(got.error().flaw, Flaw::kKey);
    EXPECT_EQ(got.error().message, "key " + row.key + ": " + row.why);
  }
}

TEST(NameOf, UndoesKeyOf) {
  for (int octet = 0; octet < 256; ++octet) {
    if (octet == '/') continue;
    const std::string label = {'x', static_cast<char>(octet)};
    wire::Name name;
    ASSERT_TRUE(name.PrependLabel("test"));
    ASSERT_TRUE(name.PrependLabel(label));
    const auto key = KeyOf("/skydns", name);
    ASSERT_TRUE(key);
    const auto again = NameOf("/skydns", *key);
    ASSERT_TRUE(again) << *key;
    EXPECT_TRUE(again->view() == name.view()) << *key;
  }
}

}  // namespace
}  // namespace rollcall::model
