#include "serving/sd/json_writer.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <utility>

namespace rollcall::serving::sd {
namespace {

TEST(JsonWriter, WritesWhatAParserReadsBack) {
  for (int octet = 0; octet < 128; ++octet) {
    for (const std::size_t before : {0U, 1U, 7U, 8U, 9U, 20U}) {
      const std::string text =
          std::string(before, 'a') + static_cast<char>(octet) + std::string(before, ' ') + "ü€😀";
      JsonWriter json;
      json.BeginObject();
      json.EscapedKey(text);
      json.BeginArray();
      json.String(text);
      json.Number(18446744073709551615U);
      json.Bool(false);
      json.EndArray();
      json.Key("a", "b");
      json.BeginObject();
      json.EndObject();
      json.EndObject();
      EXPECT_TRUE(json.good());
      boost::json::object expected;
      expected[text] = {text, 18446744073709551615U, false};
      expected["ab"] = boost::json::object();
      EXPECT_EQ(boost::json::parse(std::move(json).Take()), expected) << octet;
    }
  }
}

TEST(JsonWriter, KnowsWhatIsNoJson) {
  JsonWriter json;
  json.BeginArray();
  (void)json.Here();
  json.String("\xFF");
  EXPECT_FALSE(json.good());
  (void)json.Here();
  json.String("fine");
  EXPECT_TRUE(json.good());
}

// Pieces around the size of its block, and what is taken back from before and within it.
TEST(JsonWriter, IsCutIntoPiecesThatAreOneText) {
  JsonWriter json;
  std::string whole;
  json.BeginArray();
  for (int i = 0; i < 10; ++i) {
    json.String(std::string(3000, 'x'));
    const auto place = json.Here();
    json.String("taken back");
    json.Rewind(place);
    if (json.size() > 8000) whole += json.Cut();
    EXPECT_LE(json.size(), 12'000U);
  }
  json.EndArray();
  whole += std::move(json).Take();
  EXPECT_EQ(whole.size(), 2 + 10 * 3002 + 9);
  EXPECT_EQ(boost::json::parse(whole).as_array().size(), 10U);
}

TEST(JsonWriter, TakesBackWhatItWroteHoweverMuch) {
  for (const std::size_t size : {1U, 100U, 4090U, 4096U, 5000U, 20'000U}) {
    JsonWriter json;
    std::string expected = "[";
    json.BeginArray();
    for (const std::size_t kept : {10U, 4000U, 9000U}) {
      const std::string text(kept, 'k');
      json.String(text);
      expected += (expected.size() > 1 ? ",\"" : "\"") + text + "\"";
      const auto place = json.Here();
      json.String(std::string(size, 'x'));
      json.BeginObject();
      json.Rewind(place);
    }
    json.EndArray();
    EXPECT_EQ(std::move(json).Take(), expected + "]") << size;
  }
}

}  // namespace
}  // namespace rollcall::serving::sd
