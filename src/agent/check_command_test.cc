#include <gmock/gmock.h>
#include <signal.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "agent/checker.h"
#include "agent/test_peers.h"

namespace rollcall::agent {
namespace {

using model::Health;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

CheckSpec CommandCheck(std::vector<std::string> command,
                       milliseconds timeout = milliseconds(10'000)) {
  CheckSpec spec;
  spec.type = CheckSpec::Type::kCommand;
  spec.command = std::move(command);
  spec.interval = milliseconds(100);
  spec.timeout = timeout;
  return spec;
}
CheckSpec Shell(const std::string& script, milliseconds timeout = milliseconds(10'000)) {
  return CommandCheck({"/bin/sh", "-c", script}, timeout);
}

struct Case {
  std::string name;
  CheckSpec spec;
  Health health;
  std::string output;  // begins with
};

class CommandTest : public ::testing::TestWithParam<Case> {};

TEST_P(CommandTest, IsJudgedByItsExitStatus) {
  const auto verdict = FirstVerdict(GetParam().spec);
  EXPECT_EQ(verdict.health, GetParam().health);
  EXPECT_THAT(verdict.output, StartsWith(GetParam().output));
}

INSTANTIATE_TEST_SUITE_P(
    Ends, CommandTest,
    ::testing::Values(
        Case{"passing", Shell("echo DISK OK; echo more"), Health::kPassing, "DISK OK"},
        Case{"warning", Shell("echo DISK WARNING; exit 1"), Health::kWarning, "DISK WARNING"},
        Case{"critical", Shell("echo DISK CRITICAL; exit 2"), Health::kCritical, "DISK CRITICAL"},
        Case{"unknown", Shell("exit 3"), Health::kCritical, "exit status 3"},
        Case{"says_nothing", CommandCheck({"true"}), Health::kPassing, "exit status 0"},
        Case{"arguments_as_they_are", CommandCheck({"echo", "a  b", "$HOME", "*;", "'"}),
             Health::kPassing, "a  b $HOME *; '"},
        Case{"standard_error", Shell("echo went wrong >&2; exit 2"), Health::kCritical,
             "went wrong"},
        Case{"signal", Shell("echo dying; kill -9 $$"), Health::kCritical,
             "ended by signal 9: dying"},
        Case{"no_such_program", CommandCheck({"/no/such/program"}), Health::kCritical,
             "\"/no/such/program\" cannot be run: No such file"},
        Case{"not_executable", CommandCheck({"/etc/passwd"}), Health::kCritical,
             "\"/etc/passwd\" cannot be run: Permission denied"},
        Case{"no_command", CommandCheck({}), Health::kCritical, "no command is given"},
        Case{"no_input", CommandCheck({"cat"}), Health::kPassing, "exit status 0"},
        Case{"its_words_at_the_very_end", Shell("sleep 0.05; echo last"), Health::kPassing, "last"},
        Case{"much", Shell("yes | head -c 300000"), Health::kPassing, "y"},
        Case{"not_text", Shell(R"(printf '\377\001ok\n')"), Health::kPassing, "\xef\xbf\xbd ok"}),
    [](const auto& the_case) { return the_case.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Hangs, CommandTest,
    ::testing::Values(Case{"silent", Shell("sleep 100", milliseconds(150)), Health::kCritical,
                           "no answer within 150ms"},
                      Case{"deaf",
                           Shell("trap '' TERM HUP INT; sleep 100; sleep 100", milliseconds(150)),
                           Health::kCritical, "no answer within 150ms"},
                      Case{"stopped", Shell("kill -STOP $$", milliseconds(150)), Health::kCritical,
                           "no answer within 150ms"},
                      Case{"talks_for_ever", CommandCheck({"yes"}, milliseconds(150)),
                           Health::kCritical, "no answer within 150ms"}),
    [](const auto& the_case) { return the_case.param.name; });

// Where a script leaves the numbers of its processes.
class Processes {
 public:
  Processes()
      : file_(std::filesystem::temp_directory_path() /
              ("rollcall_check_" + std::to_string(getpid()))) {
    std::filesystem::remove(file_);
  }
  ~Processes() { std::filesystem::remove(file_); }
  [[nodiscard]] std::string file() const { return file_.string(); }
  // All, once there are `enough`.
  std::vector<pid_t> Wait(std::size_t enough) {
    for (int i = 0; i < 500; ++i) {
      std::ifstream in(file_);
      std::vector<pid_t> pids;
      for (pid_t pid = 0; in >> pid;) pids.push_back(pid);
      if (pids.size() >= enough) return pids;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return {};
  }
  // Gone, or a zombie of its parent's; within two seconds.
  static bool Ends(pid_t pid) {
    for (int i = 0; i < 200; ++i) {
      std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
      std::string line;
      if (!std::getline(stat, line) || line.find(") Z ") != std::string::npos) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }

 private:
  std::filesystem::path file_;
};

TEST(ProbeCommand, AChildThatKeepsThePipeIsNotWaitedForAndEndsWithIt) {
  Processes processes;
  const auto began = std::chrono::steady_clock::now();
  const auto verdict = FirstVerdict(
      Shell("sleep 100 & echo $! >> " + processes.file() + "; echo started", milliseconds(60'000)));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(8));
  EXPECT_EQ(verdict.health, Health::kPassing);
  EXPECT_EQ(verdict.output, "started");
  const auto pids = processes.Wait(1);
  ASSERT_FALSE(pids.empty());
  EXPECT_TRUE(Processes::Ends(pids[0]));
}

TEST(ProbeCommand, ItsChildrenEndWithItAtTheTimeout) {
  Processes processes;
  Listener listener;
  Checker checker(listener.Hear());
  checker.Set({{"it", Shell("echo $$ >> " + processes.file() + "; sleep 100 & echo $! >> " +
                                processes.file() + "; wait",
                            milliseconds(300))}});
  const auto verdict = listener.Wait("it");
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->output, "no answer within 300ms");
  const auto pids = processes.Wait(2);
  ASSERT_GE(pids.size(), 2U);
  EXPECT_TRUE(Processes::Ends(pids[0]));
  EXPECT_TRUE(Processes::Ends(pids[1]));
}

TEST(ProbeCommand, HasNoneOfOurDescriptors) {
  const Peer peer([](Client& client) { client.StaySilent(); });
  Listener listener;
  Checker checker(listener.Hear());
  CheckSpec beside;
  beside.type = CheckSpec::Type::kHttp;
  beside.url = "http://" + peer.address() + "/";
  beside.timeout = std::chrono::seconds(30);
  beside.interval = milliseconds(20);
  checker.Set({{"beside", beside}});
  while (peer.connections() == 0) std::this_thread::sleep_for(milliseconds(5));
  checker.Set({{"beside", beside}, {"it", Shell("echo $(ls /proc/self/fd)")}});
  const auto verdict = listener.Wait("it");
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->output, "0 1 2 3") << "3 is the directory itself";
}

TEST(ProbeCommand, IsKilledWhenTheCheckerGoes) {
  Processes processes;
  Listener listener;
  std::optional<Checker> checker(std::in_place, listener.Hear());
  std::map<std::string, CheckSpec> checks;
  for (int i = 0; i < 20; ++i) {
    checks["c" + std::to_string(i)] =
        Shell("trap '' TERM; echo $$ >> " + processes.file() + "; sleep 100; sleep 100",
              milliseconds(60'000));
  }
  checker->Set(checks);
  const auto pids = processes.Wait(20);
  ASSERT_EQ(pids.size(), 20U);
  const auto began = std::chrono::steady_clock::now();
  checker.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
  for (const pid_t pid : pids) {
    EXPECT_EQ(kill(pid, 0), -1) << "neither alive nor a zombie";
    EXPECT_EQ(errno, ESRCH);
  }
}

}  // namespace
}  // namespace rollcall::agent
