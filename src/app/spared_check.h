// Looks through the embedded store's file before it is opened.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace rollcall::app {

// `rollcall store check` on a directory, under way; at any time.
class SparedCheck {
 public:
  // `check`: the command, for tests.
  explicit SparedCheck(std::string directory,
                       std::vector<std::string> check = {"/proc/self/exe", "store", "check"});
  SparedCheck(SparedCheck&& other) noexcept;
  SparedCheck& operator=(SparedCheck&&) = delete;
  ~SparedCheck();  // waits, if nobody did

  // Once.  kInternal: the file is damaged so that reading it kills.  What else may be wrong shows
  // when the store is opened.
  [[nodiscard]] Result<void> Await();

 private:
  std::string directory_;
  int output_;
  std::optional<Result<pid_t>> child_;  // none: waited for
};

}  // namespace rollcall::app
