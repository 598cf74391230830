#include "store/store.h"

#include <gtest/gtest.h>

namespace rollcall::store {
namespace {

using namespace std::string_literals;

TEST(KeyRange, PrefixRaisesTheLastOctetThatCanBeRaised) {
  struct Case {
    std::string prefix;
    KeyRange range;
  };
  const Case cases[] = {
      {"/skydns/", {"/skydns/", "/skydns0"}},
      {"a", {"a", "b"}},
      {"a\xff", {"a\xff", "b"}},
      {"\x7f", {"\x7f", "\x80"}},
      {"\xff\xff", {"\xff\xff", "\0"s}},
      {"a\0"s, {"a\0"s, "a\x01"}},
      {"", {"\0"s, "\0"s}},
  };
  for (const Case& c : cases) EXPECT_EQ(KeyRange::Prefix(c.prefix), c.range) << c.prefix;
}

TEST(KeyRange, ContainsWhatItSays) {
  struct Case {
    KeyRange range;
    std::string key;
    bool contained;
  };
  const Case cases[] = {
      {KeyRange::Single("a"), "a", true},
      {KeyRange::Single("a"), "a/b", false},
      {KeyRange::Prefix("/a/"), "/a/", true},
      {KeyRange::Prefix("/a/"), "/a/\xff\xff", true},
      {KeyRange::Prefix("/a/"), "/a", false},
      {KeyRange::Prefix("/a/"), "/a0", false},
      {KeyRange::Prefix("\xff"), "\xff\xff", true},
      {KeyRange::Prefix("\xff"), "\xfe", false},
      {KeyRange::Prefix(""), "\0"s, true},
      {KeyRange::Prefix(""), "\xff", true},
      {{"a", "c"}, "b", true},
      {{"a", "c"}, "c", false},
      {{"b", "\0"s}, "a", false},
      {{"b", "\0"s}, "c", true},
      {{"c", "a"}, "b", false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(c.range.Contains(c.key), c.contained)
        << "[" << c.range.begin << ", " << c.range.end << ") and " << c.key;
  }
}

TEST(Compare, NamedConditions) {
  EXPECT_EQ(Compare::Missing("k").relation, Compare::Relation::kEqual);
  EXPECT_EQ(Compare::Missing("k").target, Compare::Target::kVersion);
  EXPECT_EQ(Compare::Missing("k").number, 0);
  EXPECT_EQ(Compare::Exists("k").relation, Compare::Relation::kGreater);
  const Compare unchanged = Compare::Unchanged({.key = "k", .value = "v", .mod_revision = 7});
  EXPECT_EQ(unchanged.key, "k");
  EXPECT_EQ(unchanged.target, Compare::Target::kModRevision);
  EXPECT_EQ(unchanged.number, 7);
}

}  // namespace
}  // namespace rollcall::store
