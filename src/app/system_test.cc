// Child, address, signals and the state of the system: what touches the kernel.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "app/address.h"
#include "app/child.h"
#include "app/signals.h"
#include "app/spared_check.h"
#include "app/standard_files.h"
#include "app/system_state.h"
#include "lmdb/spared.h"

namespace rollcall::app {
namespace {

int StatusOf(const std::vector<std::string>& command) {
  const auto child = Spawn(command);
  if (!child) return -1;
  int status = 0;
  waitpid(*child, &status, 0);
  return ExitStatus(status);
}

TEST(Child, TheStatusIsThatOfAShell) {
  EXPECT_EQ(StatusOf({"/bin/sh", "-c", "exit 7"}), 7);
  EXPECT_EQ(StatusOf({"/bin/sh", "-c", "kill -KILL $$"}), 128 + SIGKILL);
  EXPECT_EQ(StatusOf({"true"}), 0);
}

TEST(Child, AProgramThatIsNotThereIsAnError) {
  EXPECT_EQ(Spawn({"/no/such/program"}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Spawn({"/etc/hostname"}).error().code, ErrorCode::kRefused);
  EXPECT_EQ(Spawn({}).error().code, ErrorCode::kInvalid);
}

TEST(Child, SignalsBlockedHereAreNotBlockedThere) {
  // Whoever started us may have ignored it, which no child of ours would undo.
  (void)std::signal(SIGUSR1, SIG_DFL);
  const Signals signals({SIGUSR1});
  EXPECT_EQ(StatusOf({"/bin/sh", "-c", "kill -USR1 $$; exit 0"}), 128 + SIGUSR1);
}

TEST(SparedCheck, OnlyOneThatDiedOfReadingTellsOfTheFile) {
  const auto check = [](const std::string& script) {
    const auto checked = SparedCheck("dir", {"/bin/sh", "-c", script}).Await();
    return checked ? "" : checked.error().message;
  };
  EXPECT_EQ(check("exit 0"), "");
  EXPECT_EQ(check("exit 1"), "") << "what is wrong shows when it is opened";
  EXPECT_EQ(check("kill -KILL $$"), "") << "for want of memory, say";
  EXPECT_THAT(check("kill -BUS $$"), ::testing::HasSubstr("a page is damaged or missing"));
  EXPECT_THAT(check("echo '  FAILED: x: a page is damaged or missing (y)'; exit 1"),
              ::testing::HasSubstr("dir: a page is damaged or missing (y)"));
  EXPECT_TRUE(SparedCheck("dir", {"/no/such/program"}).Await());
}

TEST(StandardFiles, ThoseThatAreClosedAreOpenedAndTheOthersLeftAlone) {
  const auto taken = lmdb::InSparedProcess("f", [] {
    for (const int file : {STDIN_FILENO, STDERR_FILENO}) close(file);
    OpenStandardFiles();
    const int next = open("/etc/passwd", O_RDONLY);
    return static_cast<int>(next > STDERR_FILENO && fcntl(STDERR_FILENO, F_GETFD) == 0);
  });
  EXPECT_EQ(taken, 1);
}

TEST(ManyFiles, AreAllowedUpToTheHardLimit) {
  const auto as_allowed = lmdb::InSparedProcess("f", [] {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    limit.rlim_cur = 50;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    AllowManyFiles();
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<int>(limit.rlim_cur == limit.rlim_max);
  });
  EXPECT_EQ(as_allowed, 1);
}

TEST(SignalsTest, AreWaitedForAndTellWhoSentThem) {
  const Signals signals({SIGUSR2});
  EXPECT_FALSE(signals.WaitFor(std::chrono::milliseconds(0)));
  kill(getpid(), SIGUSR2);
  const auto got = signals.WaitFor(std::chrono::seconds(5));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->number, SIGUSR2);
  EXPECT_FALSE(got->by_kernel);
}

TEST(Address, TheRouteToAStoreOnLoopbackStartsOnLoopback) {
  EXPECT_EQ(SourceAddressTowards("http://127.0.0.1:2379").value_or(""), "127.0.0.1");
  // No name: what a resolver says of one is its own affair, some have an answer to all.
  const std::string no_name = "http://" + std::string(64, 'x') + ".invalid:2379";
  EXPECT_FALSE(SourceAddressTowards(no_name));
}

TEST(Address, OnlyAllOfThemOnLoopbackCount) {
  EXPECT_TRUE(AllLoopback({"http://127.0.0.1:1", "http://[::1]:2", "https://localhost:3"}));
  EXPECT_FALSE(AllLoopback({"http://127.0.0.1:1", "http://192.0.2.1:1"}));
  EXPECT_FALSE(AllLoopback({}));
}

TEST(Address, TheHostNameIsShortAndLowerCase) {
  const std::string name = ShortHostName();
  EXPECT_FALSE(name.empty());
  EXPECT_EQ(name.find_first_of(".ABCDEFGHIJKLMNOPQRSTUVWXYZ"), std::string::npos);
}

SystemPlaces Systemd(const std::string& script) {
  return {"/", {"/bin/sh", "-c", script}};
}

TEST(SystemState, IsWhatSystemctlSays) {
  EXPECT_EQ(AskSystemState(Systemd("echo stopping; exit 1")), SystemState::kGoingDown);
  EXPECT_EQ(AskSystemState(Systemd("echo running")), SystemState::kStaysUp);
  EXPECT_EQ(AskSystemState(Systemd("echo degraded; exit 1")), SystemState::kStaysUp);
  EXPECT_EQ(AskSystemState(Systemd("echo offline; exit 1")), SystemState::kUnknown);
  EXPECT_EQ(AskSystemState(Systemd("exit 1")), SystemState::kUnknown);
  EXPECT_EQ(AskSystemState({"/", {"/no/systemctl"}}), SystemState::kUnknown);
}

TEST(SystemState, WithoutSystemdItIsTheRunLevel) {
  const SystemPlaces sysv{"/no/such/directory", {}};
  setenv("RUNLEVEL", "6", 1);
  EXPECT_EQ(AskSystemState(sysv), SystemState::kGoingDown);
  setenv("RUNLEVEL", "2", 1);
  EXPECT_EQ(AskSystemState(sysv), SystemState::kStaysUp);
  unsetenv("RUNLEVEL");
}

}  // namespace
}  // namespace rollcall::app
