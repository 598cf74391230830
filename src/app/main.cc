#include <absl/synchronization/mutex.h>
#include <malloc.h>

#include "app/cli.h"
#include "app/standard_files.h"

int main(int argc, char** argv) {
  rollcall::app::OpenStandardFiles();
  // Both for the sake of what gRPC does with each call, a tenth of a put's CPU together
  // (bench store).  Its locks are Abseil's, which in Debian's build look for circles among
  // those that are held; and its threads allocate and free around the edge of glibc's
  // arenas, which then grow and shrink by system calls.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  (void)mallopt(M_TOP_PAD, 4 << 20);
  (void)mallopt(M_TRIM_THRESHOLD, 16 << 20);
  return rollcall::app::Main(argc, argv);
}
