#include "model/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rollcall::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

// The facts of these tables were observed on CoreDNS 1.14 (Go's encoding/json).

struct Readable {
  std::string name;
  std::string json;
  Service want;
};

void PrintTo(const Readable& row, std::ostream* out) {
  *out << row.name;
}

class ReadableValue : public ::testing::TestWithParam<Readable> {};

TEST_P(ReadableValue, MeansWhatItMeansToCoreDns) {
  const auto got = ParseService(GetParam().json);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, GetParam().want) << ToJson(*got);
}

const Service kPlain = {.host = "10.4.0.1", .port = 80};

INSTANTIATE_TEST_SUITE_P(
    GoRules, ReadableValue,
    ::testing::Values(
        Readable{"plain", R"({"host":"10.4.0.1","port":80})", kPlain},
        Readable{"all_members",
                 R"({"host":"h","port":-1,"priority":20,"weight":-5,"text":"t","mail":true,)"
                 R"("ttl":60,"targetstrip":2,"group":"g"})",
                 Service{.host = "h",
                         .port = -1,
                         .priority = 20,
                         .weight = -5,
                         .text = "t",
                         .mail = true,
                         .ttl = 60,
                         .target_strip = 2,
                         .group = "g"}},
        Readable{"blanks", " \n{ \"host\" : \"10.4.0.1\" ,\t\"port\" : 80 }\r\n", kPlain},
        Readable{"unknown_members",
                 R"({"host":"10.4.0.1","port":80,"foo":{"bar":[1,2,{"port":null}]},)"
                 R"("key":"/x","owner":"me","n":1.5e3,"b":false})",
                 kPlain},
        Readable{"known_names_deeper", R"({"x":{"host":5},"y":[{"port":"a"}],"host":"h"})",
                 Service{.host = "h"}},
        Readable{"member_case", R"({"HOST":"10.4.0.1","Port":80})", kPlain},
        Readable{"member_unicode_case", "{\"ho\u017Ft\":\"h\",\"target\u017FTRIP\":3}",
                 Service{.host = "h", .target_strip = 3}},
        Readable{"member_twice", R"({"host":"10.4.0.9","port":80,"host":"10.4.0.1"})", kPlain},
        Readable{"member_twice_in_other_case", R"({"host":"10.4.0.9","port":80,"Host":"10.4.0.1"})",
                 kPlain},
        Readable{"null_members",
                 R"({"host":"10.4.0.1","port":80,"text":null,"ttl":null,"mail":null})", kPlain},
        Readable{"null_behind_a_value", R"({"host":"10.4.0.1","port":80,"host":null})", kPlain},
        Readable{"escaped_name", R"({"host":"10.4.0.1","port":80,"\u0074tl":60})",
                 Service{.host = "10.4.0.1", .port = 80, .ttl = 60}},
        Readable{"escapes", R"({"text":"\"\\\/\b\f\n\r\t\u00e9\u0000"})",
                 Service{.text = std::string("\"\\/\b\f\n\r\t\u00e9\0", 11)}},
        Readable{"most_ttl", R"({"ttl":4294967295})", Service{.ttl = 4294967295}},
        Readable{"most_port", R"({"port":9223372036854775807})",
                 Service{.port = 9223372036854775807}},
        Readable{"least_port", R"({"port":-9223372036854775808})",
                 Service{.port = std::numeric_limits<std::int64_t>::min()}},
        Readable{"minus_zero", R"({"port":-0})", Service{}}, Readable{"null", "null", Service{}},
        Readable{"null_in_blanks", " null ", Service{}}, Readable{"empty_object", "{}", Service{}},
        Readable{"surrogates", R"({"text":"\ud83d\ude00 \ud800"})",
                 Service{.text = "\U0001F600 \uFFFD"}},
        Readable{"lone_surrogates", R"({"text":"\udc00\ud800\ud800\ud83d\ude00\ud800x\ud800\\"})",
                 Service{.text = "\uFFFD\uFFFD\uFFFD\U0001F600\uFFFDx\uFFFD\\"}},
        Readable{"no_escape_behind_a_backslash", R"({"text":"\\ud800"})",
                 Service{.text = "\\ud800"}},
        Readable{"utf8", "{\"text\":\"caf\u00e9\"}", Service{.text = "caf\u00e9"}},
        Readable{"invalid_utf8", "{\"text\":\"a\xFF\xC3(\xE2\x82\xED\xA0\x80\xF5z\"}",
                 Service{.text = "a\uFFFD\uFFFD(\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDz"}}),
    [](const auto& row) { return row.param.name; });

struct Broken {
  std::string name;
  std::string json;
  Flaw flaw;
  std::string message;  // a part of it
};

void PrintTo(const Broken& row, std::ostream* out) {
  *out << row.name;
}

class BrokenValue : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenValue, IsRefusedWithItsReason) {
  const auto got = ParseService(GetParam().json);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().flaw, GetParam().flaw);
  EXPECT_THAT(got.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Members, BrokenValue,
    ::testing::Values(
        Broken{"string_port", R"({"port":"80"})", Flaw::kMember,
               "member port: \"80\" is not an integer"},
        Broken{"exponent", R"({"port":8e1})", Flaw::kMember, "member port: 8e1 is not an integer"},
        Broken{"fraction", R"({"port":80.0})", Flaw::kMember,
               "member port: 80.0 is not an integer"},
        Broken{"huge_port", R"({"port":9223372036854775808})", Flaw::kMember, "within 64 bits"},
        Broken{"string_ttl", R"({"ttl":"60"})", Flaw::kMember, "member ttl"},
        Broken{"negative_ttl", R"({"ttl":-1})", Flaw::kMember,
               "member ttl: -1 is not within 0 to 4294967295"},
        Broken{"huge_ttl", R"({"ttl":4294967296})", Flaw::kMember,
               "member ttl: 4294967296 is not within 0 to 4294967295"},
        Broken{"number_host", R"({"host":10})", Flaw::kMember, "member host: 10 is not a string"},
        Broken{"object_host", R"({"host":{}})", Flaw::kMember,
               "member host: an object is not a string"},
        Broken{"string_mail", R"({"mail":"true"})", Flaw::kMember,
               "member mail: \"true\" is not true or false"},
        Broken{"number_mail", R"({"mail":1})", Flaw::kMember, "member mail: 1"},
        Broken{"bool_group", R"({"group":true})", Flaw::kMember, "member group: true"},
        Broken{"array_weight", R"({"weight":[1]})", Flaw::kMember, "member weight: an array"},
        Broken{"mended_by_a_later_one", R"({"port":"80","port":80})", Flaw::kMember,
               "member port: \"80\""},
        Broken{"first_of_two", R"({"ttl":-1,"port":"x"})", Flaw::kMember, "member ttl"},
        Broken{"member_and_syntax", R"({"port":"80")", Flaw::kJson, "octet 12"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Json, BrokenValue,
    ::testing::Values(
        Broken{"array", "[]", Flaw::kJson, "an array is not an object"},
        Broken{"array_of_service", R"([{"port":"x"}])", Flaw::kJson, "an array is not an object"},
        Broken{"string", "\"10.4.0.1\"", Flaw::kJson, "\"10.4.0.1\" is not an object"},
        Broken{"number", "17", Flaw::kJson, "17 is not an object"},
        Broken{"empty", "", Flaw::kJson, "octet 0"}, Broken{"blank", " ", Flaw::kJson, "octet 1"},
        Broken{"no_json", "10.4.0.1", Flaw::kJson, "octet 4"},
        Broken{"cut", R"({"host":"10.4.0.1","port":80)", Flaw::kJson, "octet 28"},
        Broken{"trailing", R"({"host":"10.4.0.1","port":80} x)", Flaw::kJson, "octet 30"},
        Broken{"two_objects", R"({"port":80}{"host":"h"})", Flaw::kJson, "octet 11"},
        Broken{"trailing_comma", R"({"port":80,})", Flaw::kJson, "octet 11"},
        Broken{"single_quotes", R"({'host':'10.4.0.1'})", Flaw::kJson, "octet 1"},
        Broken{"comment", R"({"host":"h",/*x*/"port":80})", Flaw::kJson, "octet 12"},
        Broken{"leading_zero", R"({"port":080})", Flaw::kJson, "octet 9"},
        Broken{"raw_tab", "{\"text\":\"a\tb\"}", Flaw::kJson, "octet 10"},
        Broken{"byte_order_mark", "\uFEFF{\"host\":\"h\"}", Flaw::kJson, "octet 0"},
        Broken{"bad_escape", R"({"text":"\x"})", Flaw::kJson, "octet 10"},
        Broken{"short_escape", R"({"text":"\ud8"})", Flaw::kJson, "octet 13"}),
    [](const auto& row) { return row.param.name; });

TEST(ParseService, BoundsTheNesting) {
  const auto nested = [](std::size_t depth) {
    return R"({"host":"h","x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(ParseService(nested(kMaxDepth - 1)));
  const auto got = ParseService(nested(100'000));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().flaw, Flaw::kJson);
}

TEST(Extension, IsRead) {
  const auto got = ParseService(
      R"({"host":"h","rollcall":{"owner":"agent:server01","labels":{"rack":"r12","owner":"x"},)"
      R"("tags":["linux","db"],"on_loss":"keep","later":{"labels":{"no":1}}},"port":9100})");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->port, 9100);
  EXPECT_EQ(got->extension.owner, "agent:server01");
  EXPECT_THAT(got->extension.labels, ElementsAre(Pair("owner", "x"), Pair("rack", "r12")));
  EXPECT_THAT(got->extension.tags, ElementsAre("linux", "db"));
  EXPECT_EQ(got->extension.on_loss, "keep");
  EXPECT_EQ(got->extension_problem, "");
}

TEST(Extension, StartsAfreshWhenRepeated) {
  const auto got = ParseService(
      R"({"rollcall":{"owner":"a","tags":[1]},"rollcall":null,"rollcall":{"on_loss":"remove"}})");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->extension, (Extension{.on_loss = "remove"}));
  EXPECT_EQ(got->extension_problem, "");
}

TEST(Extension, BrokenLeavesTheServiceUsable) {
  const struct {
    std::string extension;
    std::string problem;
    Extension left;
  } rows[] = {
      {R"("x")", "member rollcall: \"x\" is not an object", {}},
      {R"([{"owner":"a"}])", "member rollcall: an array is not an object", {}},
      {R"({"owner":1,"on_loss":"keep"})", "member rollcall: owner: 1 is not a string",
       Extension{.on_loss = "keep"}},
      {R"({"on_loss":"drop"})", "member rollcall: on_loss: \"drop\" is not keep or remove", {}},
      {R"({"labels":["a"]})", "member rollcall: labels: an array is not an object", {}},
      {R"({"labels":{"a":1,"b":"c","d":null}})", "member rollcall: labels.a: 1 is not a string",
       Extension{.labels = {{"b", "c"}}}},
      {R"({"labels":{"a":{"b":"c"}}})", "member rollcall: labels.a: an object is not a string", {}},
      {R"({"tags":{"a":"b"}})", "member rollcall: tags: an object is not an array", {}},
      {R"({"tags":["a",["b"]]})", "member rollcall: tags: an array is not a string",
       Extension{.tags = {"a"}}},
  };
  for (const auto& row : rows) {
    const auto got = ParseService(R"({"rollcall":)" + row.extension + R"(,"host":"h"})");
    ASSERT_TRUE(got) << row.extension;
    EXPECT_EQ(got->host, "h");
    EXPECT_EQ(got->extension_problem, row.problem);
    EXPECT_EQ(got->extension, row.left) << row.extension;
  }
}

TEST(ToJson, WritesOnlyWhatIsSetInSkyDnsOrder) {
  EXPECT_EQ(ToJson(Service{}), "{}");
  EXPECT_EQ(ToJson(Service{.host = "10.1.2.3", .port = 9100}),
            R"({"host":"10.1.2.3","port":9100})");
  const Service all = {.host = "h",
                       .port = -1,
                       .priority = 2,
                       .weight = 3,
                       .text = "a\"b\\c\n\u00e9",
                       .mail = true,
                       .ttl = 4294967295,
                       .target_strip = 4,
                       .group = "g",
                       .extension = {.owner = "agent:h",
                                     .labels = {{"b", "2"}, {"a", "1"}},
                                     .tags = {"x", "y"},
                                     .on_loss = "keep"}};
  EXPECT_EQ(ToJson(all),
            "{\"host\":\"h\",\"port\":-1,\"priority\":2,\"weight\":3,"
            "\"text\":\"a\\\"b\\\\c\\u000a\u00e9\",\"mail\":true,\"ttl\":4294967295,"
            "\"targetstrip\":4,\"group\":\"g\",\"rollcall\":{\"owner\":\"agent:h\","
            "\"labels\":{\"a\":\"1\",\"b\":\"2\"},\"tags\":[\"x\",\"y\"],\"on_loss\":\"keep\"}}");
  const auto again = ParseService(ToJson(all));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, all);
}

TEST(ToJson, MendsWhatIsNotUtf8) {
  EXPECT_EQ(ToJson(Service{.text = "\xFFx"}), "{\"text\":\"\uFFFDx\"}");
}

TEST(Flaw, HasANameForTheMetric) {
  EXPECT_EQ(ToString(Flaw::kJson), "json");
  EXPECT_EQ(ToString(Flaw::kMember), "member");
  EXPECT_EQ(ToString(Flaw::kHost), "host");
  EXPECT_EQ(ToString(Flaw::kKey), "key");
}

}  // namespace
}  // namespace rollcall::model
