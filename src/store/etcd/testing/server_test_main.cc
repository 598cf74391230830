// These tests need etcd's program.  Without it they are skipped, which says so with
// its reason; ROLLCALL_ETCD_REQUIRED=1 turns that into a failure.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "store/etcd/testing/etcd_process.h"

namespace {

using rollcall::store::etcd::testing::FindProgram;

// 77 is ctest's SKIP_RETURN_CODE here.
constexpr int kSkipped = 77;

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (!::testing::GTEST_FLAG(list_tests) &&
      (FindProgram("etcd").empty() || FindProgram("etcdctl").empty())) {
    std::fputs("SKIPPED: no etcd and etcdctl on PATH or at ROLLCALL_ETCD\n", stderr);
    return std::getenv("ROLLCALL_ETCD_REQUIRED") != nullptr ? 1 : kSkipped;
  }
  return RUN_ALL_TESTS();
}
