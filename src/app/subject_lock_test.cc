#include "app/subject_lock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

namespace rollcall::app {
namespace {

namespace fs = std::filesystem;

class SubjectLockTest : public ::testing::Test {
 public:
  ~SubjectLockTest() override { fs::remove_all(directory_); }

 protected:
  static fs::path Make() {
    char name[] = "/tmp/rollcall-lock-XXXXXX";
    return mkdtemp(name);
  }
  fs::path directory_ = Make();
};

TEST_F(SubjectLockTest, OneSubjectIsHeldAndOthersAreFree) {
  {
    const auto held = SubjectLock::Wait(directory_, ~0ULL);
    EXPECT_FALSE(SubjectLock::Try(directory_, ~0ULL));
    EXPECT_TRUE(SubjectLock::Try(directory_, 0));
    EXPECT_FALSE(SubjectLock::Try(directory_, ~0ULL)) << "the end of another one changes nothing";
  }
  EXPECT_TRUE(SubjectLock::Try(directory_, ~0ULL));
  EXPECT_TRUE(fs::is_empty(directory_)) << "no file is left";
}

TEST_F(SubjectLockTest, OneAtATimeHoldsASubjectHoweverTheFileComesAndGoes) {
  std::atomic<int> inside = 0;
  std::atomic<bool> alone = true;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int turn = 0; turn < 500; ++turn) {
          const auto held = SubjectLock::Wait(directory_, 7);
          if (inside.fetch_add(1) != 0) alone = false;
          inside.fetch_sub(1);
        }
      });
    }
  }
  EXPECT_TRUE(alone);
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(SubjectLockTest, WithoutADirectoryThereIsNothingToHold) {
  EXPECT_TRUE(SubjectLock::Try(directory_ / "none", 1));
  EXPECT_FALSE(fs::exists(directory_ / "none"));
}

}  // namespace
}  // namespace rollcall::app
