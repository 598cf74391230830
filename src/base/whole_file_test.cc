#include "base/whole_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace rollcall {
namespace {

namespace fs = std::filesystem;

class WholeFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "whole_file_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { fs::remove_all(directory_); }
  fs::path directory_;
};

TEST_F(WholeFile, ComesBackAsItWasWritten) {
  const std::string text("a\0b\n", 4);
  ASSERT_TRUE(WriteWholeFile(directory_ / "f", text));
  ASSERT_TRUE(WriteWholeFile(directory_ / "f", text + text));
  EXPECT_EQ(ReadWholeFile(directory_ / "f"), text + text);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), {}), 1) << "no draft is left";
}

TEST_F(WholeFile, StaysAsItWasIfItCannotBeWritten) {
  ASSERT_TRUE(WriteWholeFile(directory_ / "f", "before"));
  fs::create_directory(directory_ / ".f.draft");  // in the way of the draft
  const auto failed = WriteWholeFile(directory_ / "f", "after");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(ReadWholeFile(directory_ / "f"), "before");
  EXPECT_FALSE(WriteWholeFile(directory_ / "none" / "f", "x"));
}

TEST_F(WholeFile, SaysWhyItCannotBeRead) {
  EXPECT_EQ(ReadWholeFile(directory_ / "f").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ReadWholeFile(directory_).error().code, ErrorCode::kUnavailable);
  ASSERT_EQ(mkfifo((directory_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(ReadWholeFile(directory_ / "pipe").error().code, ErrorCode::kUnavailable);
  ASSERT_TRUE(WriteWholeFile(directory_ / "f", "123456"));
  EXPECT_EQ(ReadWholeFile(directory_ / "f", 5).error().code, ErrorCode::kExhausted);
  EXPECT_TRUE(ReadWholeFile(directory_ / "f", 6));
}

}  // namespace
}  // namespace rollcall
