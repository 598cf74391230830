#include "agent/memory.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "agent/state_file.h"
#include "base/whole_file.h"

namespace rollcall::agent {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

Memory Full() {
  Memory memory;
  memory.host = "server01";
  memory.machine = "0123456789abcdef";
  memory.lease = 7'587'883'212'297'968'643;
  memory.instances["/skydns/internal/prom/node/server01"] = {
      .as = Remembered::As::kStopped,
      .hash = 0xfedcba9876543210,
      .id = "node/:9100",
      .service = "node",
      .instance = "server01",
      .file = "services.d/a.yml",
      .until = WallTime(std::chrono::seconds(1'700'000'000))};
  memory.instances["/skydns/internal/prom/mysql/server01"] = {.as = Remembered::As::kAway,
                                                              .hash = 1,
                                                              .id = "mysql/:1",
                                                              .service = "mysql",
                                                              .instance = "server01",
                                                              .file = "services.d/b.yml"};
  memory.endpoints = {"http://10.0.0.1:2379", "http://10.0.0.2:2379"};
  memory.kept = {"1:2", {{"a.yml", "services:\n- \"\xC3\xA4\"\n"}, {"b.yml", ""}}};
  return memory;
}

TEST(Memory, ComesBackAsItWas) {
  const auto again = ParseMemory(ToText(Full()));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, Full());
  EXPECT_EQ(ParseMemory(ToText({})).value_or(Full()), Memory());
}

TEST(Memory, AnyDamageIsNoticed) {
  const std::string text = ToText(Full());
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_FALSE(ParseMemory(text.substr(0, i))) << i;
    std::string flipped = text;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    EXPECT_FALSE(ParseMemory(flipped)) << i;
  }
  EXPECT_FALSE(ParseMemory(text + "x"));
  EXPECT_FALSE(ParseMemory("rollcall agent 2" + text.substr(16)));
}

class State : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "agent_state_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = fs::path(name) / "below" / "agent";
  }
  void TearDown() override { fs::remove_all(directory_.parent_path().parent_path()); }
  Memory Load(const std::string& host = "server01") {
    const auto file = StateFile::Open(directory_);
    EXPECT_TRUE(file) << file.error().message;
    return file->Load(host, Full().machine);
  }
  fs::path directory_;
};

TEST_F(State, OutlivesTheAgent) {
  EXPECT_TRUE(Load().instances.empty());
  ASSERT_TRUE(StateFile::Open(directory_)->Save(Full()));
  EXPECT_EQ(Load(), Full());
}

TEST_F(State, IsOneAgents) {
  const auto first = StateFile::Open(directory_);
  ASSERT_TRUE(first);
  const auto second = StateFile::Open(directory_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_THAT(second.error().message, HasSubstr("another agent runs"));
}

TEST_F(State, DamagedIsSetAsideAndKnowsNothing) {
  ASSERT_TRUE(StateFile::Open(directory_)->Save(Full()));
  std::ofstream(directory_ / "state", std::ios::app) << "garbage";
  const Memory memory = Load();
  EXPECT_EQ(memory.host, "server01");
  EXPECT_TRUE(memory.instances.empty());
  EXPECT_TRUE(fs::exists(directory_ / "state.aside"));
  EXPECT_FALSE(fs::exists(directory_ / "state"));
}

TEST_F(State, OfAnotherHostIsNotUsed) {
  ASSERT_TRUE(StateFile::Open(directory_)->Save(Full()));
  const Memory memory = Load("server02");
  EXPECT_EQ(memory.host, "server02");
  EXPECT_EQ(memory.lease, 0) << "it would keep another host's instances alive";
  EXPECT_TRUE(memory.instances.empty());
}

TEST_F(State, WhereNothingCanBeKeptItSaysSo) {
  fs::create_directories(directory_.parent_path());
  std::ofstream(directory_) << "a file";
  const auto file = StateFile::Open(directory_);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kUnavailable);
}

TEST_F(State, MakesAMachineIdOnce) {
  const auto file = StateFile::Open(directory_);
  ASSERT_TRUE(file);
  const auto id = file->MachineId();
  ASSERT_TRUE(id);
  EXPECT_EQ(id->size(), 32U);
  EXPECT_EQ(file->MachineId().value_or(""), *id);
}

}  // namespace
}  // namespace rollcall::agent
