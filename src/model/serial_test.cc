#include "model/serial.h"

#include <gtest/gtest.h>

namespace rollcall::model {
namespace {

TEST(SerialOffset, IsReadOrNothing) {
  struct Case {
    const char* json;
    std::optional<std::uint32_t> offset;
  };
  const Case cases[] = {
      {R"({"offset":7,"since":"2026-01-31T12:00:00Z"})", 7},
      {R"({"offset":0})", 0},
      {R"({"offset":4294967295})", 4294967295},
      {R"({"offset":4294967296})", std::nullopt},
      {R"({"offset":-1})", std::nullopt},
      {R"({"offset":1.5})", std::nullopt},
      {R"({"offset":"7"})", std::nullopt},
      {R"({})", std::nullopt},
      {R"([7])", std::nullopt},
      {"", std::nullopt},
      {"{", std::nullopt},
  };
  for (const Case& c : cases) EXPECT_EQ(ParseSerialOffset(c.json), c.offset) << c.json;
}

}  // namespace
}  // namespace rollcall::model
