#include "wire/name.h"

#include <gmock/gmock.h>

#include "wire/test_octets.h"

namespace rollcall::wire {
namespace {

using test::N;
using testing::HasSubstr;

std::string Repeat(std::string_view part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

TEST(NameTest, TextGoesThereAndBack) {
  const struct {
    std::string_view text;
    std::string_view wire;
    std::string_view canonical;
  } cases[] = {
      {".", std::string_view("\0", 1), "."},
      {"a", std::string_view("\1a\0", 3), "a."},
      {"a.", std::string_view("\1a\0", 3), "a."},
      {"Node.Prom", std::string_view("\4Node\4Prom\0", 11), "Node.Prom."},
      {"a\\.b.c", std::string_view("\3a.b\1c\0", 7), "a\\.b.c."},
      {"a\\046b", std::string_view("\3a.b\0", 5), "a\\.b."},
      {"\\000\\255", std::string_view("\2\0\377\0", 4), "\\000\\255."},
      {"a b", std::string_view("\3a b\0", 5), "a\\032b."},
      {"\\\\\\\"\\(\\)\\;\\@\\$", std::string_view("\7\\\"();@$\0", 9), "\\\\\\\"\\(\\)\\;\\@\\$."},
      {"_http._tcp.*", std::string_view("\5_http\4_tcp\1*\0", 14), "_http._tcp.*."},
  };
  for (const auto& c : cases) {
    const auto name = Name::FromText(c.text);
    ASSERT_TRUE(name) << c.text << ": " << name.error().message;
    EXPECT_EQ(name->view().wire(), c.wire) << c.text;
    EXPECT_EQ(name->ToText(), c.canonical);
    EXPECT_EQ(N(name->ToText()), *name) << c.text;
  }
}

TEST(NameTest, BadTextIsRefusedWithTheLabelNamed) {
  const struct {
    std::string text;
    std::string_view says;
  } cases[] = {
      {"", "label 1 of"},
      {".a", "label 1 of"},
      {"a..b", "label 2 of"},
      {"a..", "is empty"},
      {"..", "is empty"},
      {"a." + std::string(64, 'x'), "label 2 of"},
      {std::string(64, 'x'), "longer than 63"},
      {"a\\", "broken escape"},
      {"a\\25", "broken escape"},
      {"a\\256", "broken escape"},
      {"a\\2x5", "broken escape"},
      {Repeat("a.", 128), "label 128 of"},
      {Repeat(std::string(63, 'x') + ".", 4), "longer than 255"},
  };
  for (const auto& c : cases) {
    const auto name = Name::FromText(c.text);
    ASSERT_FALSE(name) << c.text;
    EXPECT_EQ(name.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(name.error().message, HasSubstr(c.says)) << c.text;
  }
}

TEST(NameTest, TheLongestNamesFit) {
  const std::string label(63, 'x');
  const Name name = N(label + '.' + label + '.' + label + '.' + std::string(61, 'y'));
  EXPECT_EQ(name.view().size(), kMaxNameSize);
  EXPECT_EQ(name.view().LabelCount(), 4u);
  const Name deep = N(Repeat("a.", 127));
  EXPECT_EQ(deep.view().size(), kMaxNameSize);
  EXPECT_EQ(deep.view().LabelCount(), kMaxLabels);
}

TEST(NameTest, CaseNeverCountsAndIsKept) {
  EXPECT_EQ(N("Node.PROM"), N("node.prom"));
  EXPECT_EQ(N("Node.PROM").ToText(), "Node.PROM.");
  EXPECT_NE(N("node.prom"), N("node.prom.a"));
  EXPECT_NE(N("ab.c"), N("a.bc"));
  EXPECT_NE(N("a@"), N("a`"));        // 0x20 apart, but no letters
  EXPECT_NE(N("\\192"), N("\\224"));  // nor are these, whatever Latin-1 thinks
}

TEST(NameTest, AtOrBelowLooksAtWholeLabels) {
  EXPECT_TRUE(N("a.prom").view().IsAtOrBelow(N("PROM")));
  EXPECT_TRUE(N("prom").view().IsAtOrBelow(N("prom")));
  EXPECT_TRUE(N("prom").view().IsAtOrBelow(NameView()));
  EXPECT_TRUE(NameView().IsAtOrBelow(NameView()));
  EXPECT_FALSE(N("prom").view().IsAtOrBelow(N("a.prom")));
  EXPECT_FALSE(N("xprom").view().IsAtOrBelow(N("prom")));
  EXPECT_FALSE(N("a\\004prom").view().IsAtOrBelow(N("prom")));  // its octets end alike
  EXPECT_FALSE(NameView().IsAtOrBelow(N("prom")));
}

TEST(NameTest, ParentAndFirstLabel) {
  const Name name = N("a.node.prom");
  EXPECT_EQ(name.view().FirstLabel(), "a");
  EXPECT_EQ(name.view().Parent(), N("node.prom"));
  EXPECT_TRUE(N("a").view().Parent().IsRoot());
  EXPECT_EQ(NameView().LabelCount(), 0u);
}

TEST(NameTest, ALabelIsPrependedOrNothingChanges) {
  Name name = N("prom");
  EXPECT_TRUE(name.PrependLabel("node"));
  EXPECT_EQ(name, N("node.prom"));
  EXPECT_FALSE(name.PrependLabel(""));
  EXPECT_FALSE(name.PrependLabel(std::string(64, 'x')));
  EXPECT_EQ(name, N("node.prom"));

  Name full;
  for (int i = 0; i < 127; ++i) ASSERT_TRUE(full.PrependLabel("a"));
  EXPECT_FALSE(full.PrependLabel("a"));
  EXPECT_EQ(full.view().size(), kMaxNameSize);
}

TEST(NameTest, LowerCaseIsOfLettersOnly) {
  Name name = N("AZ@[\\193.B");
  name.ToLower();
  EXPECT_EQ(name.ToText(), "az\\@[\\193.b.");
}

}  // namespace
}  // namespace rollcall::wire
