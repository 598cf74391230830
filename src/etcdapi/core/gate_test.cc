#include "etcdapi/core/gate.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "etcdapi/testing/movable_clock.h"

namespace rollcall::etcdapi {
namespace {

// bcrypt of "secret" and of "other", at the least cost there is.
constexpr const char* kSecret = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
constexpr const char* kOther = "$2b$04$abcdefghijklmnopqrstuu0HtfOlPbTiymk5tcV.3TsFPDd3SYZqu";

std::string Line(const char* name, const char* hash) {
  return std::string(name) + ": " + hash + "\n";
}

// --- the file's format

TEST(Users, AreReadWithCommentsBlankLinesAndQuotes) {
  const auto users = Users::Parse("# who may\n\n  alice: \"" + std::string(kSecret) + "\"\r\n" +
                                  "bob:'" + kOther + "'\n\t# the end\ncarol : " + kSecret);
  ASSERT_TRUE(users) << users.error().message;
  EXPECT_EQ(users->size(), 3U);
  EXPECT_EQ(users->HashOf("alice"), kSecret);
  EXPECT_EQ(users->HashOf("bob"), kOther);
  EXPECT_EQ(users->HashOf("carol"), kSecret);
  EXPECT_EQ(users->HashOf("dave"), "");
}

TEST(Users, WhatIsWrongIsSaidWithItsLine) {
  const std::string good = Line("alice", kSecret);
  const std::string cheap = "$2b$03$" + std::string(53, 'a');
  const std::string dear = "$2y$31$" + std::string(53, 'a');
  const std::pair<std::string, std::string> cases[] = {
      {"", "there is no user in it"},
      {"# nobody\n", "there is no user in it"},
      {good + "bob\n", "line 2: not `name: hash`"},
      {good + "\n: " + kSecret, "line 3: a name of one word has to stand before the colon"},
      {"al ice: " + std::string(kSecret), "line 1: a name of one word"},
      {"alice: secret\n", "line 1: not a bcrypt hash"},
      {"alice: $1$abc$def\n", "line 1: not a bcrypt hash"},
      {"alice: " + cheap + "\n", "line 1: a bcrypt cost of 3"},
      {"alice: " + dear + "\n", "line 1: a bcrypt cost of 31"},
      {good + good, "line 2: a second line for 'alice'"},
  };
  for (const auto& [text, expected] : cases) {
    const auto users = Users::Parse(text);
    ASSERT_FALSE(users) << text;
    EXPECT_TRUE(users.error().message.starts_with(expected)) << users.error().message;
  }
}

TEST(Users, APasswordIsThatOfItsHashOnly) {
  EXPECT_TRUE(IsPasswordOf(kSecret, "secret"));
  EXPECT_FALSE(IsPasswordOf(kSecret, "other"));
  EXPECT_FALSE(IsPasswordOf(kSecret, ""));
  EXPECT_FALSE(IsPasswordOf(kSecret, std::string("secret\0x", 8)));
  EXPECT_FALSE(IsPasswordOf(kSecret, std::string(10'000, 'x')));
  EXPECT_FALSE(IsPasswordOf("no hash", "secret"));
}

// --- tokens

TEST(Tokens, LiveAsLongAsTheyAreUsed) {
  using std::chrono::seconds;
  Tokens tokens(seconds(10), 100);
  const SteadyTime start{};
  const std::string token = tokens.Issue("alice", start);
  EXPECT_EQ(tokens.Use(token, start + seconds(9)), "alice");
  EXPECT_EQ(tokens.Use(token, start + seconds(18)), "alice");
  EXPECT_EQ(tokens.Use(token, start + seconds(28)), std::nullopt);
  EXPECT_EQ(tokens.Use(token, start), std::nullopt) << "once over, it does not come back";
  EXPECT_EQ(tokens.Use("", start), std::nullopt);
}

TEST(Tokens, TheOneThatWasNotUsedLongestMakesRoom) {
  using std::chrono::seconds;
  Tokens tokens(seconds(100), 3);
  SteadyTime now{};
  std::vector<std::string> issued(3);
  for (std::string& token : issued) token = tokens.Issue("alice", now += seconds(1));
  EXPECT_TRUE(tokens.Use(issued[0], now += seconds(1)));
  const std::string fourth = tokens.Issue("alice", now);
  EXPECT_EQ(tokens.size(), 3U);
  EXPECT_TRUE(tokens.Use(issued[0], now));
  EXPECT_FALSE(tokens.Use(issued[1], now));
  EXPECT_TRUE(tokens.Use(fourth, now));
}

// --- the gate

class GateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "rollcall-users-XXXXXX";
    const int fd = mkstemp(name.data());
    ASSERT_GE(fd, 0);
    close(fd);
    path_ = name;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  // As an editor does: a new file takes the place of the old one.
  void Write(const std::string& text) {
    std::ofstream(path_ + ".new") << text;
    std::filesystem::rename(path_ + ".new", path_);
  }
  std::unique_ptr<Gate> Open() {
    auto gate = Gate::Open({.users_file = path_}, clock_);
    EXPECT_TRUE(gate) << gate.error().message;
    return gate ? *std::move(gate) : nullptr;
  }
  static std::string LogIn(Gate& gate, const char* name, const char* password) {
    const auto token = gate.LogIn(name, password);
    return token ? *token : token.error().message;
  }
  // "": admitted.
  static std::string Admit(Gate& gate, const Gate::Caller& caller) {
    const auto admitted = gate.Admit(caller);
    return admitted ? "" : admitted.error().message;
  }
  static Gate::Caller With(std::string token) { return {std::move(token), ""}; }

  static constexpr const char* kWrong = "authentication failed, invalid user ID or password";
  std::string path_;
  testing::MovableClock clock_;
};

TEST_F(GateTest, WithoutUsersEverybodyIsLetInAndNobodyLogsIn) {
  const auto gate = *Gate::Open({}, clock_);
  EXPECT_FALSE(gate->has_users());
  EXPECT_EQ(Admit(*gate, {}), "");
  EXPECT_EQ(Admit(*gate, With("anything")), "");
  EXPECT_EQ(LogIn(*gate, "alice", "secret"), "authentication is not enabled");
}

TEST_F(GateTest, APasswordBuysATokenAndTheTokenLetsIn) {
  Write(Line("alice", kSecret));
  const auto gate = Open();
  EXPECT_FALSE(gate->LogInAgain("alice", "secret"));
  const std::string token = LogIn(*gate, "alice", "secret");
  EXPECT_EQ(Admit(*gate, With(token)), "");
  EXPECT_FALSE(gate->LogInAgain("alice", "other"));
  EXPECT_FALSE(gate->LogInAgain("bob", "secret"));
  const std::string second = gate->LogInAgain("alice", "secret").value_or("not remembered");
  EXPECT_NE(second, token) << "no two logins share one";
  EXPECT_EQ(Admit(*gate, With(second)), "");
}

TEST_F(GateTest, OthersAreRefusedInEtcdsWords) {
  Write(Line("alice", kSecret));
  const auto gate = Open();
  EXPECT_EQ(LogIn(*gate, "alice", "other"), kWrong);
  EXPECT_EQ(LogIn(*gate, "bob", "secret"), kWrong);
  EXPECT_EQ(LogIn(*gate, "", ""), kWrong);
  EXPECT_EQ(Admit(*gate, {}), "user name is empty");
  EXPECT_EQ(Admit(*gate, With("made up")), "invalid auth token");
  EXPECT_EQ(LogIn(*gate, "alice", "secret").size(), 32U);
  EXPECT_EQ(LogIn(*gate, "alice", "other"), kWrong) << "also after a right one was remembered";
}

TEST_F(GateTest, ACertificateOfAUserLetsInUnlessATokenIsShown) {
  Write(Line("alice", kSecret));
  const auto gate = Open();
  EXPECT_EQ(Admit(*gate, {std::nullopt, "alice"}), "");
  EXPECT_EQ(Admit(*gate, {std::nullopt, "bob"}), "permission denied");
  EXPECT_EQ(Admit(*gate, {"made up", "alice"}), "invalid auth token");
}

TEST_F(GateTest, ATokenEndsFiveMinutesAfterItsLastUse) {
  Write(Line("alice", kSecret));
  const auto gate = Open();
  const Gate::Caller alice = With(LogIn(*gate, "alice", "secret"));
  clock_.Advance(std::chrono::seconds(299));
  EXPECT_EQ(Admit(*gate, alice), "");
  clock_.Advance(std::chrono::seconds(299));
  EXPECT_EQ(Admit(*gate, alice), "");
  clock_.Advance(std::chrono::seconds(300));
  EXPECT_EQ(Admit(*gate, alice), "invalid auth token");
}

TEST_F(GateTest, AChangedFileIsReadAndThoseWhoChangedHaveToLogInAgain) {
  Write(Line("alice", kSecret) + Line("bob", kSecret) + Line("carol", kSecret));
  const auto gate = Open();
  const Gate::Caller alice = With(LogIn(*gate, "alice", "secret"));
  const Gate::Caller bob = With(LogIn(*gate, "bob", "secret"));
  const Gate::Caller carol = With(LogIn(*gate, "carol", "secret"));

  Write(Line("alice", kSecret) + Line("bob", kOther) + Line("dave", kSecret));
  EXPECT_EQ(Admit(*gate, bob), "") << "looked at once a second";
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Admit(*gate, alice), "");
  EXPECT_EQ(Admit(*gate, bob), "invalid auth token") << "another password";
  EXPECT_EQ(Admit(*gate, carol), "invalid auth token") << "gone";
  EXPECT_EQ(LogIn(*gate, "bob", "secret"), kWrong);
  EXPECT_EQ(LogIn(*gate, "bob", "other").size(), 32U);
  EXPECT_EQ(LogIn(*gate, "dave", "secret").size(), 32U);
}

TEST_F(GateTest, ABrokenFileLeavesTheUsersAndSaysWhichLine) {
  Write(Line("alice", kSecret));
  const auto gate = Open();
  const Gate::Caller alice = With(LogIn(*gate, "alice", "secret"));
  Write(Line("alice", kSecret) + "bob: plain\n");
  clock_.Advance(std::chrono::seconds(1));
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(Admit(*gate, alice), "");
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(LogIn(*gate, "alice", "secret").size(), 32U);
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("line 2: not a bcrypt hash"), std::string::npos) << log;
  EXPECT_EQ(log.find("line 2"), log.rfind("line 2")) << "said once: " << log;

  std::filesystem::remove(path_);
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Admit(*gate, alice), "") << "nor does one that is away for a moment";
}

TEST_F(GateTest, AFileThatCannotBeReadAtTheStartIsRefused) {
  Write("alice: plain\n");
  const auto broken = Gate::Open({.users_file = path_}, clock_);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message,
            "users file '" + path_ + "': line 1: not a bcrypt hash ($2y$10$..., 60 characters)");
  const auto missing = Gate::Open({.users_file = path_ + ".none"}, clock_);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "users file '" + path_ + ".none': cannot be read");
}

}  // namespace
}  // namespace rollcall::etcdapi
