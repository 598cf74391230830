#include "yaml/document.h"

#include <gtest/gtest.h>

namespace rollcall::yaml {
namespace {

TEST(Document, IsTheOneOfTheText) {
  EXPECT_EQ(ReadDocument("a: 1\n", "f")->begin()->first.as<std::string>(), "a");
  for (const char* nothing : {"", "\n", "# soon\n", "---\n"}) {
    const auto read = ReadDocument(nothing, "f");
    ASSERT_TRUE(read) << nothing << read.error().message;
    EXPECT_TRUE(read->IsNull()) << nothing;
  }
}

TEST(Document, WhatIsNoneIsRefusedWithItsLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"a: 1\n---\nb: 2\n", "f.yml:2: a second document begins"},
      {"a: 1\n---\n", "f.yml:2: a second document begins"},
      {"\na: [1\n", "f.yml:3: "},
      {"a: b: c\n", "f.yml:1: "},
      // yaml-cpp makes documents without end of these.
      {",", "f.yml:1: a second document begins"},
      {"a: 1\n, b\n", "f.yml:2: "},
      {"%Y\n---\n,-[[[[", "f.yml:"},
  };
  for (const auto& [text, said] : cases) {
    const auto read = ReadDocument(text, "f.yml");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(read.error().message.substr(0, std::string(said).size()), said) << text;
  }
}

}  // namespace
}  // namespace rollcall::yaml
